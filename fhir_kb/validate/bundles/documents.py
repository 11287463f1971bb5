"""What a document's Composition refers to is in the bundle: http://hl7.org/fhir/documents.html."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.codes import NOT_IN_DOCUMENT
from fhir_kb.validate.core.issue import Finding, quoted, report, under
from fhir_kb.validate.core.json_values import objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.validate.core.issue import Pointer

_RESTFUL = re.compile(r"(\S+?)/?([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})")
_HISTORY = re.compile(r"/_history/([A-Za-z0-9\-.]{1,64})$")
#: What has to be in the bundle, from the Composition or one of its sections on.
_OF_COMPOSITION: Final = (
    ("subject",), ("encounter",), ("author",), ("attester", "party"), ("custodian",),
    ("event", "detail"), ("event", "detail", "reference"),
)  # fmt: skip
_OF_SECTION: Final = (("author",), ("focus",), ("entry",))
_MAX_SECTIONS: Final = 100


class _Entries:
    """The resources of a document by what references can call them, each with all that it means."""

    def __init__(self, entries: list[Any], first: Mapping[str, Any]) -> None:
        url = str(first.get("fullUrl", ""))
        base = _RESTFUL.fullmatch(url)
        self._base = base[1] if base else None
        #: Whether a relative reference means nothing here.
        self._is_closed = url.startswith("urn:")
        self._by_url: dict[str, list[Mapping[str, Any]]] = {}
        self._by_place: dict[str, list[Mapping[str, Any]]] = {}
        for entry in entries:
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(resource, dict):
                place = f"{resource.get('resourceType')}/{resource.get('id')}"
                self._by_place.setdefault(place, []).append(resource)
                self._by_url.setdefault(str(entry.get("fullUrl", "")), []).append(resource)

    def meant(self, reference: str) -> list[Mapping[str, Any]]:
        """The resources that a reference of the Composition leads to."""
        version = _HISTORY.search(reference)
        plain = reference[: version.start()] if version else reference
        if ":" in plain:
            found = self._by_url.get(plain, [])
        elif self._is_closed:
            found = []
        elif self._base is not None:
            found = self._by_url.get(f"{self._base}/{plain}", [])
        else:
            # Without a base there is only the entry's own type and id to go by.
            found = self._by_place.get(plain, [])
        return found if version is None else [one for one in found if _version(one) == version[1]]


def _version(resource: Mapping[str, Any]) -> Any:
    meta = resource.get("meta")
    return meta.get("versionId") if isinstance(meta, dict) else None


def check_document(entries: list[Any]) -> list[Finding]:
    """References of the first entry's Composition that do not lead to just one entry."""
    first = entries[0] if entries and isinstance(entries[0], dict) else {}
    composition = first.get("resource")
    if not isinstance(composition, dict) or composition.get("resourceType") != "Composition":
        return []
    known = _Entries(entries, first)
    found: list[Finding] = []
    for way, reference in _references(composition):
        found += under(_look(reference, known), "entry", 0, "resource", *way)
    return found


def _look(reference: str, entries: _Entries) -> list[Finding]:
    count = len(entries.meant(reference))
    if count == 1:
        return []
    if count:
        return report(
            NOT_IN_DOCUMENT,
            f"{quoted(reference)} leads to {count} entries",
            "name the version: …/_history/1",
            "BUNDLE_BUNDLE_ENTRY_FOUND_MULTIPLE",
        )
    return report(NOT_IN_DOCUMENT, f"{quoted(reference)} leads to no entry of the document")


def _references(composition: Mapping[str, Any]) -> Iterator[tuple[Pointer, str]]:
    for path in _OF_COMPOSITION:
        yield from _at(composition, path, ())
    todo: list[tuple[Mapping[str, Any], Pointer]] = [(composition, ())]
    for _ in range(_MAX_SECTIONS):
        if not todo:
            return
        owner, way = todo.pop()
        for index, section in objects(owner, "section"):
            here = (*way, "section", index)
            for path in _OF_SECTION:
                yield from _at(section, path, here)
            todo.append((section, here))


def _at(
    value: Mapping[str, Any], path: tuple[str, ...], way: Pointer
) -> Iterator[tuple[Pointer, str]]:
    """The references at a path, each with the steps to it."""
    name, *rest = path
    inner = value.get(name)
    is_list = isinstance(inner, list)
    for index, one in enumerate(inner if isinstance(inner, list) else (inner,)):
        if isinstance(one, dict):
            here = (*way, name, index) if is_list else (*way, name)
            if rest:
                yield from _at(one, tuple(rest), here)
            elif isinstance(reference := one.get("reference"), str) and reference[:1] != "#":
                yield here, reference
