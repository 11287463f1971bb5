"""Finding an artifact on a server by what it is, wherever it stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.servers.identity import escaped, identity_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import (
        ChangeRequest,
        FhirServer,
        Query,
        Ref,
        RemoteResource,
    )

_MAX_VALUES: Final = 100
"""Of one search."""


def by_identity(server: FhirServer, changes: Sequence[ChangeRequest]) -> dict[Ref, RemoteResource]:
    """What the server holds of the artifacts, by our refs; of several, the first by id.

    What has no identity is not found. Raises ServerError.
    """
    groups: dict[tuple[str, str], list[tuple[str, ChangeRequest]]] = {}
    for change in changes:
        query = identity_query(change.resource or {})
        for name in ("url", "identifier"):
            if name in query:
                groups.setdefault((change.ref.type, name), []).append((str(query[name]), change))
    hits: dict[Ref, RemoteResource] = {}
    for (type_, name), members in sorted(groups.items()):
        for start in range(0, len(members), _MAX_VALUES):
            part = members[start : start + _MAX_VALUES]
            values = ",".join(sorted({value for value, _ in part}))
            for remote in sorted(server.search(type_, {name: values}), key=_by_ref):
                for _, change in part:
                    if is_same_artifact(change, remote.resource or {}):
                        hits.setdefault(change.ref, remote)
    return hits


def _by_ref(remote: RemoteResource) -> Ref:
    return remote.ref


def identity_query(resource: Resource) -> Query:
    """The search that finds an artifact on whatever server; empty where nothing does."""
    url, version, identifier = identity_of(resource)
    if url:
        return {"url": escaped(url)} | ({"version": escaped(version)} if version else {})
    return {"identifier": "|".join(map(escaped, identifier))} if identifier else {}


def is_same_artifact(request: ChangeRequest, stored: Resource) -> bool:
    """Whether what is stored is what was sent, as far as it has an identity."""
    sent = identity_of(request.resource or {})
    found = identity_of(stored)
    if sent.url:
        return (sent.url, sent.version) == (found.url, found.version)
    return sent.identifier is None or sent.identifier == found.identifier
