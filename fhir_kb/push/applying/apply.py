"""Doing what a plan says, so that it can be broken off at any moment and gone on with."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING

from fhir_kb.emit import compact_json
from fhir_kb.push.applying.outcomes import (
    AppliedChange,
    ApprovedChanges,
    FailedChange,
    Progress,
    PushResult,
)
from fhir_kb.push.errors import PushError
from fhir_kb.push.planning.order import Chunk, Unit, chunks
from fhir_kb.push.planning.state import RecordedResource, instant
from fhir_kb.push.workspace.history import append_contents, finish, save_contents
from fhir_kb.push.workspace.journal import Journal, SentChange
from fhir_kb.push.workspace.state_store import save_state
from fhir_kb.servers.assigned_ids import AssignedIds, without_expected_version
from fhir_kb.servers.content import (
    Loss,
    content_digest,
    losses,
    references,
    without_server_elements,
)
from fhir_kb.servers.protocol import Applied, Outcome, Ref, Rejected, ServerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from fhir_kb.push.applying.sending import Sender
    from fhir_kb.push.planning.plan import PlannedChange
    from fhir_kb.push.planning.policy import TargetPolicy
    from fhir_kb.push.planning.state import State
    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import ChangeRequest


def apply(
    todo: ApprovedChanges,
    *,
    folder: Path,
    state: State,
    rules: TargetPolicy,
    sender: Sender,
    watch: Progress,
    verify: bool = True,
) -> PushResult:
    """Make the changes. The folder is held by the caller; `state` is brought up to date and kept.

    verify: compare what the server stored with what was sent. Raises PushError where our own disk
    stands in the way; failures of the server are in the result.
    """
    if not todo.changes and not todo.noted:
        save_state(folder, state)
        return PushResult()
    push = _Push(todo, folder, state, rules, sender, watch, verify=verify)
    return push.run(todo.noted)


class _Push:
    def __init__(
        self,
        todo: ApprovedChanges,
        folder: Path,
        state: State,
        rules: TargetPolicy,
        sender: Sender,
        watch: Progress,
        *,
        verify: bool,
    ) -> None:
        self.items = {change.ref: item for item, change in todo.changes}
        self.changes = [change for _, change in todo.changes]
        self.placing: AssignedIds | None = None
        if sender.server.capabilities.client_ids == "no":
            self.changes = [without_expected_version(change) for change in self.changes]
            self.placing = AssignedIds(sender.server, self.changes)
            sender = replace(sender, server=self.placing)
        self.server, self.folder, self.state, self.rules = sender.server, folder, state, rules
        self.sender, self.watch, self.verify = sender, watch, verify
        self.number = state.pushes + 1
        self.result = PushResult(self.number)
        self.digests: dict[Ref, str] = {}
        self.finals: dict[Ref, str] = {}
        self.failed = {str(ref) for ref in todo.absent}

    def run(self, noted: Sequence[PlannedChange]) -> PushResult:
        """All of it."""
        save_contents(self.folder, self.number, self._bodies(noted))
        self.state.pushes = self.number
        journal = Journal(self.folder, self.number)
        try:
            self._send_all(journal)
        finally:
            journal.close()
        if self.result.failure is None:
            self._finish()
        return self.result

    def _bodies(self, noted: Sequence[PlannedChange]) -> Iterator[tuple[str, bytes]]:
        """What is to be kept of the contents, by digest."""
        for item in noted:
            yield self._note(item)
        for change in self.changes:
            resource = change.resource
            if resource is not None:
                name = self.digests[change.ref] = content_digest(resource)
                yield name, change.content

    def _note(self, item: PlannedChange) -> tuple[str, bytes]:
        live, wanted = item.there, item.wanted
        assert live is not None
        assert live.resource is not None
        assert wanted is not None
        name = content_digest(wanted)
        self.state.records[item.key] = RecordedResource(
            live.ref, live.version, live.updated, name, content_digest(live.resource),
            self.number, item.retired,
        )  # fmt: skip
        return name, compact_json(wanted)

    def _finish(self) -> None:
        if not self.state.seen:
            updates = [one.updated for one in self.state.records.values() if one.updated]
            self.state.seen = min(updates, key=instant, default="")
        finish(self.folder, self.state)

    def _chunks(self) -> list[Chunk]:
        profile = self.server.capabilities
        before = {
            str(ref): item.there.resource
            for ref, item in self.items.items()
            if item.there is not None and item.there.resource is not None
        }
        return chunks(
            self.changes,
            entries=1
            if self.sender.way == "single"
            else _least(self.rules.entries, profile.max_entries),
            bytes_=_least(self.rules.bytes_, profile.max_bytes),
            alone=self.sender.way != "transaction",
            before=before,
        )

    def _send_all(self, journal: Journal) -> None:
        """Every chunk after those that it needs; as many at once as the server takes."""
        waiting = {chunk.number: chunk for chunk in self._chunks()}
        self.watch.stage("pushing", len(self.changes))
        most = limit = max(1, self.rules.at_once)
        running: dict[Future[Mapping[Ref, Outcome]], Chunk] = {}
        finished: set[int] = set()
        busy = 0
        with ThreadPoolExecutor(most) as pool:
            while waiting or running:
                for chunk in list(waiting.values()):
                    if len(running) < limit and chunk.needs <= finished and not self._broken:
                        del waiting[chunk.number]
                        units = self._still_possible(chunk)
                        running[pool.submit(self._send, journal, units)] = chunk
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    chunk = running.pop(future)
                    finished.add(chunk.number)
                    self._take(journal, future)
                    slower = self.sender.busy > busy
                    busy = self.sender.busy
                    limit = max(1, limit // 2) if slower else min(most, limit + 1)
        for chunk in waiting.values():
            for change in chunk.changes:
                self._not_made(change.ref, "not sent: the push broke off before")

    @property
    def _broken(self) -> bool:
        return self.result.failure is not None

    def _still_possible(self, chunk: Chunk) -> list[Unit]:
        """What of a chunk does not refer to something that could not be made."""
        possible = []
        if not self.failed:
            return chunk.units
        for unit in chunk.units:
            needs = {
                name
                for change in unit.changes
                for name in references(change.resource or {})
                if name in self.failed
            }
            if not needs:
                possible.append(unit)
                continue
            for change in unit.changes:
                self._not_made(change.ref, f"not sent: it refers to {min(needs)}")
        return possible

    def _send(self, journal: Journal, units: Sequence[Unit]) -> Mapping[Ref, Outcome]:
        """In a thread of its own: nothing here touches what others use, but the journal."""
        if not units:
            return {}
        journal.sending(self._sent(change) for unit in units for change in unit.changes)
        return self.sender.make(units)

    def _sent(self, change: ChangeRequest) -> SentChange:
        item = self.items[change.ref]
        name = self.digests.get(change.ref, "")
        return SentChange(
            change.action, change.ref, item.key, change.expected_version, name, item.retired
        )

    def _take(self, journal: Journal, future: Future[Mapping[Ref, Outcome]]) -> None:
        try:
            outcomes = future.result()
        except (ServerError, PushError) as error:
            self.result.failure = self.result.failure or error
            return
        done = {ref: one for ref, one in outcomes.items() if isinstance(one, Applied)}
        refused = {ref: one for ref, one in outcomes.items() if isinstance(one, Rejected)}
        try:
            stored = self._stored(done)
        except ServerError as error:
            self.result.failure = error
            return
        self._keep_final(done)
        records = {
            self.items[ref].key: self._done(one, stored.get(ref)) for ref, one in done.items()
        }
        for ref, refusal in refused.items():
            self._not_made(ref, refusal.text, refusal)
        journal.done(records)
        journal.not_done(self.items[ref].key for ref in refused)
        for key, record in records.items():
            if record is None:
                self.state.records.pop(key, None)
            else:
                self.state.records[key] = record
        self.watch.advance(len(outcomes))

    def _stored(self, done: Mapping[Ref, Applied]) -> dict[Ref, Resource]:
        """What the server made of what was sent: what it answered, or else what it answers now."""
        found = {ref: one.stored for ref, one in done.items() if one.stored is not None}
        asked = [ref for ref in done if self.verify and ref in self.digests and ref not in found]
        for ref, live in (self.server.read(asked) if asked else {}).items():
            if live.resource is not None and live.version == done[ref].version:
                found[ref] = live.resource
        return found

    def _done(self, done: Applied, stored: Resource | None) -> RecordedResource | None:
        item = self.items[done.ref]
        if item.body is None:
            self.result.made.append(AppliedChange(item))
            return None
        ref, sent = done.ref, self.digests[done.ref]
        if self.placing is not None:
            ref, sent = self.placing.server_ref(ref), self.finals.get(ref, sent)
            stored = stored and self.placing.as_stored(done.ref, stored)
        name = ""
        lost: tuple[Loss, ...] = ()
        if stored is not None:
            name = content_digest(stored)
            lost = (
                ()
                if name == sent
                else tuple(losses(self._final(item), without_server_elements(stored)))
            )
        new = item.there is None or item.there.deleted
        self.result.made.append(
            AppliedChange(item, lost if self.verify else (), new and not done.created)
        )
        return RecordedResource(
            ref, done.version, done.updated, sent, name, self.number, item.retired
        )

    def _keep_final(self, done: Iterable[Ref]) -> None:
        """Keep contents as they stand there: references became known only with the answers."""
        if self.placing is None:
            return
        finals = {ref: self._final(self.items[ref]) for ref in done if ref in self.digests}
        self.finals = {ref: content_digest(body) for ref, body in finals.items()}
        bodies = ((self.finals[ref], compact_json(body)) for ref, body in finals.items())
        append_contents(self.folder, self.number, bodies)

    def _final(self, item: PlannedChange) -> Resource:
        """What shall stand there, with all places that are known by now."""
        wanted = item.wanted
        assert wanted is not None
        return self.placing.as_stored(item.ref, wanted) if self.placing else wanted

    def _not_made(self, ref: Ref, text: str, refused: Rejected | None = None) -> None:
        self.failed.add(str(ref))
        self.result.not_made.append(FailedChange(self.items[ref], text, refused))


def _least(ours: int, theirs: int) -> int:
    return min(ours, theirs) if theirs else ours
