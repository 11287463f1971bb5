"""What a document's Composition refers to is in the bundle: http://hl7.org/fhir/documents.html."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import Finding, quoted, report, under
from fhir_kb.validate.core.json_values import objects
from fhir_kb.validate.finding_codes import NOT_IN_DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.validate.core.issue import Pointer

_RESTFUL = re.compile(r"(\S+?)/?([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})")
_HISTORY = re.compile(r"/_history/([A-Za-z0-9\-.]{1,64})$")
#: The elements whose references have to lead to entries, of the Composition and its sections.
_OF_COMPOSITION: Final = (
    ("subject",), ("encounter",), ("author",), ("attester", "party"), ("custodian",),
    ("event", "detail"), ("event", "detail", "reference"),
)  # fmt: skip
_OF_SECTION: Final = (("author",), ("focus",), ("entry",))
_MAX_SECTIONS: Final = 100


class _Entries:
    """The resources of a document's entries, by what references may call them."""

    def __init__(self, entries: list[Any], first: Mapping[str, Any]) -> None:
        url = str(first.get("fullUrl", ""))
        base = _RESTFUL.fullmatch(url)
        self._base = base[1] if base else None
        self._has_urn = url.startswith("urn:")
        self._by_url: dict[str, list[Mapping[str, Any]]] = {}
        self._by_type_and_id: dict[str, list[Mapping[str, Any]]] = {}
        for entry in entries:
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if isinstance(resource, dict):
                type_and_id = f"{resource.get('resourceType')}/{resource.get('id')}"
                self._by_type_and_id.setdefault(type_and_id, []).append(resource)
                self._by_url.setdefault(str(entry.get("fullUrl", "")), []).append(resource)

    def resolve(self, reference: str) -> list[Mapping[str, Any]]:
        """The resources that a reference of the Composition leads to."""
        version = _HISTORY.search(reference)
        plain = reference[: version.start()] if version else reference
        if ":" in plain:
            resources = self._by_url.get(plain, [])
        elif self._has_urn:
            resources = []  # a relative reference has no base
        elif self._base is not None:
            resources = self._by_url.get(f"{self._base}/{plain}", [])
        else:
            # Without a base, only the entry's own type and id can match.
            resources = self._by_type_and_id.get(plain, [])
        if version is None:
            return resources
        return [resource for resource in resources if _version_id(resource) == version[1]]


def _version_id(resource: Mapping[str, Any]) -> Any:
    meta = resource.get("meta")
    return meta.get("versionId") if isinstance(meta, dict) else None


def check_document(entries: list[Any]) -> list[Finding]:
    """References of the first entry's Composition that do not lead to exactly one entry."""
    first = entries[0] if entries and isinstance(entries[0], dict) else {}
    composition = first.get("resource")
    if not isinstance(composition, dict) or composition.get("resourceType") != "Composition":
        return []
    resolver = _Entries(entries, first)
    findings: list[Finding] = []
    for path, reference in _references(composition):
        more = _check_reference(reference, resolver)
        findings += under(more, "entry", 0, "resource", *path)
    return findings


def _check_reference(reference: str, entries: _Entries) -> list[Finding]:
    count = len(entries.resolve(reference))
    if count == 1:
        return []
    if count:
        return report(
            NOT_IN_DOCUMENT,
            f"{quoted(reference)} matches {count} entries",
            "name the version: …/_history/1",
            "BUNDLE_BUNDLE_ENTRY_FOUND_MULTIPLE",
        )
    return report(NOT_IN_DOCUMENT, f"{quoted(reference)} matches no entry of the document")


def _references(composition: Mapping[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """The references that have to lead to entries: (path, reference)."""
    for names in _OF_COMPOSITION:
        yield from _references_at(composition, names, ())
    todo: list[tuple[Mapping[str, Any], Pointer]] = [(composition, ())]
    for _ in range(_MAX_SECTIONS):
        if not todo:
            return
        owner, path = todo.pop()
        for index, section in objects(owner, "section"):
            section_path = (*path, "section", index)
            for names in _OF_SECTION:
                yield from _references_at(section, names, section_path)
            todo.append((section, section_path))


def _references_at(
    value: Mapping[str, Any], names: tuple[str, ...], path: Pointer
) -> Iterator[tuple[Pointer, str]]:
    """The references in nested properties of these names: (path, reference)."""
    name, *rest = names
    inner = value.get(name)
    is_list = isinstance(inner, list)
    for index, item in enumerate(inner if isinstance(inner, list) else (inner,)):
        if isinstance(item, dict):
            item_path = (*path, name, index) if is_list else (*path, name)
            if rest:
                yield from _references_at(item, tuple(rest), item_path)
            elif isinstance(reference := item.get("reference"), str) and reference[:1] != "#":
                yield item_path, reference
