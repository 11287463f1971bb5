"""A server that assigns ids itself, presented as one that takes ours.

A resource to be created has an id of ours until the server has assigned one; from then on
references to it are rewritten. The caller uses our ids only. What became of a create whose response
was lost is found by searching for the artifact's identity, not by id.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fhir_kb.emit import compact_json
from fhir_kb.servers.identity import escaped, identity_of
from fhir_kb.servers.protocol import Applied, Outcome, Ref, Rejected, RemoteResource
from fhir_kb.servers.reference_sites import SiteKind
from fhir_kb.servers.references import (
    ReferenceTargets,
    links,
    placeholder_urn,
    references,
    with_references,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import (
        ChangeRequest,
        FhirServer,
        Query,
        SendMode,
        ServerCapabilities,
    )


class AssignedIds:
    """A `FhirServer` over a server that assigns ids; see the module. May be used by threads."""

    def __init__(
        self,
        server: FhirServer,
        changes: Iterable[ChangeRequest],
        assigned: Mapping[Ref, Ref] | None = None,
    ) -> None:
        """Prepare for a push.

        Args:
            server: The server itself.
            changes: All that will be sent.
            assigned: The server's ids of what was created before, by ours.
        """
        self._server = server
        self._queries = {
            change.ref: identity_query(resource)
            for change in changes
            if change.action == "create" and (resource := change.resource) is not None
        }
        self._theirs: dict[str, str] = {}
        self._ours: dict[str, str] = {}
        for ref, server_ref in (assigned or {}).items():
            self._assign(ref, server_ref)

    @property
    def capabilities(self) -> ServerCapabilities:
        """See the protocol."""
        return self._server.capabilities

    def server_ref(self, ref: Ref) -> Ref:
        """Type and id on the server; our own as long as none is assigned."""
        return _ref(self._theirs.get(str(ref), str(ref)))

    def as_stored(self, ref: Ref, resource: Resource) -> Resource:
        """The resource as it is on the server: with the server's ids in it."""
        return self._relocated(resource, self.server_ref(ref), self._theirs)

    def count(self, type_: str, query: Query) -> int:
        """See the protocol."""
        return self._server.count(type_, query)

    def search(
        self, type_: str, query: Query, *, summary: bool = False
    ) -> Iterator[RemoteResource]:
        """See the protocol."""
        return map(self._with_our_id, self._server.search(type_, query, summary=summary))

    def changed_since(self, type_: str, since: str) -> Iterator[RemoteResource]:
        """See the protocol."""
        return map(self._with_our_id, self._server.changed_since(type_, since))

    def read_version(self, ref: Ref, version: str) -> RemoteResource | None:
        """See the protocol."""
        remote = self._server.read_version(self.server_ref(ref), version)
        return self._with_our_id(remote) if remote else None

    def read(
        self, refs: Iterable[Ref], *, include_deleted: bool = False
    ) -> Mapping[Ref, RemoteResource]:
        """See the protocol. What has no assigned id yet is searched by its identity."""
        requested = list(refs)
        unassigned = [ref for ref in requested if self._is_unassigned(ref)]
        remotes: dict[Ref, RemoteResource] = {}
        for ref in unassigned:
            query = self._queries[ref]
            hits = sorted(self._server.search(ref.type, query), key=_by_ref) if query else []
            if hits:
                self._assign(ref, hits[0].ref)
                remotes[ref] = hits[0]
        assigned = {self.server_ref(ref): ref for ref in requested if ref not in unassigned}
        if assigned:
            by_server_ref = self._server.read(assigned, include_deleted=include_deleted)
            remotes.update((assigned[ref], remote) for ref, remote in by_server_ref.items())
        return {ref: self._with_our_id(remote) for ref, remote in remotes.items()}

    def send(self, changes: Sequence[ChangeRequest], mode: SendMode) -> Sequence[Outcome]:
        """See the protocol.

        A create that finds its artifact on the server is a conflict: a `read` then knows its id.
        """
        creates = {str(change.ref) for change in changes if self._is_create(change)}
        rejected = {} if mode == "transaction" else self._unresolvable(changes, creates)
        sent = [change for change in changes if change.ref not in rejected]
        requests = [self._translated(change) for change in sent]
        outcomes = self._server.send(requests, mode) if requests else []
        for change, outcome in zip(sent, outcomes, strict=True):
            if isinstance(outcome, Applied) and self._is_create(change):
                self._assign(change.ref, outcome.ref)
        by_ref: dict[Ref, Outcome] = {
            change.ref: self._outcome_with_our_id(change, outcome)
            for change, outcome in zip(sent, outcomes, strict=True)
        }
        by_ref.update(rejected)
        return [by_ref[change.ref] for change in changes]

    def has_late_links(self, changes: Iterable[ChangeRequest]) -> bool:
        """Whether links that no transaction resolves lead from what is created to what is created.

        Servers resolve References; canonicals need not (https://hl7.org/fhir/http.html#trules), and
        HAPI leaves narrative as it is. Such targets have to be created before.
        """
        release = self.capabilities.release
        creates = {str(change.ref) for change in changes if self._is_create(change)}
        return any(
            link.kind is not SiteKind.REFERENCE and link.target in creates - {str(change.ref)}
            for change in changes
            if (resource := change.resource) is not None
            for link in links(resource, release)
        )

    def has_placeholders(self, resource: Resource) -> bool:
        """Whether a stored resource still has a placeholder where the server's id should be."""
        content = compact_json(resource).decode()
        return any(placeholder_urn(ref) in content for ref in self._queries)

    def _is_unassigned(self, ref: Ref) -> bool:
        return ref in self._queries and str(ref) not in self._theirs

    def _is_create(self, change: ChangeRequest) -> bool:
        return self._is_unassigned(change.ref)

    def _unresolvable(
        self, changes: Sequence[ChangeRequest], creates: set[str]
    ) -> dict[Ref, Rejected]:
        """The changes that refer to something whose id is assigned only with the same request."""
        rejected = {}
        release = self.capabilities.release
        for change in changes:
            targets = creates & set(references(change.resource or {}, release)) - {str(change.ref)}
            if targets:
                text = (
                    f"it refers to {min(targets)}, and this server assigns ids itself: only a "
                    "transaction could create both, and the server has none"
                )
                rejected[change.ref] = Rejected(change.ref, 0, text)
        return rejected

    def _translated(self, change: ChangeRequest) -> ChangeRequest:
        query = self._queries.get(change.ref)
        if query is not None and self._is_create(change):
            body = self._with_references(change.resource, self._theirs)
            return replace(change, body=body, expected_version="", if_none_exist=query)
        ref = self.server_ref(change.ref)
        resource = change.resource
        body = resource and self._relocated(resource, ref, self._theirs)
        return replace(change, ref=ref, body=body)

    def _outcome_with_our_id(self, change: ChangeRequest, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Applied) and outcome.stored is not None:
            stored = self._relocated(outcome.stored, change.ref, self._ours)
            return replace(outcome, ref=change.ref, stored=stored)
        return replace(outcome, ref=change.ref)

    def _with_our_id(self, remote: RemoteResource) -> RemoteResource:
        ref = _ref(self._ours.get(str(remote.ref), str(remote.ref)))
        resource = remote.resource and self._relocated(remote.resource, ref, self._ours)
        return replace(remote, ref=ref, resource=resource)

    def _relocated(self, resource: Resource, ref: Ref, refs: Mapping[str, str]) -> Resource:
        return {**self._with_references(resource, refs), "id": ref.id}

    def _with_references(self, resource: Resource | None, refs: Mapping[str, str]) -> Any:
        return with_references(resource, ReferenceTargets(refs), self.capabilities.release)

    def _assign(self, ref: Ref, server_ref: Ref) -> None:
        self._theirs[str(ref)] = str(server_ref)
        self._ours[str(server_ref)] = str(ref)


def without_expected_version(change: ChangeRequest) -> ChangeRequest:
    """A create for a server that assigns ids: what was deleted there gets another id."""
    return replace(change, expected_version="") if change.action == "create" else change


def identity_query(resource: Resource) -> Query:
    """The search that finds an artifact on whatever server; empty where nothing does."""
    url, version, identifier = identity_of(resource)
    if url:
        return {"url": escaped(url)} | ({"version": escaped(version)} if version else {})
    return {"identifier": "|".join(map(escaped, identifier))} if identifier else {}


def _ref(name: str) -> Ref:
    return Ref(*name.split("/", 1))


def _by_ref(remote: RemoteResource) -> Ref:
    return remote.ref
