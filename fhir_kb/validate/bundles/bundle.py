"""What holds for the entries of a bundle as a whole: http://hl7.org/fhir/bundle.html."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.bundles.documents import check_document
from fhir_kb.validate.bundles.links import check_links, check_reached, check_types
from fhir_kb.validate.bundles.searchsets import check_search_set
from fhir_kb.validate.codes import FIRST_ENTRY, FULL_URL, NO_FULL_URL
from fhir_kb.validate.core.issue import Finding, quoted, report, under

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.issue import Findings

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_RESTFUL = re.compile(r"https?://\S+/([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
_WITHOUT_URLS: Final = frozenset(
    {"transaction", "transaction-response", "batch", "batch-response", "None"}
)
_FIRST: Final = {"document": "Composition", "message": "MessageHeader"}


def check_bundle(bundle: Mapping[str, Any], definitions: Definitions) -> Findings:
    """What is wrong between a bundle's entries and their urls, and with its first entry."""
    types = definitions.resource_types
    entries = bundle.get("entry")
    kind = bundle.get("type")
    found: list[Finding] = [
        *check_links(bundle),
        *check_reached(bundle),
        # In R5, an id alone never leads to an entry with a urn.
        *(check_types(bundle) if definitions.fhir_version < "5" else ()),
    ]
    if isinstance(entries, list):
        for index, entry in enumerate(entries):
            if isinstance(entry, dict) and (bad := _entry(entry, str(kind), types)):
                found += under(bad, "entry", index)
    if kind == "searchset":
        found += check_search_set(bundle, types)
    if isinstance(kind, str) and kind in _FIRST:
        found += _first(entries if isinstance(entries, list) else [], _FIRST[kind], kind)
        if kind == "document" and isinstance(entries, list):
            found += check_document(entries)
    return found or None


def _entry(entry: Mapping[str, Any], kind: str, types: Container[str]) -> list[Finding]:
    full_url = entry.get("fullUrl")
    resource = entry.get("resource")
    if full_url is None and kind not in _WITHOUT_URLS and "_fullUrl" not in entry:
        return report(NO_FULL_URL, "the entry has no 'fullUrl'", "give it that of its resource")
    if not isinstance(full_url, str) or not full_url:
        return []
    if not _ABSOLUTE.fullmatch(full_url):
        return report(
            FULL_URL,
            f"the fullUrl {quoted(full_url)} is not absolute",
            "an absolute url, or urn:uuid:",
        )
    restful = _RESTFUL.fullmatch(full_url)
    if restful is None or not isinstance(resource, dict):
        return []
    return _same_identity(full_url, restful, resource, types)


def _same_identity(
    full_url: str, restful: re.Match[str], resource: Mapping[str, Any], types: Container[str]
) -> list[Finding]:
    type_name, name = resource.get("resourceType"), resource.get("id")
    if type_name == restful[1] and name is None:
        return report(
            FULL_URL,
            f"the fullUrl {quoted(full_url)} names an id, and its resource has none",
            "give the resource its id, or the entry a urn:uuid: as fullUrl",
            "BUNDLE_ENTRY_URL_MATCHES_NO_ID",
        )
    if not isinstance(type_name, str) or not isinstance(name, str):
        return []
    is_other = type_name != restful[1] or name != restful[2]
    if restful[1] in types and type_name in types and is_other:
        return report(
            FULL_URL,
            f"the fullUrl {quoted(full_url)} does not end with /{type_name}/{name}, "
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
        found = report(
            FIRST_ENTRY,
            f"the first entry of a {kind} is a {type_name}, not a {resource.get('resourceType')}",
        )
        return under(found, "entry", 0)
    return report(
        FIRST_ENTRY,
        f"a {kind} begins with a {type_name}, and this one has no first resource",
        message_id="Bundle_BUNDLE_Entry_NoFirst",
    )
