"""Our book of one server: what we know of it, what is to be done there, and doing it.

with open_reconciler(folder, server, rules) as book:
    plan = book.plan(wanted)
    result = book.push(plan, words=("adopt",))
"""

from __future__ import annotations

import contextlib
import getpass
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from fhir_kb.push.applying.apply import apply
from fhir_kb.push.applying.outcomes import ApprovedChanges, FailedChange, Progress, PushResult
from fhir_kb.push.applying.provenance import provenances
from fhir_kb.push.applying.recovery import recover
from fhir_kb.push.applying.sending import Sender
from fhir_kb.push.applying.staleness import check_not_stale
from fhir_kb.push.discovery.discover import discover, read_in_full
from fhir_kb.push.errors import PushError
from fhir_kb.push.planning.desired_state import initial_ref
from fhir_kb.push.planning.differences import Difference, differences
from fhir_kb.push.planning.order import Unit
from fhir_kb.push.planning.plan import (
    Plan,
    PlannedChange,
    approved_changes,
    is_target_absent,
    too_many_changes,
)
from fhir_kb.push.planning.planner import keys_to_read, make_plan
from fhir_kb.push.planning.policy import TargetPolicy, without
from fhir_kb.push.workspace.files import AppendOnlyFile, damaged, lines_of, locked
from fhir_kb.push.workspace.history import desired_state_after, load_contents, pushes
from fhir_kb.push.workspace.state_store import load_state
from fhir_kb.servers.content import content_digest, without_server_elements
from fhir_kb.servers.protocol import Rejected, ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from fhir_kb.push.planning.desired_state import DesiredResource
    from fhir_kb.push.planning.state import RecordedResource, State
    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import FhirServer, Ref, RemoteResource


@dataclass(frozen=True, slots=True)
class Drift:
    """Something of ours that is no longer as we left it. gone: it was deleted."""

    key: str
    live: RemoteResource
    differences: tuple[Difference, ...] = ()
    gone: bool = False


@contextlib.contextmanager
def open_reconciler(
    folder: Path, server: FhirServer, rules: TargetPolicy | None = None
) -> Iterator[Reconciler]:
    """The book of a server, kept in `folder`; nobody else can open it meanwhile.

    A push that broke off is brought to its end: what it had sent is looked up, nothing is sent.
    Raises PushError and ServerError.
    """
    with locked(folder):
        state = load_state(folder, server.capabilities.base)
        recovered = recover(folder, state, server)
        yield Reconciler(folder, server, rules or TargetPolicy(), state, recovered)


class Reconciler:
    """See `open_reconciler`. recovered: how many changes of an interrupted push had been made; -1
    where none had been interrupted.
    """

    def __init__(
        self, folder: Path, server: FhirServer, rules: TargetPolicy, state: State, recovered: int
    ) -> None:
        self.folder, self.server, self.rules = folder, server, rules
        self.state, self.recovered = state, recovered
        self._bodies: dict[int, dict[str, Resource]] = {}

    def plan(
        self, wanted: Mapping[str, DesiredResource], *, delete: bool = False, full: bool = False
    ) -> Plan:
        """What has to be done for the server to be as wanted.

        delete: what is no longer defined shall be deleted, not retired. full: read everything from
        the server, whatever we believe to know. Raises ServerError.
        """
        profile = self.server.capabilities
        if self.rules.ids == "plain":
            self.state = renamed(self.state, wanted, profile.client_ids)
        learned = discover(self.server, self.state, wanted, self.rules, full=full)
        plan = make_plan(wanted, self.state, learned, self.rules, profile, delete=delete)
        needed = keys_to_read(plan, learned)
        if not needed:
            return plan
        read_in_full(self.server, learned, needed)
        return make_plan(wanted, self.state, learned, self.rules, profile, delete=delete)

    def before_last(self) -> int:
        """The push before the last; 0 where there was only one."""
        known = pushes(self.folder)
        return known[-2] if len(known) > 1 else 0

    def rollback(self, push: int, *, delete: bool = False) -> Plan:
        """What has to be done for the server to be as after an earlier push; 0: before the first.

        Raises PushError where nothing is known of it.
        """
        return self.plan(desired_state_after(self.folder, push) if push else {}, delete=delete)

    def push(
        self,
        plan: Plan,
        *,
        words: Sequence[str] = (),
        watch: Progress,
        verify: bool = True,
        sleep: Callable[[float], None] = time.sleep,
        check: bool = False,
        provenance: bool = False,
    ) -> PushResult:
        """Do what a plan says.

        words: what the person allows: "adopt", "overwrite", "many". check: the plan was made some
        time ago; nothing is done where the server has moved since. provenance: say on the server
        what was done, as Provenance. Raises PushError where the
        person has to say a word first, ServerError where nothing could be begun.
        """
        if refusal := too_many_changes(plan, self.rules, words):
            raise PushError(
                refusal, "Look at the plan, then allow it with --allow-many", usage=True
            )
        if check:
            check_not_stale(plan, self.server)
        state = self.state.copy()
        state.seen = plan.seen or state.seen
        for item in plan.items:
            if item.kind == "forget":
                state.records.pop(item.key, None)
        sender = Sender(self.server, self.server.capabilities.send_modes[0], sleep)
        todo = ApprovedChanges(
            list(approved_changes(plan, words)),
            [item for item in plan.items if self._is_noted(item)],
            [item.ref for item in plan.items if is_target_absent(item)],
        )
        result = apply(
            todo,
            folder=self.folder,
            state=state,
            rules=self.rules,
            sender=sender,
            watch=watch,
            verify=verify,
        )
        if result.failure is None:
            self.state = state
        if provenance and result.made:
            self._say_so(result, sender)
        self._log(result)
        return result

    def _is_noted(self, item: PlannedChange) -> bool:
        """Whether it stands there as it is wanted, in a version that we have not written."""
        live, record = item.there, self.state.records.get(item.key)
        if live is None or live.resource is None or item.differences:
            return False
        if item.kind == "adopt":
            return True
        return item.kind == "unchanged" and record is not None and record.version != live.version

    def drift(self) -> list[Drift]:
        """What of ours is no longer as we left it. Reads everything of ours. Raises ServerError."""
        learned = discover(self.server, self.state, {}, self.rules, full=True)
        found = []
        for key, record in sorted(self.state.records.items()):
            live = learned.known[key]
            if live.deleted:
                found.append(Drift(key, live, gone=True))
                continue
            assert live.resource is not None
            if content_digest(live.resource) == record.stored:
                continue
            skipped = (*self.rules.ignored, *self.rules.theirs)
            ours = without(self.sent(record), skipped)
            changes = tuple(
                differences(ours, without(without_server_elements(live.resource), skipped))
            )
            if changes:
                found.append(Drift(key, live, changes))
        return found

    def pull(self) -> list[Resource]:
        """What stands there because of us, as it is now, by place. Raises ServerError."""
        there = self.server.read([record.ref for record in self.state.records.values()])
        found = [live.resource for _, live in sorted(there.items()) if not live.deleted]
        return [one for one in found if one is not None]

    def log(self) -> list[dict[str, Any]]:
        """A line for each push, the oldest first: who, when, what. Raises PushError."""
        path = self.folder / "log.jsonl"
        try:
            return [orjson.loads(line) for line in lines_of(path)]
        except ValueError as error:
            raise damaged(path) from error

    def sent(self, record: RecordedResource) -> Resource:
        """What we sent to a record's place; empty where it is not known. Raises PushError."""
        if record.push not in self._bodies:
            self._bodies[record.push] = load_contents(self.folder, record.push)
        return self._bodies[record.push].get(record.sent, {})

    def _say_so(self, result: PushResult, sender: Sender) -> None:
        """Provenance of what was made; that it cannot be made is told like any other refusal."""
        changes = provenances(
            result.number,
            [made for made in result.made if made.item.body is not None],
            self.state.records,
            who=_who(),
            when=_now(),
            book=self.folder.name[-8:],
        )
        for change in changes:
            item = PlannedChange(
                "create", str(change.ref), change.ref, str(change.ref), change.body
            )
            if self.server.capabilities.client_ids == "no":
                text = "not sent: the server gives ids itself, so it could not be found again"
                result.not_made.append(FailedChange(item, text))
                return
            try:
                (outcome,) = sender.make([Unit((change,), 0)]).values()
            except ServerError as error:
                result.not_made.append(FailedChange(item, error.message))
                return
            if isinstance(outcome, Rejected):
                result.not_made.append(FailedChange(item, outcome.text, outcome))

    def _log(self, result: PushResult) -> None:
        """A line for whoever asks later who did what."""
        if not result.number:
            return
        line = {
            "time": _now(),
            "who": _who(),
            "server": self.server.capabilities.base,
            "push": result.number,
            "made": [
                [
                    made.item.kind,
                    str(_place(self.state, made.item)),
                    made.item.name,
                    _version(self.state, made.item.key),
                ]
                for made in result.made
            ],
            "refused": [[one.item.kind, str(one.item.ref), one.text] for one in result.not_made],
            "failure": str(result.failure) if result.failure else "",
        }
        log = AppendOnlyFile(self.folder / "log.jsonl")
        log.add(orjson.dumps(line), sure=True)
        log.close()


def renamed(state: State, wanted: Mapping[str, DesiredResource], client_ids: str) -> State:
    """The state where new versions of artifacts take over the places of the old ones."""
    result = state.copy()
    left = {key: record for key, record in state.records.items() if key not in wanted}
    places: dict[object, str] = {record.ref: key for key, record in left.items()}
    if client_ids == "no":  # places say nothing there: the canonical url does
        places = {key.partition("|")[0]: key for key in left if "|" in key}
    for key, one in wanted.items():
        place = one.place or initial_ref(one, "plain", client_ids)
        old = places.get(key.partition("|")[0] if client_ids == "no" else place)
        if key not in state.records and old is not None and old in result.records:
            result.records[key] = result.records.pop(old)
    return result


def _version(state: State, key: str) -> list[str]:
    record = state.records.get(key)
    return [record.version, record.sent] if record else []


def _place(state: State, item: PlannedChange) -> Ref:
    """Where it stands: of something new, the server may have chosen that."""
    record = state.records.get(item.key)
    return record.ref if record else item.ref


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
