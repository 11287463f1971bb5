"""A server whose ids are its own affair, presented as one that takes ours.

A resource to be created has an id of ours until the server has said where it stands; from then on
references to it are rewritten. The caller uses our ids only. What became of a create whose response
was lost is found by searching for the artifact's identity, where it is not at the id of ours.

Also a server that takes ids by its statement may store something elsewhere: it is believed where it
says that something stands, once that is confirmed, and creates are sent to it without ids then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from fhir_kb.emit import compact_json
from fhir_kb.servers.id_map import IdMap
from fhir_kb.servers.identity_search import by_identity, identity_query, is_same_artifact
from fhir_kb.servers.protocol import (
    Applied,
    ChangeRequest,
    Outcome,
    Ref,
    Rejected,
    RemoteResource,
    UnknownOutcomeError,
)
from fhir_kb.servers.reference_sites import SiteKind
from fhir_kb.servers.references import links, placeholder_urn, references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import (
        FhirServer,
        Observation,
        Query,
        SendMode,
        ServerCapabilities,
    )

_CONDITION_REFUSED: Final = frozenset({400, 405, 412, 415, 501})
"""The statuses of servers that do not take the condition of a create."""


class AssignedIds:
    """A `FhirServer` over a server that may assign ids; see the module. May be used by threads."""

    def __init__(
        self,
        server: FhirServer,
        changes: Iterable[ChangeRequest],
        assigned: Mapping[Ref, Ref] | None = None,
        *,
        in_doubt: bool = False,
    ) -> None:
        """Prepare for a push.

        Args:
            server: The server itself.
            changes: All that will be sent.
            assigned: The server's ids of what was created before, by ours.
            in_doubt: Whether they were sent already, and what became of them is not known.
        """
        self._server = server
        self._creates = {change.ref: change for change in changes if change.action == "create"}
        self._in_doubt = set(self._creates) if in_doubt else set[Ref]()
        self.ids = IdMap(server.capabilities.release, assigned)
        self._is_condition_taken = False
        self.dangling: set[Ref] = set()
        """What refers on the server to where something would be if the server took our ids."""

    @property
    def capabilities(self) -> ServerCapabilities:
        """See the protocol."""
        return self._server.capabilities

    def observe(self, observation: Observation) -> None:
        """See the protocol."""
        self._server.observe(observation)

    @property
    def _assigns(self) -> bool:
        """Whether creates are sent without ids."""
        return self.capabilities.client_ids == "no"

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
        remote = self._server.read_version(self.ids.server_ref(ref), version)
        return self._with_our_id(remote) if remote else None

    def read(
        self, refs: Iterable[Ref], *, include_deleted: bool = False
    ) -> Mapping[Ref, RemoteResource]:
        """See the protocol. What may stand anywhere is searched by its identity."""
        requested = list(refs)
        unassigned = [ref for ref in requested if self._is_unassigned(ref)]
        places = {
            self.ids.server_ref(ref): ref
            for ref in requested
            if not (self._assigns and self._is_unassigned(ref))
        }
        remotes: dict[Ref, RemoteResource] = {}
        if places:
            by_server_ref = self._server.read(places, include_deleted=include_deleted)
            remotes.update((places[ref], remote) for ref, remote in by_server_ref.items())
        missing = [
            self._creates[ref]
            for ref in unassigned
            if (ref not in remotes or remotes[ref].deleted)
            and (self._assigns or ref in self._in_doubt)
        ]
        was_named = not self._assigns
        for ref, hit in by_identity(self._server, missing).items():
            self._note_place(ref, hit.ref, was_named=was_named)
            remotes[ref] = hit
        return {ref: self._with_our_id(remote) for ref, remote in remotes.items()}

    def send(self, changes: Sequence[ChangeRequest], mode: SendMode) -> Sequence[Outcome]:
        """See the protocol.

        A create that finds its artifact on the server is a conflict: a `read` then knows its id.
        """
        creates = {str(change.ref) for change in changes if self._is_unassigned(change.ref)}
        rejected: dict[Ref, Outcome] = {}
        if self._assigns:
            if mode != "transaction":
                rejected.update(self._unresolvable(changes, creates))
            if "no-conditional-create" in self.capabilities.observed:
                rejected.update(self._existing(changes))
        sent = [change for change in changes if change.ref not in rejected]
        outcomes = dict(zip([change.ref for change in sent], self._sent(sent, mode), strict=True))
        outcomes.update(rejected)
        return [self._outcome_with_our_id(change, outcomes[change.ref]) for change in changes]

    def _sent(self, changes: Sequence[ChangeRequest], mode: SendMode) -> Sequence[Outcome]:
        """The outcomes of the changes, with the server's ids."""
        if not changes:
            return []
        requests = [self._translated(change) for change in changes]
        try:
            outcomes = self._server.send(requests, mode)
        except UnknownOutcomeError:
            self._in_doubt.update({change.ref for change in changes} & set(self._creates))
            raise
        if self._may_refuse_condition(requests, outcomes) and not self._existing(changes):
            unguarded = [
                replace(request, is_guarded=False) if request.action == "create" else request
                for request in requests
            ]
            again = self._server.send(unguarded, mode)
            if any(isinstance(outcome, Applied) for outcome in again):
                self.observe("no-conditional-create")
                outcomes = again
        return self._confirmed(changes, requests, outcomes)

    def _may_refuse_condition(
        self, requests: Sequence[ChangeRequest], outcomes: Sequence[Outcome]
    ) -> bool:
        """Whether all creates were refused, perhaps for their condition and not their content."""
        creates = [
            outcome
            for request, outcome in zip(requests, outcomes, strict=True)
            if request.action == "create" and request.is_guarded
        ]
        self._is_condition_taken |= any(isinstance(outcome, Applied) for outcome in creates)
        return (
            bool(creates)
            and not self._is_condition_taken
            and all(
                isinstance(outcome, Rejected) and outcome.status in _CONDITION_REFUSED
                for outcome in creates
            )
        )

    def _existing(self, changes: Sequence[ChangeRequest]) -> dict[Ref, Rejected]:
        """The creates of what the server holds already, as conflicts."""
        creates = [change.ref for change in changes if change.action == "create"]
        remotes = self.read(creates) if creates else {}
        return {
            ref: Rejected(ref, 0, "it exists already", conflict=True)
            for ref, remote in remotes.items()
            if not remote.deleted
        }

    def _confirmed(
        self,
        changes: Sequence[ChangeRequest],
        requests: Sequence[ChangeRequest],
        outcomes: Sequence[Outcome],
    ) -> list[Outcome]:
        """The outcomes, where each place is one where the resource certainly is."""
        doubtful = [
            outcome.ref
            for request, outcome in zip(requests, outcomes, strict=True)
            if isinstance(outcome, Applied)
            and request.action != "delete"
            and outcome.stored is None
            and (not outcome.is_placed or outcome.ref != request.ref)
        ]
        remotes = self._server.read(doubtful, include_deleted=True) if doubtful else {}
        return [
            self._placed(change, request, outcome, remotes)
            if isinstance(outcome, Applied) and change.action != "delete"
            else outcome
            for change, request, outcome in zip(changes, requests, outcomes, strict=True)
        ]

    def _placed(
        self,
        change: ChangeRequest,
        request: ChangeRequest,
        outcome: Applied,
        remotes: Mapping[Ref, RemoteResource],
    ) -> Outcome:
        if outcome.ref == request.ref and outcome.is_placed:
            return outcome
        if outcome.stored is None and (remote := remotes.get(outcome.ref)) is not None:
            outcome = replace(
                outcome, version=remote.version, updated=remote.updated, stored=remote.resource
            )
        if outcome.stored is None or not is_same_artifact(request, outcome.stored):
            hit = by_identity(self._server, [change]).get(change.ref)
            if hit is None:
                return Rejected(
                    change.ref, 0, f"the server says that it stored it as {outcome.ref}: it did not"
                )
            outcome = Applied(
                hit.ref, hit.version, hit.updated, created=outcome.created, stored=hit.resource
            )
        self._note_place(change.ref, outcome.ref, was_named=request.if_none_exist is None)
        return outcome

    def _note_place(self, ref: Ref, server_ref: Ref, *, was_named: bool) -> None:
        """Note where something is.

        was_named: whether the request named a place; another one shows that the server assigns ids.
        """
        is_expected = server_ref == self.ids.server_ref(ref)
        if was_named and not is_expected:
            self.observe("assigns-ids")
        if not was_named or not is_expected:
            self.ids.assign(ref, server_ref, is_relocated=was_named)

    def has_late_links(self, changes: Iterable[ChangeRequest]) -> bool:
        """Whether links that no transaction resolves lead from what is created to what is created.

        Servers resolve References; canonicals need not (https://hl7.org/fhir/http.html#trules), and
        HAPI leaves narrative as it is. Such targets have to be created before.
        """
        if not self._assigns:
            return False
        release = self.capabilities.release
        creates = {str(change.ref) for change in changes if self._is_unassigned(change.ref)}
        return any(
            link.kind is not SiteKind.REFERENCE
            and link.target != str(change.ref)
            and link.target in creates
            for change in changes
            if (resource := change.resource) is not None
            for link in links(resource, release)
        )

    def has_placeholders(self, resource: Resource) -> bool:
        """Whether a stored resource still has a placeholder where the server's id should be."""
        if not self.ids:
            return False
        content = compact_json(resource).decode()
        return "urn:uuid:" in content and any(
            placeholder_urn(ref) in content for ref in self._creates
        )

    def _is_unassigned(self, ref: Ref) -> bool:
        return ref in self._creates and ref not in self.ids

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
        guarded = replace(
            change, is_guarded="no-conditional-create" not in self.capabilities.observed
        )
        is_unassigned = self._assigns and self._is_unassigned(change.ref)
        if not is_unassigned and not self.ids:
            return guarded
        resource = change.resource
        body: Resource | None
        if is_unassigned:
            body = self.ids.with_server_ids(resource or {})
            query = identity_query(resource or {})
            return replace(guarded, body=body, expected_version="", if_none_exist=query)
        body = resource and self.ids.as_stored(change.ref, resource)
        return replace(guarded, ref=self.ids.server_ref(change.ref), body=body)

    def _outcome_with_our_id(self, change: ChangeRequest, outcome: Outcome) -> Outcome:
        if self.ids and isinstance(outcome, Applied) and outcome.stored is not None:
            self._note_references(change.ref, outcome.stored)
            stored = self.ids.with_our_ids(change.ref, outcome.stored)
            return replace(outcome, ref=change.ref, stored=stored)
        return replace(outcome, ref=change.ref)

    def _note_references(self, ref: Ref, stored: Resource) -> None:
        if self.ids.has_vacated(references(stored, self.capabilities.release)):
            self.dangling.add(ref)
        else:
            self.dangling.discard(ref)

    def _with_our_id(self, remote: RemoteResource) -> RemoteResource:
        ref = self.ids.our_ref(remote.ref)
        if self.ids and remote.resource is not None:
            self._note_references(ref, remote.resource)
        resource = remote.resource and self.ids.with_our_ids(ref, remote.resource)
        return replace(remote, ref=ref, resource=resource)


def without_expected_version(change: ChangeRequest) -> ChangeRequest:
    """A create for a server that assigns ids: what was deleted there gets another id."""
    return replace(change, expected_version="") if change.action == "create" else change
