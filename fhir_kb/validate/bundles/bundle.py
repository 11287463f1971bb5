"""Bundles: their entries, URLs and links: http://hl7.org/fhir/bundle.html."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.model.fhir_release import BY_VERSION
from fhir_kb.validate.bundles.documents import check_document
from fhir_kb.validate.bundles.links import check_links, check_reachable, check_types
from fhir_kb.validate.bundles.messages import check_message
from fhir_kb.validate.bundles.searchsets import check_search_set
from fhir_kb.validate.core.issue import Finding, quoted, report, under
from fhir_kb.validate.finding_codes import FIRST_ENTRY, FULL_URL, NO_FULL_URL

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.issue import Findings

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+")
_RESTFUL = re.compile(r"https?://\S+/([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
_WITHOUT_URLS: Final = frozenset(
    {"transaction", "transaction-response", "batch", "batch-response", "None"}
)
_FIRST_TYPES: Final = {"document": "Composition", "message": "MessageHeader"}


def check_bundle(bundle: Mapping[str, Any], definitions: Definitions) -> Findings:
    """Whether a bundle's entries, their URLs and its first entry fit together."""
    resource_types = definitions.resource_types
    release = BY_VERSION[definitions.fhir_version]
    entries = bundle.get("entry")
    bundle_type = bundle.get("type")
    findings: list[Finding] = [*check_links(bundle), *check_reachable(bundle)]
    if release.resolves_ids_in_bundles:
        findings += check_types(bundle)
    if isinstance(entries, list):
        for index, entry in enumerate(entries):
            if isinstance(entry, dict):
                more = _check_entry(entry, str(bundle_type), resource_types)
                findings += under(more, "entry", index)
    if bundle_type == "searchset":
        findings += check_search_set(bundle, resource_types)
    if isinstance(bundle_type, str) and bundle_type in _FIRST_TYPES:
        listed = entries if isinstance(entries, list) else []
        findings += _check_first(listed, _FIRST_TYPES[bundle_type], bundle_type)
        findings += check_document(listed) if bundle_type == "document" else check_message(listed)
    return findings or None


def _check_entry(
    entry: Mapping[str, Any], bundle_type: str, resource_types: Container[str]
) -> list[Finding]:
    full_url = entry.get("fullUrl")
    resource = entry.get("resource")
    if full_url is None and bundle_type not in _WITHOUT_URLS and "_fullUrl" not in entry:
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
    return _check_identity(full_url, restful, resource, resource_types)


def _check_identity(
    full_url: str,
    restful: re.Match[str],
    resource: Mapping[str, Any],
    resource_types: Container[str],
) -> list[Finding]:
    type_name, resource_id = resource.get("resourceType"), resource.get("id")
    if type_name == restful[1] and resource_id is None:
        return report(
            FULL_URL,
            f"the fullUrl {quoted(full_url)} names an id, and its resource has none",
            "give the resource its id, or the entry a urn:uuid: as fullUrl",
            "BUNDLE_ENTRY_URL_MATCHES_NO_ID",
        )
    if not isinstance(type_name, str) or not isinstance(resource_id, str):
        return []
    is_other = type_name != restful[1] or resource_id != restful[2]
    if restful[1] in resource_types and type_name in resource_types and is_other:
        return report(
            FULL_URL,
            f"the fullUrl {quoted(full_url)} does not end with /{type_name}/{resource_id}, "
            "the type and id of its resource",
            message_id="BUNDLE_ENTRY_URL_MATCHES_TYPE_ID",
        )
    return []


def _check_first(entries: list[Any], type_name: str, bundle_type: str) -> list[Finding]:
    first = entries[0] if entries else None
    resource = first.get("resource") if isinstance(first, dict) else None
    if isinstance(resource, dict):
        if resource.get("resourceType") == type_name:
            return []
        other = resource.get("resourceType")
        message = f"the first entry of a {bundle_type} is a {type_name}, not a {other}"
        return under(report(FIRST_ENTRY, message), "entry", 0)
    return report(
        FIRST_ENTRY,
        f"a {bundle_type} begins with a {type_name}, and this one has no first resource",
        message_id="Bundle_BUNDLE_Entry_NoFirst",
    )
