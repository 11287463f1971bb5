"""The entries of a Bundle that is pushed: which of them are resources to be stored."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from fhir_kb.push import PushError
from fhir_kb.servers.json_values import count_in, object_in, objects
from fhir_kb.validate.core.issue import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fhir_kb.diagnostics import Span

_NOT_A_SET: Final = {
    "history": "what resources were, not what they should be",
    "batch-response": "the outcome of a request",
    "transaction-response": "the outcome of a request",
    "subscription-notification": "a message about an event",
}
"""Types of a Bundle whose entries are not resources to be pushed:
http://hl7.org/fhir/valueset-bundle-type.html."""
_SETS: Final = ("transaction", "batch", "collection", "searchset", "message")
"""Types of a Bundle whose entries are resources, each of its own; a document is one."""
_PLACE: Final = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)(?:/([A-Za-z0-9\-.]{1,64}))?")
_IDENTITY: Final = frozenset({"url", "version", "identifier"})
"""The parameters of a condition that finds what a push looks for, too."""
_CONDITIONS: Final = ("ifMatch", "ifNoneMatch", "ifModifiedSince")


@dataclass(frozen=True, slots=True)
class GivenResource:
    """A resource as a file has it."""

    span: Span
    resource: dict[str, Any]
    path: str = ""
    """Where in its file: "Bundle.entry[3]"; "" for the whole."""
    full_url: str = ""
    problem: str = ""
    """Why it cannot be pushed: a mistake; "" for none."""
    not_done: str = ""
    """What it asks for instead of being stored, such as a deletion; "" for nothing."""
    ignored: str = ""
    """Under which condition it should be stored that a push does not know; "" for none."""
    id_hint: str = ""
    """The id where the resource has none."""

    @property
    def name(self) -> str:
        """For people: "Library/a", or where it is."""
        type_, id_ = self.resource.get("resourceType"), self.resource.get("id")
        return f"{type_}/{id_}" if type_ and id_ else str(type_ or self.path or "the resource")


def entries_of(span: Span, bundle: Mapping[str, Any]) -> Iterator[GivenResource]:
    """The entries of a Bundle, but for the outcome of a search; those not to be stored say why.

    Raises PushError for a Bundle that is no whole set of resources.
    """
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise PushError("Bundle.entry is no list", "Correct the bundle")
    _check_complete(bundle, [*objects(entries)])
    for number, entry in enumerate(entries):
        path = f"Bundle.entry[{number}]"
        if not isinstance(entry, dict):
            yield GivenResource(span, {}, path, problem="it is no JSON object")
        elif _search_mode(entry) != "outcome":
            yield _item(span, path, entry)


def _item(span: Span, path: str, entry: Mapping[str, Any]) -> GivenResource:
    resource, request = entry.get("resource"), object_in(entry.get("request"))
    full_url = entry.get("fullUrl")
    item = GivenResource(
        span,
        resource if isinstance(resource, dict) else {},
        path,
        full_url if isinstance(full_url, str) else "",
    )
    method, url = str(request.get("method") or ""), str(request.get("url") or "")
    if method and method not in ("PUT", "POST"):
        return replace(item, not_done=f"{method} {url}".strip())
    if not isinstance(resource, dict):
        return replace(item, problem="it has no resource")
    return _requested(item, method, url, request) if method else item


def _requested(
    item: GivenResource, method: str, url: str, request: Mapping[str, Any]
) -> GivenResource:
    """An entry that is to be stored, with what its request says of it."""
    place, _, condition = url.partition("?")
    match = _PLACE.fullmatch(place)
    type_, id_ = match.groups() if match else ("", None)
    resource = item.resource
    if type_ != resource.get("resourceType"):
        return replace(item, problem=f"its request is {method} {url}, but it is {item.name}")
    if method == "PUT" and id_ and resource.get("id") not in (None, id_):
        return replace(item, problem=f"its request is {method} {url}, but it is {item.name}")
    if method == "PUT":
        item = replace(item, id_hint=id_ or "")
    ignored = [name for name in _CONDITIONS if request.get(name)]
    conditions = [str(request.get("ifNoneExist") or "").removeprefix("?"), condition]
    if not _may_find(resource, condition):
        problem = f"its request is {method} {url}, which would not find it"
        return replace(item, problem=problem)
    asked = {name for text in conditions for name, _ in parse_qsl(text, keep_blank_values=True)}
    is_identifiable = bool(resource.get("url") or resource.get("identifier"))
    is_same = is_identifiable and asked <= _IDENTITY and _may_find(resource, conditions[0])
    if asked and not is_same:
        ignored.append("ifNoneExist" if request.get("ifNoneExist") else f"?{condition}")
    if ignored:
        return replace(item, ignored=", ".join(ignored))
    return item


def _may_find(resource: Mapping[str, Any], condition: str) -> bool:
    """Whether a search may find this resource, by url, version and identifier."""
    for name, value in parse_qsl(condition, keep_blank_values=True):
        if "," in value or "\\" in value:
            continue  # one of several values
        if name in ("url", "version"):
            values = {str(resource.get(name) or "")}
        elif name == "identifier":
            identifiers = resource.get(name)
            listed = identifiers if isinstance(identifiers, list) else [identifiers]
            values = {text for one in listed if isinstance(one, dict) for text in _tokens(one)}
        else:
            continue
        if value not in values:
            return False
    return True


def _tokens(identifier: Mapping[str, Any]) -> set[str]:
    """What finds an identifier: http://hl7.org/fhir/search.html#token."""
    system, value = str(identifier.get("system") or ""), str(identifier.get("value") or "")
    return {value, f"{system}|{value}", f"{system}|"}


def _check_complete(bundle: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> None:
    """Raises PushError for a bundle that is not a whole set of resources to be pushed."""
    type_ = bundle.get("type")
    if isinstance(type_, str) and type_ in _NOT_A_SET:
        raise PushError(
            f"it is a Bundle of type '{type_}': {_NOT_A_SET[type_]}",
            "Give a Bundle of type transaction, batch or collection",
        )
    if type_ is not None and type_ not in _SETS:
        raise PushError(
            f"FHIR has no Bundle of type {quoted(type_)}"
            if isinstance(type_, str)
            else "Bundle.type is no string",
            "Give a Bundle of type transaction, batch or collection",
        )
    if type_ != "searchset":
        return
    matches = sum(_search_mode(entry) in ("match", None) for entry in entries)
    total = count_in(bundle.get("total"))
    if any(link.get("relation") == "next" for link in objects(bundle.get("link"))):
        raise PushError(
            "it is one page of the results of a search: it has a link to the next page",
            "Get all pages into one Bundle",
        )
    if total is not None and total > matches:
        raise PushError(
            f"it is a part of the results of a search: {matches} of {total}",
            "Get all pages into one Bundle",
        )


def _search_mode(entry: Mapping[str, Any]) -> object:
    return object_in(entry.get("search")).get("mode")
