"""What a search found, and whether it says so: http://hl7.org/fhir/http.html#search-response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.validate.codes import SEARCH_ENTRY, SEARCH_UNCLEAR
from fhir_kb.validate.core.issue import report, under
from fhir_kb.validate.core.json_values import objects, text

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from fhir_kb.validate.core.issue import Finding

_OUTCOME = "OperationOutcome"


def check_search_set(bundle: Mapping[str, Any], types: Container[str]) -> list[Finding]:
    """What is wrong with the entries of a searchset.

    types: the resource types of the release.
    """
    own = [text(one, "url") for _, one in objects(bundle, "link") if one.get("relation") == "self"]
    wanted = _searched(own[0], types) if own and own[0] else []
    found: list[Finding] = []
    if not own:
        message = "the results of a search have no link 'self', which says what was searched for"
        found += report(SEARCH_UNCLEAR, message, None, "BUNDLE_SEARCH_NOSELF")
    entries = list(objects(bundle, "entry"))
    is_told = any(_mode(one) for _, one in entries)
    for index, entry in entries:
        for finding in _entry(entry, wanted) if is_told else _untold(entry, wanted):
            found += under([finding], "entry", index)
    if entries and not is_told and not _is_plain(entries, wanted):
        found += report(SEARCH_UNCLEAR, "no entry has a search mode")
    return found


def _searched(url: str, types: Container[str]) -> list[str]:
    """The types that a search was for, by its url; none where that cannot be told."""
    path, _, query = url.partition("?")
    last = path.rpartition("/")[2]
    if last in types:
        return [last]
    listed = [one.removeprefix("_type=") for one in query.split("&") if one.startswith("_type=")]
    return [name for one in listed for name in one.split(",")]


def _mode(entry: Mapping[str, Any]) -> str | None:
    search = entry.get("search")
    return text(search, "mode") if isinstance(search, dict) else None


def _entry(entry: Mapping[str, Any], wanted: list[str]) -> Iterator[Finding]:
    """What is wrong with an entry where entries say how they were found."""
    mode, resource = _mode(entry), entry.get("resource")
    if not mode:
        yield from report(SEARCH_UNCLEAR, "the entry has no search mode, which others have")
    if not isinstance(resource, dict):
        yield from _lacking()
        return
    name = resource.get("resourceType")
    if mode in ("match", "include") and "id" not in resource:
        message = "what a search has found has an id"
        bad = report(SEARCH_ENTRY, message, None, "BUNDLE_SEARCH_ENTRY_NO_RESOURCE_ID")
        yield from under(bad, "resource")
    if mode == "match" and wanted and name not in wanted:
        message = f"a {name} does not match a search for {', '.join(wanted)}"
        yield from under(report(SEARCH_ENTRY, message), "resource")
    if mode == "outcome" and name != _OUTCOME:
        message = f"a {name} is no {_OUTCOME}"
        message_id = "BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_OUTCOME"
        yield from under(report(SEARCH_ENTRY, message, None, message_id), "resource")


def _untold(entry: Mapping[str, Any], wanted: list[str]) -> Iterator[Finding]:
    """What is wrong with an entry where none says how it was found."""
    resource = entry.get("resource")
    if not isinstance(resource, dict):
        yield from _lacking()
        return
    name = resource.get("resourceType")
    if "id" not in resource and name != _OUTCOME and (not wanted or name in wanted):
        message = "what a search has found should have an id"
        bad = report(SEARCH_UNCLEAR, message, None, "BUNDLE_SEARCH_ENTRY_NO_RESOURCE_ID")
        yield from under(bad, "resource")
    if wanted and name not in wanted:
        message = f"a {name} does not match a search for {', '.join(wanted)}; is a mode missing?"
        message_id = "BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_NO_MODE"
        yield from report(SEARCH_UNCLEAR, message, None, message_id)


def _lacking() -> list[Finding]:
    message = "an entry of a search's results has a resource"
    return report(SEARCH_ENTRY, message, None, "BUNDLE_SEARCH_ENTRY_NO_RESOURCE")


def _is_plain(entries: list[tuple[int, dict[str, Any]]], wanted: list[str]) -> bool:
    """Whether all are of the one type that was searched for, so that no mode is missed."""
    resources = [one.get("resource") for _, one in entries]
    names = {text(one, "resourceType") for one in resources if isinstance(one, dict)}
    return bool(wanted) and len(names - {_OUTCOME}) <= 1 and names <= {*wanted}
