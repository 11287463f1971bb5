"""The search parameters of the model server: https://hl7.org/fhir/search.html, as far as needed."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_store import Version

NAMES = ("_id", "_lastUpdated", "identifier", "status", "url", "version")
CONTROLS = {"_count", "_elements", "_summary", "_format", "_total", "_offset"}
_UNESCAPED_COMMA = re.compile(r"(?<!\\),")


def unknown(query: Sequence[tuple[str, str]]) -> list[str]:
    """Names that cannot be searched for."""
    asked = {name for name, _ in query}
    return sorted(asked - CONTROLS - set(NAMES) - {"url:below"})


def matches(one: Version, query: Sequence[tuple[str, str]]) -> bool:
    """Whether a resource is found: each parameter has to hold, by one of its values."""
    return all(
        any(_fits(one, name, value) for value in values_of(text))
        for name, text in query
        if name not in CONTROLS
    )


def values_of(text: str) -> list[str]:
    """The values of a parameter, parted by commas that are not escaped."""
    return [re.sub(r"\\([\\,$|])", r"\1", one) for one in _UNESCAPED_COMMA.split(text)]


def _fits(one: Version, name: str, value: str) -> bool:
    resource = one.resource or {}
    match name:
        case "_id":
            return one.key[1] == value
        case "url" | "version" | "status":
            return bool(resource.get(name) == value)
        case "url:below":
            url = str(resource.get("url", ""))
            return url == value or url.startswith(value.rstrip("/") + "/")
        case "identifier":
            return _has_identifier(resource, value)
        case "_lastUpdated":
            return _compares(one.updated, value)
    return False


def _has_identifier(resource: dict[str, Any], value: str) -> bool:
    found = resource.get("identifier") or []
    system, bar, number = value.rpartition("|")
    return any(
        str(each.get("value", "")) == number and (not bar or str(each.get("system", "")) == system)
        for each in (found if isinstance(found, list) else [found])
    )


def _compares(updated: str, value: str) -> bool:
    prefix, text = (value[:2], value[2:]) if value[:2].isalpha() else ("eq", value)
    here, there = datetime.fromisoformat(updated), datetime.fromisoformat(text)
    return {
        "ge": here >= there, "gt": here > there, "le": here <= there, "lt": here < there,
        "eq": here == there,
    }[prefix]  # fmt: skip


def subset(resource: dict[str, Any], elements: str) -> dict[str, Any]:
    """Only these elements, marked as that."""
    if not elements:
        return resource
    wished = {"resourceType", "id", "meta", *elements.split(",")}
    found = {name: value for name, value in resource.items() if name in wished}
    tag = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
           "code": "SUBSETTED"}  # fmt: skip
    return {**found, "meta": {**resource["meta"], "tag": [tag]}}
