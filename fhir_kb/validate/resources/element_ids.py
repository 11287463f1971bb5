"""Ids of elements: http://hl7.org/fhir/element.html#id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import quoted, report, under
from fhir_kb.validate.finding_codes import DUPLICATE_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Finding, Findings

_MAX_DEPTH: Final = 200


def check_element_ids(value: Mapping[str, Any], _context: Context) -> Findings:
    """Elements with an id that another element of the resource has already."""
    findings: list[Finding] = []
    ids: set[str] = set()
    for element_id, path in _ids(value, ()):
        if element_id in ids:
            message = f"the id {quoted(element_id)} is that of another"
            findings += under(report(DUPLICATE_ID, message), *path)
        ids.add(element_id)
    return findings or None


def _ids(
    value: Mapping[str, Any], path: tuple[str | int, ...]
) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    for key, inner in value.items():
        listed = inner if isinstance(inner, list) else (inner,)
        for number, item in enumerate(listed):
            if not isinstance(item, dict) or "resourceType" in item or len(path) > _MAX_DEPTH:
                continue
            item_path = (*path, key, number) if listed is inner else (*path, key)
            if isinstance(item.get("id"), str):
                yield item["id"], item_path
            yield from _ids(item, item_path)
