"""FHIR interactions: the requests of changes, and the outcomes that their responses state.

https://hl7.org/fhir/http.html#transaction, #history, #concurrency. Nothing here sends anything.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import orjson

from fhir_kb.emit import compact_json
from fhir_kb.net.response import status_text
from fhir_kb.servers.json_values import is_id, is_type, object_in, objects, strings, text_in
from fhir_kb.servers.links import MISBEHAVES, etag, place_in, ref_in, version_in
from fhir_kb.servers.protocol import (
    Applied,
    Ref,
    Rejected,
    RemoteResource,
    ServerError,
    Unavailable,
    UnknownOutcomeError,
)
from fhir_kb.servers.references import ReferenceTargets, placeholder_urn, with_references
from fhir_kb.servers.responses import operation_outcome, outcome_text, rejected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import (
        ChangeRequest,
        Outcome,
        SendMode,
        ServerCapabilities,
    )

BUSY: Final = frozenset({429, 503})
UNCLEAR: Final = frozenset({408, 500, 502, 504})
"""The statuses that leave open whether the server, or a proxy before it, has made the change."""
GONE: Final = frozenset({404, 410})
_FOUND: Final = 200
_CREATED: Final = 201
_STATUS: Final = re.compile(r"[2-5][0-9]{2}(?![0-9])")
_ENTRY: Final = re.compile(r"Bundle\.entry\[([0-9]{1,6})\]|Bundle\.entry\(([0-9]{1,6})\)")
_NO_OUTCOMES: Final = "the response does not have an outcome for each change"


def bundle_request(
    changes: Sequence[ChangeRequest], mode: SendMode, capabilities: ServerCapabilities
) -> bytes:
    """The batch or transaction that makes the changes, as JSON."""
    placeholders = {
        str(change.ref): placeholder_urn(change.ref)
        for change in changes
        if change.if_none_exist is not None
    }
    targets = ReferenceTargets(placeholders)
    entries = [_entry(change, capabilities, targets) for change in changes]
    return compact_json({"resourceType": "Bundle", "type": mode, "entry": entries})


def without_id(resource: Resource) -> Resource:
    """The resource as it is create_outcome."""
    return {key: value for key, value in resource.items() if key != "id"}


def _entry(
    change: ChangeRequest, capabilities: ServerCapabilities, placeholders: ReferenceTargets
) -> Resource:
    """placeholders: what to refer to where the server assigns the id with this bundle."""
    if change.if_none_exist is not None:
        resource = without_id(change.resource or {})
        return {
            "fullUrl": placeholder_urn(change.ref),
            "resource": with_references(resource, placeholders, capabilities.release),
            "request": {
                "method": "POST",
                "url": change.ref.type,
                **conditions(change, capabilities),
            },
        }
    method = "DELETE" if change.action == "delete" else "PUT"
    request = {"method": method, "url": str(change.ref), **conditions(change, capabilities)}
    if change.body is None:
        return {"request": request}
    return {
        "fullUrl": f"{capabilities.base}/{change.ref}",
        "resource": with_references(change.resource, placeholders, capabilities.release)
        if placeholders
        else orjson.Fragment(change.content),
        "request": request,
    }


def conditions(change: ChangeRequest, capabilities: ServerCapabilities) -> dict[str, str]:
    """What keeps a change from being made to another version than was planned."""
    if change.action == "create" and not change.is_guarded:
        return {}
    if change.if_none_exist is not None:
        return (
            {"ifNoneExist": urlencode(list(change.if_none_exist.items()))}
            if change.if_none_exist
            else {}
        )
    if change.action == "create" and not change.expected_version:
        guard = capabilities.if_none_match
        if guard == "if-none-match":
            return {"ifNoneMatch": "*"}
        return {"ifMatch": 'W/"0"'} if guard == "if-match" else {}
    if change.expected_version and capabilities.if_match:
        return {"ifMatch": f'W/"{change.expected_version}"'}
    return {}


def bundle_outcomes(
    changes: Sequence[ChangeRequest], mode: SendMode, status: int, resource: Resource | None
) -> list[Outcome]:
    """The outcome of each change by the response to a bundle, whose status is not in BUSY.

    Raises UnknownOutcomeError where the response does not say.
    """
    if status >= 400:
        return _all_rejected(changes, status, resource)
    entries = (resource or {}).get("entry")
    if not isinstance(entries, list) or len(entries) != len(changes):
        raise UnknownOutcomeError(_NO_OUTCOMES)
    outcomes = [
        _entry_outcome(change, entry) for change, entry in zip(changes, entries, strict=True)
    ]
    requested = {change.ref for change in changes}
    for change, outcome in zip(changes, outcomes, strict=True):
        if not isinstance(outcome, Applied) or outcome.ref == change.ref:
            continue
        if outcome.ref in requested:
            raise UnknownOutcomeError("the outcomes are not in the order of the changes")
    if mode == "transaction" and not all(map(_fits_transaction, outcomes)):
        raise UnknownOutcomeError(
            "the server reports that it carried out only a part of a transaction"
        )
    return outcomes


def _fits_transaction(outcome: Outcome) -> bool:
    """Whether a transaction that was made may have this outcome of one of its entries."""
    is_found = isinstance(outcome, Rejected) and outcome.status == _FOUND
    return isinstance(outcome, Applied) or is_found


def _all_rejected(
    changes: Sequence[ChangeRequest], status: int, resource: Resource | None
) -> list[Outcome]:
    """The same rejection for all; where it names the entry that is to blame, all others say so."""
    if len(changes) == 1 and changes[0].action == "delete" and status in GONE:
        return [Applied(changes[0].ref)]
    rejections = [rejected(change, status, resource) for change in changes]
    number = blamed_entry(operation_outcome(resource))
    if number is None or number >= len(changes) or len(changes) == 1:
        return list(rejections)
    culprit = changes[number].ref
    return [
        rejection
        if rejection.ref == culprit
        else replace(rejection, text=f"because of {culprit}: {rejection.text}")
        for rejection in rejections
    ]


def blamed_entry(outcome: Resource | None) -> int | None:
    """The number of the entry that an OperationOutcome blames; None where it names none or more."""
    numbers: set[int] = set()
    for issue in objects((outcome or {}).get("issue")):
        paths = [*strings(issue.get("expression")), *strings(issue.get("location"))]
        for text in [*paths, text_in(issue.get("diagnostics"))]:
            numbers |= {int(match[1] or match[2]) for match in _ENTRY.finditer(text)}
    return numbers.pop() if len(numbers) == 1 else None


def _entry_outcome(change: ChangeRequest, entry: object) -> Outcome:
    """The outcome that one entry of the response to a batch or transaction states."""
    response = entry.get("response") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(response, dict):
        raise UnknownOutcomeError(_NO_OUTCOMES)
    stated = _STATUS.match(text_in(response.get("status")))
    if stated is None:
        raise UnknownOutcomeError(_NO_OUTCOMES)
    status = int(stated[0])
    resource = entry.get("resource")
    if status in BUSY:
        return Unavailable(change.ref, status)
    if status in UNCLEAR or 300 <= status < 400:
        reason = outcome_text(operation_outcome(response.get("outcome"), resource))
        text = f"{status_text(status)} for {change.ref}"
        raise UnknownOutcomeError(text + (reason and f": {reason}"))
    if status >= 400 and not (change.action == "delete" and status in GONE):
        return rejected(change, status, operation_outcome(response.get("outcome"), resource))
    if change.action == "delete":
        return Applied(change.ref, etag(response.get("etag")))
    location = response.get("location")
    place = stated_place(change, location, resource=resource)
    if change.if_none_exist is not None and (exists := create_outcome(change, status, place)):
        return exists
    return applied(
        change,
        place,
        resource,
        version=etag(response.get("etag")) or version_in(location),
        updated=text_in(response.get("lastModified")),
        created=status == _CREATED,
    )


def applied(
    change: ChangeRequest,
    place: Ref | None,
    resource: object,
    *,
    version: str,
    updated: str = "",
    created: bool,
) -> Applied:
    """The outcome of a change that was made.

    Args:
        change: The change.
        place: Where the response says that the resource is; None where it does not.
        resource: What the response says that is stored there.
        version: Of the response, if it has one.
        updated: The same.
        created: Whether nothing was there before.
    """
    ref = place or change.ref
    remote = remote_resource(resource)
    if remote is None or remote.ref != ref:
        return Applied(ref, version, updated, created=created, is_placed=place is not None)
    return Applied(
        ref,
        remote.version or version,
        remote.updated or updated,
        created=created,
        stored=remote.resource,
    )


def stated_place(change: ChangeRequest, *locations: object, resource: object) -> Ref | None:
    """Where a response says that a resource is stored; None where it does not say.

    https://hl7.org/fhir/http.html#create: `location` is the truth; without it, the resource itself
    says. Raises UnknownOutcomeError where it is said to be of another type.
    """
    for location in locations:
        if (place := place_in(location)) is not None:
            if place.type != change.ref.type:
                raise UnknownOutcomeError(f"the server says that it stored {change.ref} as {place}")
            return place
    remote = remote_resource(resource)
    return remote.ref if remote and remote.ref.type == change.ref.type else None


def create_outcome(change: ChangeRequest, status: int, ref: Ref | None) -> Rejected | None:
    """The rejection of a create that was not made: 200 says that the artifact exists.

    change: a create whose id the server assigns. ref: what the server has assigned, if it says so.
    Raises UnknownOutcomeError where it does not.
    """
    if status == _FOUND:
        return Rejected(change.ref, status, "it exists already", conflict=True)
    if ref is None or ref.type != change.ref.type:
        raise UnknownOutcomeError("the server does not say which id it has assigned")
    return None


def remote_resource(resource: object, *, summary: bool = False) -> RemoteResource | None:
    """A resource as the server holds it; None for what is no resource with an id.

    summary: whether to leave the content out.
    """
    if not isinstance(resource, dict):
        return None
    type_, id_ = resource.get("resourceType"), resource.get("id")
    if not is_type(type_) or not is_id(id_):
        return None
    meta = object_in(resource.get("meta"))
    return RemoteResource(
        Ref(type_, id_),
        text_in(meta.get("versionId")),
        text_in(meta.get("lastUpdated")),
        text_in(resource.get("url")),
        text_in(resource.get("version")),
        resource=None if summary else resource,
    )


def search_match(entry: Mapping[str, Any], type_: str, *, summary: bool) -> RemoteResource | None:
    """The match in an entry of a searchset; None for what is only included.

    Raises ServerError for a match that does not say where it is: it must not count as none.
    """
    if object_in(entry.get("search")).get("mode") in ("outcome", "include"):
        return None
    resource = object_in(entry.get("resource"))
    match = remote_resource(resource, summary=summary)
    if match is None and resource.get("resourceType") == type_:
        raise ServerError(
            f"the response to a search of {type_} has a resource without a usable id", MISBEHAVES
        )
    return match if match is not None and match.ref.type == type_ else None


def history_entry(entry: Mapping[str, Any], type_: str) -> tuple[Ref, RemoteResource | None] | None:
    """The place that an entry of a history is about, and the resource as it was then.

    The resource is None where the entry does not tell. None for an entry that is about nothing.
    """
    remote = remote_resource(entry.get("resource"))
    if remote is not None:
        return remote.ref, remote
    request, response = object_in(entry.get("request")), object_in(entry.get("response"))
    ref = ref_in(type_, request.get("url"), entry.get("fullUrl"), response.get("location"))
    if ref is None:
        return None
    if request.get("method") != "DELETE":
        return ref, None
    updated = text_in(response.get("lastModified"))
    return ref, RemoteResource(ref, etag(response.get("etag")), updated, deleted=True)
