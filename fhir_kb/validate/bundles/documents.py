"""What a document's Composition refers to is in the bundle: http://hl7.org/fhir/documents.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.bundles.entry_references import (
    ReferencedEntries,
    check_reference,
    references_at,
)
from fhir_kb.validate.core.issue import Finding, under
from fhir_kb.validate.core.json_values import objects
from fhir_kb.validate.finding_codes import NOT_IN_DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.validate.core.issue import Pointer

#: The elements whose references have to lead to entries, of the Composition and its sections.
_OF_COMPOSITION: Final = (
    ("subject",), ("encounter",), ("author",), ("attester", "party"), ("custodian",),
    ("event", "detail"), ("event", "detail", "reference"),
)  # fmt: skip
_OF_SECTION: Final = (("author",), ("focus",), ("entry",))
_MAX_SECTIONS: Final = 100


def check_document(entries: list[Any]) -> list[Finding]:
    """References of the first entry's Composition that do not lead to exactly one entry."""
    first = entries[0] if entries and isinstance(entries[0], dict) else {}
    composition = first.get("resource")
    if not isinstance(composition, dict) or composition.get("resourceType") != "Composition":
        return []
    resolver = ReferencedEntries(entries, first)
    findings: list[Finding] = []
    for path, reference in _references(composition):
        more = check_reference(reference, resolver, NOT_IN_DOCUMENT)
        findings += under(more, "entry", 0, "resource", *path)
    return findings


def _references(composition: Mapping[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """The references that have to lead to entries: (path, reference)."""
    for names in _OF_COMPOSITION:
        yield from references_at(composition, names, ())
    todo: list[tuple[Mapping[str, Any], Pointer]] = [(composition, ())]
    for _ in range(_MAX_SECTIONS):
        if not todo:
            return
        owner, path = todo.pop()
        for index, section in objects(owner, "section"):
            section_path = (*path, "section", index)
            for names in _OF_SECTION:
                yield from references_at(section, names, section_path)
            todo.append((section, section_path))
