"""Results of searches: http://hl7.org/fhir/http.html#search-response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.validate.core.issue import report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import SEARCH_ENTRY, SEARCH_UNCLEAR

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from fhir_kb.validate.core.issue import Finding

_OUTCOME = "OperationOutcome"


def check_search_set(bundle: Mapping[str, Any], resource_types: Container[str]) -> list[Finding]:
    """What is wrong with the entries of a searchset."""
    self_urls = [
        text(link, "url") for _, link in objects(bundle, "link") if link.get("relation") == "self"
    ]
    searched = _searched_types(self_urls[0], resource_types) if self_urls and self_urls[0] else []
    findings: list[Finding] = []
    if not self_urls:
        message = "the results of a search have no link 'self', which says what was searched for"
        findings += report(SEARCH_UNCLEAR, message, None, "BUNDLE_SEARCH_NOSELF")
    entries = list(objects(bundle, "entry"))
    has_modes = any(_mode(entry) for _, entry in entries)
    check = _check_entry if has_modes else _check_entry_without_mode
    for index, entry in entries:
        for finding in check(entry, searched):
            findings += under([finding], "entry", index)
    if entries and not has_modes and not _has_one_type(entries, searched):
        findings += report(SEARCH_UNCLEAR, "no entry has a search mode")
    return findings


def _searched_types(url: str, resource_types: Container[str]) -> list[str]:
    """The types that a search was for, by its url; empty where the url does not tell."""
    path, _, query = url.partition("?")
    last = path.rpartition("/")[2]
    if last in resource_types:
        return [last]
    lists = [part.removeprefix("_type=") for part in query.split("&") if part.startswith("_type=")]
    return [name for listed in lists for name in listed.split(",")]


def _mode(entry: Mapping[str, Any]) -> str | None:
    search = entry.get("search")
    return text(search, "mode") if isinstance(search, dict) else None


def _check_entry(entry: Mapping[str, Any], searched: list[str]) -> Iterator[Finding]:
    """What is wrong with an entry of a bundle in which entries have search modes."""
    mode, resource = _mode(entry), entry.get("resource")
    if not mode:
        yield from report(SEARCH_UNCLEAR, "the entry has no search mode, which others have")
    if not isinstance(resource, dict):
        yield from _no_resource()
        return
    name = resource.get("resourceType")
    if mode in ("match", "include") and "id" not in resource:
        message = "a resource that a search returns has an id"
        findings = report(SEARCH_ENTRY, message, None, "BUNDLE_SEARCH_ENTRY_NO_RESOURCE_ID")
        yield from under(findings, "resource")
    if mode == "match" and searched and name not in searched:
        message = f"a {name} does not match a search for {', '.join(searched)}"
        yield from under(report(SEARCH_ENTRY, message), "resource")
    if mode == "outcome" and name != _OUTCOME:
        message = f"an entry with the mode 'outcome' is an {_OUTCOME}, not a {name}"
        message_id = "BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_OUTCOME"
        yield from under(report(SEARCH_ENTRY, message, None, message_id), "resource")


def _check_entry_without_mode(entry: Mapping[str, Any], searched: list[str]) -> Iterator[Finding]:
    """What is wrong with an entry of a bundle in which no entry has a search mode."""
    resource = entry.get("resource")
    if not isinstance(resource, dict):
        yield from _no_resource()
        return
    name = resource.get("resourceType")
    if "id" not in resource and name != _OUTCOME and (not searched or name in searched):
        message = "a resource that a search returns should have an id"
        findings = report(SEARCH_UNCLEAR, message, None, "BUNDLE_SEARCH_ENTRY_NO_RESOURCE_ID")
        yield from under(findings, "resource")
    if searched and name not in searched:
        message = f"a {name} does not match a search for {', '.join(searched)}; is a mode missing?"
        message_id = "BUNDLE_SEARCH_ENTRY_WRONG_RESOURCE_TYPE_NO_MODE"
        yield from report(SEARCH_UNCLEAR, message, None, message_id)


def _no_resource() -> list[Finding]:
    message = "an entry of a search's results has a resource"
    return report(SEARCH_ENTRY, message, None, "BUNDLE_SEARCH_ENTRY_NO_RESOURCE")


def _has_one_type(entries: list[tuple[int, dict[str, Any]]], searched: list[str]) -> bool:
    """Whether all are of the one type that was searched for, so that no mode is needed."""
    resources = [entry.get("resource") for _, entry in entries]
    names = {text(resource, "resourceType") for resource in resources if isinstance(resource, dict)}
    return bool(searched) and len(names - {_OUTCOME}) <= 1 and names <= {*searched}
