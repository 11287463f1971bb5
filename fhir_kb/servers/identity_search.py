"""Finding an artifact on a server by what it is, wherever it stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.servers.identity import escaped, identity_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.identity import Identity
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
    groups: dict[tuple[str, str], list[tuple[str, Ref, Identity]]] = {}
    for change in changes:
        sent = identity_of(change.resource or {})
        query = _query(sent)
        for name in ("url", "identifier"):
            if name in query:
                member = (str(query[name]), change.ref, sent)
                groups.setdefault((change.ref.type, name), []).append(member)
    hits: dict[Ref, RemoteResource] = {}
    for (type_, name), members in sorted(groups.items()):
        for start in range(0, len(members), _MAX_VALUES):
            part = members[start : start + _MAX_VALUES]
            values = ",".join(sorted({value for value, _, _ in part}))
            for remote in sorted(server.search(type_, {name: values}), key=_by_ref):
                found = identity_of(remote.resource or {})
                for _, ref, sent in part:
                    if _is_same(sent, found):
                        hits.setdefault(ref, remote)
    return hits


def _by_ref(remote: RemoteResource) -> Ref:
    return remote.ref


def identity_query(resource: Resource) -> Query:
    """The search that finds an artifact on whatever server; empty where nothing does."""
    return _query(identity_of(resource))


def _query(identity: Identity) -> Query:
    url, version, identifier = identity
    if url:
        return {"url": escaped(url)} | ({"version": escaped(version)} if version else {})
    return {"identifier": "|".join(map(escaped, identifier))} if identifier else {}


def is_same_artifact(request: ChangeRequest, stored: Resource) -> bool:
    """Whether what is stored is what was sent, as far as it has an identity."""
    return _is_same(identity_of(request.resource or {}), identity_of(stored))


def _is_same(sent: Identity, found: Identity) -> bool:
    if sent.url:
        return (sent.url, sent.version) == (found.url, found.version)
    return sent.identifier is None or sent.identifier == found.identifier
