"""Ids of elements: http://hl7.org/fhir/element.html#id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.codes import DUPLICATE_ID
from fhir_kb.validate.core.issue import quoted, report, under

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Finding, Findings

_DEEPEST: Final = 200


def check_ids(value: Mapping[str, Any], _context: Context) -> Findings:
    """The elements whose id another element of the resource has already."""
    found: list[Finding] = []
    seen: set[str] = set()
    for name, way in _ids(value, ()):
        if name in seen:
            found += under(report(DUPLICATE_ID, f"the id {quoted(name)} is that of another"), *way)
        seen.add(name)
    return found or None


def _ids(
    value: Mapping[str, Any], way: tuple[str | int, ...]
) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    for key, inner in value.items():
        listed = inner if isinstance(inner, list) else (inner,)
        for number, one in enumerate(listed):
            if not isinstance(one, dict) or "resourceType" in one or len(way) > _DEEPEST:
                continue
            here = (*way, key, number) if listed is inner else (*way, key)
            if isinstance(one.get("id"), str):
                yield one["id"], here
            yield from _ids(one, here)
