"""Links of a bundle, and whether all entries of a document or message belong to it.

http://hl7.org/fhir/bundle.html#bundle-unique, http://hl7.org/fhir/documents.html#content
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.codes import (
    BUNDLE_LINK,
    NOT_REACHED,
    NOT_REACHED_IN_MESSAGE,
    OTHER_TYPE_IN_BUNDLE,
)
from fhir_kb.validate.core.issue import Finding, quoted, report, under
from fhir_kb.validate.core.json_values import walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.validate.core.issue import Pointer

_RESTFUL = re.compile(r"(\S+?)/([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})")
_MAX_DEPTH: Final = 100
_OF_SEARCHES: Final = frozenset({"first", "previous", "next", "last"})


def check_links(bundle: Mapping[str, Any]) -> list[Finding]:
    """What documents and messages must not say of other pages, and stylesheets that are missing."""
    links = bundle.get("link")
    if not isinstance(links, list) or bundle.get("type") not in ("document", "message"):
        return []
    found: list[Finding] = []
    selves = 0
    for index, one in enumerate(links):
        relation = one.get("relation") if isinstance(one, dict) else None
        selves += relation == "self"
        if isinstance(relation, str) and relation in _OF_SEARCHES:
            bad = report(BUNDLE_LINK, f"the link '{relation}' is for the results of searches")
            found += under(bad, "link", index, "relation")
        elif relation == "self" and selves > 1:
            message_id = "BUNDLE_LINK_SEARCH_NO_DUPLICATES"
            bad = report(BUNDLE_LINK, "there is more than one link 'self'", None, message_id)
            found += under(bad, "link", index, "relation")
        elif relation == "stylesheet" and _is_missing(bundle, one.get("url")):
            message = f"the stylesheet {quoted(one.get('url'))} is not in the bundle"
            bad = report(BUNDLE_LINK, message, None, "BUNDLE_LINK_STYELSHEET_NOT_FOUND")
            found += under(bad, "link", index, "url")
    return found


def _is_missing(bundle: Mapping[str, Any], url: object) -> bool:
    """Whether a relative url of a stylesheet is that of no entry of a document."""
    if bundle.get("type") != "document" or not isinstance(url, str) or "://" in url:
        return False
    return url not in map(_place, _entries(bundle))


def _styles(bundle: Mapping[str, Any]) -> Iterator[str]:
    """The stylesheets that a document names; they belong to it."""
    links = bundle.get("link")
    for one in links if isinstance(links, list) else ():
        if isinstance(one, dict) and one.get("relation") == "stylesheet":
            yield str(one.get("url"))


def _place(entry: Mapping[str, Any]) -> str:
    """Type/id of an entry's resource."""
    resource = entry.get("resource")
    held = resource if isinstance(resource, dict) else {}
    return f"{held.get('resourceType')}/{held.get('id')}"


def check_reached(bundle: Mapping[str, Any]) -> list[Finding]:
    """Entries that no references lead to or from, on any way from the first entry."""
    kind = bundle.get("type")
    entries = list(_entries(bundle))
    if kind not in ("document", "message") or len(entries) < 2:
        return []
    reached = _reached(entries, frozenset(_styles(bundle)))
    found: list[Finding] = []
    for index, entry in enumerate(entries):
        if index in reached or not isinstance(entry.get("resource"), dict):
            continue
        first = "Composition" if kind == "document" else "MessageHeader"
        message = f"no references lead from the {first} to {quoted(_name(entry))}, or back"
        bad = report(NOT_REACHED if kind == "document" else NOT_REACHED_IN_MESSAGE, message)
        found += under(bad, "entry", index)
    return found


def check_types(bundle: Mapping[str, Any]) -> list[Finding]:
    """References by type and id whose id is that of an entry's urn:uuid of another type."""
    types = {
        str(one.get("fullUrl"))[9:]: resource.get("resourceType")
        for one in _entries(bundle)
        if str(one.get("fullUrl")).startswith("urn:uuid:")
        and isinstance(resource := one.get("resource"), dict)
    }
    found: list[Finding] = []
    for index, entry in enumerate(_entries(bundle) if types else ()):
        for way, reference in _references(entry.get("resource"), (), 0):
            kind, _, name = reference.rpartition("/")
            there = types.get(name)
            if there is None or not kind.isalpha() or there == kind:
                continue
            bad = report(OTHER_TYPE_IN_BUNDLE, f"{quoted(reference)} is a {there} in the bundle")
            found += under(bad, "entry", index, "resource", *way)
    return found


def _references(value: Any, way: Pointer, depth: int) -> Iterator[tuple[Pointer, str]]:
    """All references in a resource, each with the way to it."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _references(one, (*way, index), depth + 1)
    elif isinstance(value, dict):
        if isinstance(text := value.get("reference"), str):
            yield way, text
        for name, one in value.items():
            if isinstance(one, dict | list):
                yield from _references(one, (*way, name), depth + 1)


def _reached(entries: list[Mapping[str, Any]], styles: frozenset[str]) -> set[int]:
    """The numbers of the entries that belong together with the first one."""
    places = _places(entries)
    neighbours: list[set[int]] = [set() for _ in entries]
    for number, entry in enumerate(entries):
        base = _base(entry)
        for name, value in walk(entry.get("resource")):
            if name != "reference" or not isinstance(value, str):
                continue
            for other in places.get(_absolute(value, base), ()):
                neighbours[number].add(other)
                neighbours[other].add(number)
    reached: set[int] = set()
    todo = [0, *(number for number, one in enumerate(entries) if _place(one) in styles)]
    while todo:
        number = todo.pop()
        if number not in reached:
            reached.add(number)
            todo += neighbours[number]
    return reached


def _places(entries: list[Mapping[str, Any]]) -> dict[str, list[int]]:
    """What references may say -> the entries that they mean."""
    found: dict[str, list[int]] = {}
    for number, entry in enumerate(entries):
        full_url, resource = entry.get("fullUrl"), entry.get("resource")
        if isinstance(full_url, str):
            found.setdefault(full_url, []).append(number)
        if isinstance(resource, dict) and _base(entry) is None:
            found.setdefault(_place(entry), []).append(number)
    return found


def _base(entry: Mapping[str, Any]) -> str | None:
    """What relative references of an entry are completed with: "" under a urn, where they mean
    nothing; None where there is nothing to go by but types and ids.
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


def _name(entry: Mapping[str, Any]) -> str:
    resource = entry.get("resource")
    place = f"{resource.get('resourceType')}" if isinstance(resource, dict) else "the entry"
    return str(entry.get("fullUrl") or place)


def _entries(bundle: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    listed = bundle.get("entry")
    for one in listed if isinstance(listed, list) else ():
        yield one if isinstance(one, dict) else {}
