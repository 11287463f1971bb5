"""Applying a plan, so that it can be interrupted at any moment and continued."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from fhir_kb.emit import compact_json
from fhir_kb.push.applying.outcomes import (
    AppliedChange,
    ApprovedChanges,
    FailedChange,
    PushResult,
)
from fhir_kb.push.applying.scheduling import ChunkScheduler, possible_units
from fhir_kb.push.applying.verification import responded, verified
from fhir_kb.push.errors import PushError
from fhir_kb.push.planning.order import Chunk, Unit, chunks
from fhir_kb.push.planning.state import RecordedResource
from fhir_kb.push.workspace.journal import Journal, SentChange
from fhir_kb.servers.assigned_ids import AssignedIds, without_expected_version
from fhir_kb.servers.content import (
    Loss,
    content_digest,
    losses,
    without_server_elements,
)
from fhir_kb.servers.protocol import (
    Applied,
    ChangeRequest,
    NotSupportedError,
    Outcome,
    Ref,
    Rejected,
    ServerError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from fhir_kb.diagnostics.progress import Progress
    from fhir_kb.push.applying.sending import Sender
    from fhir_kb.push.planning.plan import PlannedChange
    from fhir_kb.push.planning.policy import TargetPolicy
    from fhir_kb.push.planning.state import State
    from fhir_kb.push.workspace.workspace import Workspace
    from fhir_kb.servers.content import Resource

_Sent: TypeAlias = "dict[Ref, Outcome] | list[ChangeRequest] | ServerError | PushError"
"""What became of a chunk: of each change, or why it is not known. A list: the server refuses the
mode, and these were not made."""


def apply(
    approved: ApprovedChanges,
    *,
    workspace: Workspace,
    state: State,
    policy: TargetPolicy,
    sender: Sender,
    progress: Progress,
    verify: bool = True,
) -> PushResult:
    """Make the approved changes.

    Args:
        approved: What to do.
        workspace: Where it is written down before and after it is done.
        state: The recorded state; it is brought up to date and saved.
        policy: How the server is treated.
        sender: Sends the changes.
        progress: Is told how far it is.
        verify: Whether what the server stored is compared with what was sent.

    Returns:
        What was done and what was not; errors of the server are in it.

    Raises:
        PushError: The workspace cannot be written.
    """
    if not approved.changes and not approved.in_place:
        workspace.states.save(state)
        return PushResult()
    push = _Push(approved, workspace, state, policy, sender, progress, verify=verify)
    return push.run(approved.in_place)


class _Push:
    def __init__(
        self,
        approved: ApprovedChanges,
        workspace: Workspace,
        state: State,
        policy: TargetPolicy,
        sender: Sender,
        progress: Progress,
        *,
        verify: bool,
    ) -> None:
        self.planned = {change.ref: planned for planned, change in approved.changes}
        self.changes = [change for _, change in approved.changes]
        if sender.server.capabilities.client_ids == "no":
            self.changes = [without_expected_version(change) for change in self.changes]
        self.server = AssignedIds(sender.server, self.changes)
        self.ids = self.server.ids
        self.workspace, self.state = workspace, state
        self.sender, self.policy = replace(sender, server=self.server), policy
        self.progress, self.verify = progress, verify
        self.number = state.last_push + 1
        self.result = PushResult(self.number)
        self.sent_digests: dict[Ref, str] = {}
        self.final_digests: dict[Ref, str] = {}
        self.missing = {str(ref) for ref in approved.absent}
        self.refused: list[ChangeRequest] = []
        """What was not made because the server refuses the mode in which it was sent."""
        self.scopes = approved.scopes

    def run(self, in_place: Sequence[PlannedChange]) -> PushResult:
        """Record what is in place, then send the rest."""
        self.workspace.history.save_contents(self.number, self._contents(in_place))
        self.state.last_push, self.state.last_scopes = self.number, self.scopes
        journal = self.workspace.begin_push(self.number, self.scopes)
        try:
            self._send_all(journal)
        finally:
            journal.close()
        if self.result.error is None:
            self.state.begin_refreshing()
            self.workspace.end_push(self.state)
        return self.result

    def _contents(self, in_place: Sequence[PlannedChange]) -> Iterator[tuple[str, bytes]]:
        """The contents to keep, with their digests."""
        for planned in in_place:
            yield self._record_in_place(planned)
        for change in self.changes:
            resource = change.resource
            if resource is not None:
                name = self.sent_digests[change.ref] = content_digest(resource)
                yield name, change.content

    def _record_in_place(self, planned: PlannedChange) -> tuple[str, bytes]:
        remote, desired = planned.remote, planned.desired
        assert remote is not None
        assert remote.resource is not None
        assert desired is not None
        sent_digest, stored_digest = content_digest(desired), content_digest(remote.resource)
        self.state.resources[planned.key] = RecordedResource(
            remote.ref, remote.version, remote.updated, sent_digest, stored_digest, self.number,
            planned.retired, planned.scopes,
        )  # fmt: skip
        return sent_digest, compact_json(desired)

    def _chunks(self, changes: Sequence[ChangeRequest]) -> list[Chunk]:
        profile = self.server.capabilities
        entries = 1 if self.sender.mode == "single" else self.policy.max_entries
        before = {
            str(ref): planned.remote.resource
            for ref, planned in self.planned.items()
            if planned.remote is not None and planned.remote.resource is not None
        }
        return chunks(
            changes,
            max_entries=_smaller(entries, profile.max_entries),
            max_bytes=_smaller(self.policy.max_bytes, profile.max_bytes),
            independent_entries=self.sender.mode != "transaction"
            or self.server.has_late_links(changes),
            before=before,
            release=profile.release,
        )

    def _send_all(self, journal: Journal) -> None:
        """Send every chunk after those that it depends on; again in the mode that is left."""
        self.progress.stage("pushing", len(self.changes))
        changes: Sequence[ChangeRequest] = self.changes
        while changes:
            scheduler = ChunkScheduler(self._chunks(changes), self.policy.max_concurrent)
            scheduler.run(
                task=lambda chunk: self._task(journal, chunk),
                done=lambda outcomes: self._note(journal, outcomes),
                overloaded=lambda: self.sender.busy,
                stopped=lambda: self.result.error is not None or bool(self.refused),
            )
            changes = [change for chunk in scheduler.waiting for change in chunk.changes]
            if self.result.error is not None:
                break
            changes, self.refused = [*self.refused, *changes], []
            self.sender.mode = self.server.capabilities.send_modes[0]
        for change in changes:
            self._fail(change.ref, "not sent: the push was interrupted before")

    def _task(self, journal: Journal, chunk: Chunk) -> Callable[[], _Sent]:
        """What sends a chunk in a thread of its own: it shares nothing but the journal."""
        units = self._possible_units(chunk)
        return lambda: self._send(journal, units)

    def _possible_units(self, chunk: Chunk) -> list[Unit]:
        """The units of a chunk that refer to nothing that could not be made."""
        possible, missing = possible_units(
            chunk.units, self.missing, self.server.capabilities.release
        )
        for ref, reference in missing.items():
            self._fail(ref, f"not sent: it refers to {reference}, which is not on the server")
        return possible

    def _send(self, journal: Journal, units: Sequence[Unit]) -> _Sent:
        if not units:
            return {}
        changes = [change for unit in units for change in unit.changes]
        try:
            journal.sending(self._sent_change(change) for change in changes)
            return self.sender.send(units)
        except NotSupportedError:
            return changes
        except (ServerError, PushError) as error:
            return error

    def _sent_change(self, change: ChangeRequest) -> SentChange:
        planned = self.planned[change.ref]
        sent_digest = self.sent_digests.get(change.ref, "")
        return SentChange(
            change.action,
            change.ref,
            planned.key,
            change.expected_version,
            sent_digest,
            planned.retired,
            planned.scopes,
        )

    def _note(self, journal: Journal, outcomes: _Sent) -> None:
        """Take the outcomes of a chunk into result, state and journal."""
        if isinstance(outcomes, (ServerError, PushError)):
            self.result.error = self.result.error or outcomes
            return
        if isinstance(outcomes, list):
            self.refused += outcomes
            journal.not_done(self.planned[change.ref].key for change in outcomes)
            return
        applied = {ref: entry for ref, entry in outcomes.items() if isinstance(entry, Applied)}
        refused = {ref: entry for ref, entry in outcomes.items() if isinstance(entry, Rejected)}
        try:
            applied = self._corrected(applied)
            stored, refuted = (
                verified(self.server, applied, self.planned, self.sender.sleep)
                if self.verify
                else responded(applied)
            )
        except ServerError as error:
            self.result.error = error
            return
        applied = {ref: entry for ref, entry in applied.items() if ref not in refuted}
        refused |= refuted
        self._keep_final_contents(applied)
        records = {
            self.planned[ref].key: self._applied(entry, stored.get(ref))
            for ref, entry in applied.items()
        }
        for ref, refusal in refused.items():
            self._fail(ref, refusal.text, refusal)
        journal.done(records)
        journal.not_done(self.planned[ref].key for ref in refused)
        for key, record in records.items():
            self.state.record(key, record)
        self.progress.advance(len(outcomes))

    def _corrected(self, applied: dict[Ref, Applied]) -> dict[Ref, Applied]:
        """The outcomes, once what was sent refers to where the server has put the rest of it."""
        corrections = [
            ChangeRequest("update", ref, self.planned[ref].desired, entry.version)
            for ref, entry in applied.items()
            if ref in self.server.dangling and ref in self.sent_digests
        ]
        if not corrections:
            return applied
        outcomes = self.sender.send([Unit((change,), 0) for change in corrections])
        corrected = {
            ref: replace(outcome, created=applied[ref].created)
            for ref, outcome in outcomes.items()
            if isinstance(outcome, Applied)
        }
        return {**applied, **corrected}

    def _applied(self, applied: Applied, stored: Resource | None) -> RecordedResource | None:
        """Note an applied change; what is recorded of it, None for a deletion."""
        planned = self.planned[applied.ref]
        if planned.body is None:
            self.result.applied.append(AppliedChange(planned))
            return None
        ref = self.ids.server_ref(applied.ref)
        sent_digest = self.final_digests.get(applied.ref, self.sent_digests[applied.ref])
        if stored is not None and applied.ref in self.server.dangling:
            stored = self.ids.as_dangling(stored)
        stored = stored and self.ids.as_stored(applied.ref, stored)
        stored_digest = ""
        lost: tuple[Loss, ...] = ()
        if stored is not None:
            stored_digest = content_digest(stored)
            if stored_digest != sent_digest:
                lost = tuple(losses(self._final_content(planned), without_server_elements(stored)))
            if self.server.has_placeholders(stored):
                sent_digest = ""  # so the next plan corrects it
        # A server may respond 200 to every PUT; a first version has replaced nothing.
        replaced = planned.is_new and not applied.created and applied.version != "1"
        self.result.applied.append(
            AppliedChange(
                planned,
                lost if self.verify else (),
                replaced,
                self.ids.relocated.get(applied.ref),
            )
        )
        return RecordedResource(
            ref, applied.version, applied.updated, sent_digest, stored_digest, self.number,
            planned.retired, planned.scopes, altered=bool(lost),
        )  # fmt: skip

    def _keep_final_contents(self, refs: Iterable[Ref]) -> None:
        """Keep contents as they are on the server: only its response told what they refer to."""
        if not self.ids:
            return
        contents = {
            ref: self._final_content(self.planned[ref]) for ref in refs if ref in self.sent_digests
        }
        self.final_digests = {ref: content_digest(content) for ref, content in contents.items()}
        lines = (
            (self.final_digests[ref], compact_json(content)) for ref, content in contents.items()
        )
        self.workspace.history.append_contents(self.number, lines)

    def _final_content(self, planned: PlannedChange) -> Resource:
        """What the server has to hold, with all ids that it has assigned by now."""
        desired = planned.desired
        assert desired is not None
        return self.ids.as_stored(planned.ref, desired)

    def _fail(self, ref: Ref, reason: str, rejection: Rejected | None = None) -> None:
        self.missing.add(str(ref))
        self.result.failed.append(FailedChange(self.planned[ref], reason, rejection))


def _smaller(ours: int, theirs: int) -> int:
    """The smaller limit; the server's is 0 where it has none."""
    return min(ours, theirs) if theirs else ours
