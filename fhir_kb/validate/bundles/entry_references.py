"""Which entries the references of a document's or message's first resource lead to.

http://hl7.org/fhir/bundle.html#references
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import Finding, quoted, report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.diagnostics import FindingCode
    from fhir_kb.validate.core.issue import Pointer

_RESTFUL: Final = re.compile(r"(\S+?)/?([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})")
_HISTORY: Final = re.compile(r"/_history/([A-Za-z0-9\-.]{1,64})$")
_CONDITIONAL: Final = re.compile(r"[^:?]*\?")


class ReferencedEntries:
    """The resources of a bundle's entries, by what references may call them."""

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
        """The resources that a reference of the first resource leads to."""
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


def check_reference(reference: str, entries: ReferencedEntries, code: FindingCode) -> list[Finding]:
    """A finding where a reference does not lead to exactly one entry.

    Conditional references ("Patient?identifier=1") are reported where references are checked.

    Args:
        reference: The reference.
        entries: The entries that it may lead to.
        code: The code of the finding.
    """
    if _CONDITIONAL.match(reference):
        return []
    count = len(entries.resolve(reference))
    if count == 1:
        return []
    if count:
        return report(
            code,
            f"{quoted(reference)} matches {count} entries",
            "name the version: …/_history/1",
            "BUNDLE_BUNDLE_ENTRY_FOUND_MULTIPLE",
        )
    return report(code, f"{quoted(reference)} matches no entry of the bundle")


def references_at(
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
                yield from references_at(item, tuple(rest), item_path)
            elif isinstance(reference := item.get("reference"), str) and reference[:1] != "#":
                yield item_path, reference
