"""Links of a bundle, and whether all entries of a document or message belong to it.

http://hl7.org/fhir/bundle.html#bundle-unique, http://hl7.org/fhir/documents.html#content
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import Finding, quoted, report, under
from fhir_kb.validate.core.json_values import objects, walk
from fhir_kb.validate.finding_codes import (
    BUNDLE_LINK,
    NOT_REACHED,
    NOT_REACHED_IN_MESSAGE,
    OTHER_TYPE_IN_BUNDLE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.validate.core.issue import Pointer

_RESTFUL = re.compile(r"(\S+?)/([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})")
_MAX_DEPTH: Final = 100
_SEARCH_RELATIONS: Final = frozenset({"first", "previous", "next", "last"})


def check_links(bundle: Mapping[str, Any]) -> list[Finding]:
    """Links that documents and messages cannot have, and stylesheets that are missing."""
    links = bundle.get("link")
    if not isinstance(links, list) or bundle.get("type") not in ("document", "message"):
        return []
    findings: list[Finding] = []
    self_links = 0
    for index, link in enumerate(links):
        relation = link.get("relation") if isinstance(link, dict) else None
        self_links += relation == "self"
        if isinstance(relation, str) and relation in _SEARCH_RELATIONS:
            more = report(BUNDLE_LINK, f"the link '{relation}' is for the results of searches")
            findings += under(more, "link", index, "relation")
        elif relation == "self" and self_links > 1:
            message_id = "BUNDLE_LINK_SEARCH_NO_DUPLICATES"
            more = report(BUNDLE_LINK, "there is more than one link 'self'", None, message_id)
            findings += under(more, "link", index, "relation")
        elif relation == "stylesheet" and _is_missing(bundle, link.get("url")):
            message = f"the stylesheet {quoted(link.get('url'))} is not in the bundle"
            more = report(BUNDLE_LINK, message, None, "BUNDLE_LINK_STYELSHEET_NOT_FOUND")
            findings += under(more, "link", index, "url")
    return findings


def _is_missing(bundle: Mapping[str, Any], url: object) -> bool:
    """Whether the relative url of a document's stylesheet is that of no entry."""
    if bundle.get("type") != "document" or not isinstance(url, str) or "://" in url:
        return False
    return url not in map(_type_and_id, _entries(bundle))


def _stylesheets(bundle: Mapping[str, Any]) -> Iterator[str]:
    """The stylesheets that a document names; they belong to it."""
    for _, link in objects(bundle, "link"):
        if link.get("relation") == "stylesheet":
            yield str(link.get("url"))


def _type_and_id(entry: Mapping[str, Any]) -> str:
    """Type/id of an entry's resource."""
    resource = entry.get("resource")
    content = resource if isinstance(resource, dict) else {}
    return f"{content.get('resourceType')}/{content.get('id')}"


def check_reachable(bundle: Mapping[str, Any]) -> list[Finding]:
    """Entries that are not connected with the first entry by references, in either direction."""
    bundle_type = bundle.get("type")
    entries = list(_entries(bundle))
    if bundle_type not in ("document", "message") or len(entries) < 2:
        return []
    is_document = bundle_type == "document"
    reachable = _reachable(entries, frozenset(_stylesheets(bundle)))
    findings: list[Finding] = []
    for index, entry in enumerate(entries):
        if index in reachable or not isinstance(entry.get("resource"), dict):
            continue
        first = "Composition" if is_document else "MessageHeader"
        message = f"no chain of references connects the {first} with {quoted(_label(entry))}"
        more = report(NOT_REACHED if is_document else NOT_REACHED_IN_MESSAGE, message)
        findings += under(more, "entry", index)
    return findings


def check_types(bundle: Mapping[str, Any]) -> list[Finding]:
    """References by type and id whose id is that of an entry's urn:uuid of another type."""
    types = {
        str(entry.get("fullUrl"))[9:]: resource.get("resourceType")
        for entry in _entries(bundle)
        if str(entry.get("fullUrl")).startswith("urn:uuid:")
        and isinstance(resource := entry.get("resource"), dict)
    }
    findings: list[Finding] = []
    for index, entry in enumerate(_entries(bundle) if types else ()):
        for path, reference in _references(entry.get("resource"), (), 0):
            type_name, _, resource_id = reference.rpartition("/")
            entry_type = types.get(resource_id)
            if entry_type is None or not type_name.isalpha() or entry_type == type_name:
                continue
            message = f"{quoted(reference)} is a {entry_type} in the bundle"
            more = report(OTHER_TYPE_IN_BUNDLE, message)
            findings += under(more, "entry", index, "resource", *path)
    return findings


def _references(value: Any, path: Pointer, depth: int) -> Iterator[tuple[Pointer, str]]:
    """All references in a resource: (path, reference)."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _references(item, (*path, index), depth + 1)
    elif isinstance(value, dict):
        if isinstance(reference := value.get("reference"), str):
            yield path, reference
        for name, inner in value.items():
            if isinstance(inner, dict | list):
                yield from _references(inner, (*path, name), depth + 1)


def _reachable(entries: list[Mapping[str, Any]], stylesheets: frozenset[str]) -> set[int]:
    """The indices of the entries that are connected with the first one, or are stylesheets."""
    by_reference = _by_reference(entries)
    neighbours: list[set[int]] = [set() for _ in entries]
    for index, entry in enumerate(entries):
        base = _base(entry)
        for name, value in walk(entry.get("resource")):
            if name != "reference" or not isinstance(value, str):
                continue
            for target in by_reference.get(_absolute(value, base), ()):
                neighbours[index].add(target)
                neighbours[target].add(index)
    reachable: set[int] = set()
    styles = [index for index, entry in enumerate(entries) if _type_and_id(entry) in stylesheets]
    todo = [0, *styles]
    while todo:
        index = todo.pop()
        if index not in reachable:
            reachable.add(index)
            todo += neighbours[index]
    return reachable


def _by_reference(entries: list[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Reference -> the indices of the entries that it leads to."""
    indices: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        full_url, resource = entry.get("fullUrl"), entry.get("resource")
        if isinstance(full_url, str):
            indices.setdefault(full_url, []).append(index)
        if isinstance(resource, dict) and _base(entry) is None:
            indices.setdefault(_type_and_id(entry), []).append(index)
    return indices


def _base(entry: Mapping[str, Any]) -> str | None:
    """The base of an entry's relative references.

    Returns:
        "" for an entry with a urn, whose relative references lead nowhere; None where only the
        types and ids of entries can match.
    """
    full_url = entry.get("fullUrl")
    if not isinstance(full_url, str):
        return None
    if full_url.startswith("urn:"):
        return ""
    restful = _RESTFUL.fullmatch(full_url)
    return restful[1] if restful else None


def _absolute(reference: str, base: str | None) -> str:
    plain = reference.partition("/_history/")[0].partition("#")[0]
    return f"{base}/{plain}" if base and ":" not in plain else plain


def _label(entry: Mapping[str, Any]) -> str:
    resource = entry.get("resource")
    type_name = f"{resource.get('resourceType')}" if isinstance(resource, dict) else "the entry"
    return str(entry.get("fullUrl") or type_name)


def _entries(bundle: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All entries; what is no object counts as an empty one."""
    listed = bundle.get("entry")
    for entry in listed if isinstance(listed, list) else ():
        yield entry if isinstance(entry, dict) else {}
