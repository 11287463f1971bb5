"""What holds for the entries of a bundle as a whole: http://hl7.org/fhir/bundle.html."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.fhir.documents import check_document
from fhir_kb.validate.fhir.issue import Finding, below, fail, shown
from fhir_kb.validate.fhir.kinds_content import FIRST_ENTRY, FULL_URL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.validate.fhir.issue import Findings

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_RESTFUL = re.compile(r"https?://\S+/([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
_FIRST: Final = {"document": "Composition", "message": "MessageHeader"}


def check_bundle(bundle: Mapping[str, Any]) -> Findings:
    """What is wrong between a bundle's entries and their urls, and with its first entry."""
    entries = bundle.get("entry")
    kind = bundle.get("type")
    found: list[Finding] = []
    if isinstance(entries, list):
        for index, entry in enumerate(entries):
            if isinstance(entry, dict) and (bad := _entry(entry)):
                found += below(below(bad, index, f"[{index}]"), "entry", ".entry")
    if isinstance(kind, str) and kind in _FIRST:
        found += _first(entries if isinstance(entries, list) else [], _FIRST[kind], kind)
        if kind == "document" and isinstance(entries, list):
            found += check_document(entries)
    return found or None


def _entry(entry: Mapping[str, Any]) -> list[Finding]:
    full_url = entry.get("fullUrl")
    resource = entry.get("resource")
    if not isinstance(full_url, str) or not full_url:
        return []
    if not _ABSOLUTE.fullmatch(full_url):
        return fail(
            FULL_URL,
            f"the fullUrl {shown(full_url)} is not absolute",
            "an absolute url, or urn:uuid:",
        )
    restful = _RESTFUL.fullmatch(full_url)
    if restful is None or not isinstance(resource, dict):
        return []
    return _same_identity(full_url, restful, resource)


def _same_identity(
    full_url: str, restful: re.Match[str], resource: Mapping[str, Any]
) -> list[Finding]:
    type_name, name = resource.get("resourceType"), resource.get("id")
    if type_name == restful[1] and name is None:
        return fail(
            FULL_URL,
            f"the fullUrl {shown(full_url)} names an id, and its resource has none",
            "give the resource its id, or the entry a urn:uuid: as fullUrl",
            "BUNDLE_ENTRY_URL_MATCHES_NO_ID",
        )
    if type_name == restful[1] and isinstance(name, str) and name != restful[2]:
        return fail(
            FULL_URL,
            f"the fullUrl {shown(full_url)} does not end with /{type_name}/{name}, "
            "the type and id of its resource",
            message_id="BUNDLE_ENTRY_URL_MATCHES_TYPE_ID",
        )
    return []


def _first(entries: list[Any], type_name: str, kind: str) -> list[Finding]:
    first = entries[0] if entries else None
    resource = first.get("resource") if isinstance(first, dict) else None
    if isinstance(resource, dict):
        if resource.get("resourceType") == type_name:
            return []
        found = fail(
            FIRST_ENTRY,
            f"the first entry of a {kind} is a {type_name}, not a {resource.get('resourceType')}",
        )
        return below(below(found, 0, "[0]"), "entry", ".entry")
    return fail(
        FIRST_ENTRY,
        f"a {kind} begins with a {type_name}, and this one has no first resource",
        message_id="Bundle_BUNDLE_Entry_NoFirst",
    )
