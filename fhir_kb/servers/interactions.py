"""Changes in the words of FHIR's interactions, and what their answers say in ours.

https://hl7.org/fhir/http.html#transaction, #history, #concurrency. Nothing here asks anybody.
"""

from __future__ import annotations

import re
import uuid
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import orjson

from fhir_kb.emit import compact_json
from fhir_kb.servers.content import with_references
from fhir_kb.servers.protocol import (
    Applied,
    Ref,
    Rejected,
    RemoteResource,
    Unavailable,
    UnknownOutcomeError,
)
from fhir_kb.servers.responses import Answered, operation_outcome, outcome_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fhir_kb.net import Answer
    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import (
        ChangeRequest,
        Outcome,
        SendMode,
        ServerCapabilities,
    )

BUSY: Final = frozenset({429, 503})
SENSELESS: Final = frozenset({408, 500, 502, 504})
"""What leaves open whether the server, or what stands before it, has done what was sent."""
GONE: Final = frozenset({404, 410})
_FOUND: Final = 200
_STATUS: Final = re.compile(r"[2-5][0-9]{2}(?![0-9])")
_ENTRY: Final = re.compile(r"Bundle\.entry\[([0-9]{1,6})\]|Bundle\.entry\(([0-9]{1,6})\)")
_UNCLEAR: Final = "the server's answer does not say what became of each change"


def bundle_request(
    changes: Sequence[ChangeRequest], mode: SendMode, capabilities: ServerCapabilities
) -> bytes:
    """The batch or transaction that makes the changes, as JSON."""
    coming = {
        str(change.ref): placeholder_urn(change.ref)
        for change in changes
        if change.if_none_exist is not None
    }
    entries = [_entry(change, capabilities, is_read=bool(coming)) for change in changes]
    if coming:
        entries = with_references(entries, coming)
    return compact_json({"resourceType": "Bundle", "type": mode, "entry": entries})


def placeholder_urn(ref: Ref) -> str:
    """What a resource is called within a bundle until the server has given it an id."""
    return uuid.uuid5(uuid.NAMESPACE_URL, str(ref)).urn


def without_id(resource: Resource) -> Resource:
    """The resource as it is create_outcome."""
    return {key: value for key, value in resource.items() if key != "id"}


def _entry(change: ChangeRequest, capabilities: ServerCapabilities, *, is_read: bool) -> Resource:
    """is_read: whether its references are to be changed; else its text is taken as it is."""
    if change.if_none_exist is not None:
        return {
            "fullUrl": placeholder_urn(change.ref),
            "resource": without_id(change.resource or {}),
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
        "resource": change.resource if is_read else orjson.Fragment(change.content),
        "request": request,
    }


def conditions(change: ChangeRequest, capabilities: ServerCapabilities) -> dict[str, str]:
    """What keeps a change from being made to something else than was planned."""
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
    """What became of each change, by the answer to a bundle; its status is not a busy server's.

    Raises UnknownOutcomeError where it does not say so.
    """
    if status >= 400:
        return _all_refused(changes, status, resource)
    entries = (resource or {}).get("entry")
    if not isinstance(entries, list) or len(entries) != len(changes):
        raise UnknownOutcomeError(_UNCLEAR)
    outcomes = [_outcome(change, one) for change, one in zip(changes, entries, strict=True)]
    if mode == "transaction" and not all(map(_goes_with_done, outcomes)):
        raise UnknownOutcomeError("the server says that a part of a transaction was done")
    return outcomes


def _goes_with_done(outcome: Outcome) -> bool:
    """Whether a transaction that was done may say so of one of its entries."""
    return isinstance(outcome, Applied) or (
        isinstance(outcome, Rejected) and outcome.status == _FOUND
    )


def _all_refused(
    changes: Sequence[ChangeRequest], status: int, resource: Resource | None
) -> list[Outcome]:
    """The same refusal for all; where it names the entry that is to blame, all others say so."""
    if len(changes) == 1 and changes[0].action == "delete" and status in GONE:
        return [Applied(changes[0].ref)]
    refused = Answered(status, resource)
    outcomes = [refused.outcome(change) for change in changes]
    named = blamed_entry(operation_outcome(resource))
    if named is None or named >= len(changes) or len(changes) == 1:
        return outcomes
    culprit = changes[named].ref
    return [
        one
        if one.ref == culprit or not isinstance(one, Rejected)
        else Rejected(one.ref, one.status, f"because of {culprit}: {one.text}", one.conflict,
                     one.outcome)
        for one in outcomes
    ]  # fmt: skip


def blamed_entry(outcome: Resource | None) -> int | None:
    """The number of the entry that an OperationOutcome blames; None where it names none or more."""
    found: set[int] = set()
    for issue in (outcome or {}).get("issue") or ():
        if not isinstance(issue, dict):
            continue
        places = [*_list(issue.get("expression")), *_list(issue.get("location"))]
        for place in [*places, str(issue.get("diagnostics") or "")]:
            found |= {int(one[1] or one[2]) for one in _ENTRY.finditer(str(place))}
    return found.pop() if len(found) == 1 else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _outcome(change: ChangeRequest, entry: object) -> Outcome:
    """What became of one entry of a batch or transaction."""
    response = entry.get("response") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(response, dict):
        raise UnknownOutcomeError(_UNCLEAR)
    said = _STATUS.match(str(response.get("status") or ""))
    if said is None:
        raise UnknownOutcomeError(_UNCLEAR)
    status = int(said[0])
    resource = entry.get("resource")
    if status in BUSY:
        return Unavailable(change.ref, status)
    if status in SENSELESS or 300 <= status < 400:
        told = outcome_text(operation_outcome(response.get("outcome"), resource))
        raise UnknownOutcomeError(
            f"the server answered {status} for {change.ref}" + (told and f": {told}")
        )
    if status >= 400 and not (change.action == "delete" and status in GONE):
        outcome = operation_outcome(response.get("outcome"), resource)
        return Answered(status, outcome).outcome(change)
    live = remote_resource(resource)
    if change.if_none_exist is not None:
        place = live.ref if live else ref_in(change.ref.type, response.get("location"))
        if there := create_outcome(change, status, place):
            return there
        ref = place or change.ref
    else:
        ref = change.ref
    if live is not None and live.ref != ref:
        live = None
    return Applied(
        ref,
        live.version if live and live.version else etag(response.get("etag")),
        live.updated if live and live.updated else str(response.get("lastModified") or ""),
        created=status == 201,
        stored=live.resource if live else None,
    )


def create_outcome(change: ChangeRequest, status: int, place: Ref | None) -> Rejected | None:
    """What a create whose id the server chooses came to, where it was not made: 200 says that it
    was there. Raises UnknownOutcomeError where nobody says where it is now.
    """
    if status == _FOUND:
        return Rejected(change.ref, status, "it is there already", conflict=True)
    if place is None or place.type != change.ref.type:
        raise UnknownOutcomeError("the server does not say under which id it keeps something")
    return None


def remote_resource(resource: object, *, summary: bool = False) -> RemoteResource | None:
    """What stands at a place, from the resource; None where it is none."""
    if not isinstance(resource, dict):
        return None
    kind, name = resource.get("resourceType"), resource.get("id")
    if not isinstance(kind, str) or not isinstance(name, str) or not kind or not name:
        return None
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    return RemoteResource(
        Ref(kind, name),
        str(meta.get("versionId") or ""),
        str(meta.get("lastUpdated") or ""),
        str(resource.get("url") or ""),
        str(resource.get("version") or ""),
        resource=None if summary else resource,
    )


def search_match(entry: Mapping[str, Any], type_: str, *, summary: bool) -> RemoteResource | None:
    """What an entry of a search's answer has found; None for what only goes with it."""
    search = entry.get("search")
    if isinstance(search, dict) and search.get("mode") in ("outcome", "include"):
        return None
    live = remote_resource(entry.get("resource"), summary=summary)
    return live if live is not None and live.ref.type == type_ else None


def history_entry(entry: Mapping[str, Any], type_: str) -> tuple[Ref, RemoteResource | None] | None:
    """The place that an entry of a history is about, and what stands there then.

    That is None where the entry does not tell. None for an entry that is about nothing.
    """
    live = remote_resource(entry.get("resource"))
    if live is not None:
        return live.ref, live
    request, response = entry.get("request"), entry.get("response")
    said = response if isinstance(response, dict) else {}
    asked = request if isinstance(request, dict) else {}
    ref = ref_in(type_, asked.get("url"), entry.get("fullUrl"), said.get("location"))
    if ref is None:
        return None
    if asked.get("method") != "DELETE":
        return ref, None
    updated = str(said.get("lastModified") or "")
    return ref, RemoteResource(ref, etag(said.get("etag")), updated, deleted=True)


def ref_in(type_: str, *addresses: object) -> Ref | None:
    """The first place of a type that one of these addresses names."""
    for address in addresses:
        parts = str(address or "").partition("?")[0].split("/")
        for kind, name in pairwise(parts):
            if kind == type_ and name and not name.startswith("_"):
                return Ref(type_, name)
    return None


def etag(value: object) -> str:
    """The version that an ETag names; HAPI writes `1`, others `W/"1"`."""
    return str(value or "").removeprefix("W/").strip('"')


def response_version(answer: Answer) -> str:
    """The version that the headers of an answer name; "" for none."""
    found = etag(answer.headers.get("etag"))
    if found:
        return found
    location = answer.headers.get("content-location") or answer.headers.get("location") or ""
    _, mark, version = location.partition("/_history/")
    return version if mark else ""


def next_page(bundle: Mapping[str, Any]) -> str:
    """The address of the next page; "" for none."""
    for link in bundle.get("link") or ():
        if isinstance(link, dict) and link.get("relation") == "next":
            return str(link.get("url") or "")
    return ""
