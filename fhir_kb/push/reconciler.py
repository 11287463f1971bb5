"""Bringing one server to the desired state: plan, push, drift, rollback, pull.

with open_reconciler(folder, server, policy) as reconciler:
    plan = reconciler.plan(desired)
    result = reconciler.push(plan, approvals=("adopt",))
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.diagnostics.progress import NullProgress
from fhir_kb.push.applying.apply import apply
from fhir_kb.push.applying.log_entry import log_entry
from fhir_kb.push.applying.outcomes import ApprovedChanges
from fhir_kb.push.applying.provenance import send_provenance
from fhir_kb.push.applying.recovery import recover
from fhir_kb.push.applying.sending import Sender
from fhir_kb.push.applying.staleness import check_recomputed, check_saved_plan
from fhir_kb.push.discovery.discover import discover
from fhir_kb.push.discovery.refresh import read_contents
from fhir_kb.push.errors import PushError
from fhir_kb.push.planning.desired_state import with_new_versions
from fhir_kb.push.planning.drift import Drift, drift_of
from fhir_kb.push.planning.plan import (
    Plan,
    PlannedChange,
    approved_changes,
    is_target_absent,
    too_many_changes,
)
from fhir_kb.push.planning.planner import keys_to_read, make_plan
from fhir_kb.push.planning.policy import TargetPolicy
from fhir_kb.push.planning.scopes import (
    UNNAMED,
    PushScope,
    has_scope,
    is_push_of,
    is_restored,
    resources_in_scopes,
    scopes_text,
)
from fhir_kb.push.workspace.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from fhir_kb.diagnostics.progress import Progress
    from fhir_kb.push.applying.outcomes import PushResult
    from fhir_kb.push.planning.desired_state import DesiredResource
    from fhir_kb.push.planning.state import RecordedResource, State
    from fhir_kb.push.workspace.push_log import LogEntry
    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import FhirServer


class PushOptions(NamedTuple):
    """How a plan is applied."""

    approvals: Sequence[str] = ()
    """What the person approves: "adopt", "overwrite", "many"."""
    verify: bool = True
    """Whether what the server stored is compared with what was sent."""
    check_stale: bool = False
    """Whether the plan was made earlier: nothing is done where the server has changed since."""
    provenance: bool = False
    """Whether the push is written down on the server too, as Provenance."""


@contextlib.contextmanager
def open_reconciler(
    folder: Path, server: FhirServer, policy: TargetPolicy | None = None
) -> Iterator[Reconciler]:
    """The reconciler of a server, its workspace locked meanwhile.

    An interrupted push is recovered first: what it had sent is looked up, nothing is sent.

    Args:
        folder: The workspace.
        server: The server.
        policy: How it is treated.

    Raises:
        PushError: The workspace is in use, or cannot be read or written.
        ServerError: The server cannot be asked.
    """
    with open_workspace(folder) as workspace:
        state = workspace.states.load(server.capabilities.base)
        recovered = recover(workspace, state, server)
        yield Reconciler(workspace, server, policy or TargetPolicy(), state, recovered)


class Reconciler:
    """Plans and pushes; see `open_reconciler`."""

    def __init__(
        self,
        workspace: Workspace,
        server: FhirServer,
        policy: TargetPolicy,
        state: State,
        recovered: int | None,
    ) -> None:
        self.workspace, self.server, self.policy = workspace, server, policy
        self.state = state
        self.recovered = recovered
        """How many changes of an interrupted push the server had made; None if there was none."""

    def plan(
        self,
        desired: Mapping[str, DesiredResource],
        scope: PushScope | None = None,
        *,
        delete: bool = False,
        full: bool = False,
    ) -> Plan:
        """What has to change for the server to hold the desired state.

        Args:
            desired: The desired state.
            scope: What the plan may retire; the unnamed scope if left out.
            delete: Whether resources that are no longer defined are deleted, not retired.
            full: Whether all recorded resources are read, whatever the server says of changes.

        Raises:
            ServerError: The server cannot be asked.
        """
        capabilities = self.server.capabilities
        scope = scope or PushScope()
        if self.policy.ids == "plain":
            self.state = with_new_versions(
                self.state, desired, capabilities.client_ids, scope.names
            )
        remote_state = discover(self.server, self.state, desired, self.policy, full=full)
        arguments = desired, self.state, remote_state, self.policy, capabilities
        plan = make_plan(*arguments, scope=scope, delete=delete)
        keys = keys_to_read(plan, remote_state)
        if not keys:
            return plan
        read_contents(self.server, remote_state, keys)
        return make_plan(*arguments, scope=scope, delete=delete)

    def recomputed(
        self, saved: Plan, desired: Mapping[str, DesiredResource], scopes: Sequence[str]
    ) -> Plan:
        """The plan that a plan from a file is the same as; nothing in the file is believed.

        Args:
            saved: The plan from the file.
            desired: The desired state that it was made of.
            scopes: The scopes of that.

        Raises:
            PushError: The plan is another one, is of another scope, or is stale.
            ServerError: The server cannot be asked.
        """
        if sorted(saved.scopes) != sorted(scopes):
            raise PushError(
                f"the plan was made for {scopes_text(saved.scopes)}, not for {scopes_text(scopes)}",
                "Give --bundle FILE and --scope as when the plan was made",
                usage=True,
            )
        check_saved_plan(saved, self.server, self.state)
        now = self.plan(desired, PushScope(saved.scopes, saved.prune), delete=saved.delete)
        check_recomputed(saved, now)
        return now

    def push_before_last(self, scopes: Sequence[str] = ()) -> int:
        """The number of the push before the last of these scopes; 0 where it was the first.

        Raises:
            PushError: None of them was pushed from here.
        """
        history = self.workspace.history
        numbers = history.push_numbers()
        last = len(numbers) - 1
        while scopes and last >= 0 and not is_push_of(history.scopes_of(numbers[last]), scopes):
            last -= 1
        if scopes and last < 0:
            raise PushError(f"nothing was pushed from here as '{scopes[0]}'", usage=True)
        return numbers[last - 1] if last > 0 else 0

    def rollback(self, push: int, scopes: Sequence[str] = (), *, delete: bool = False) -> Plan:
        """What has to change for the server to be as it was after an earlier push.

        Args:
            push: The number of that push; 0 for before the first.
            scopes: Only what these hold is restored; those of the last push if left out.
            delete: Whether resources that came later are deleted, not retired.

        Raises:
            PushError: That push is not in the history.
            ServerError: The server cannot be asked.
        """
        names = tuple(scopes) or self.state.last_scopes or (UNNAMED,)
        history = self.workspace.history
        recorded = history.resources_after(push) if push else {}
        restored = {
            key: record
            for key, record in recorded.items()
            if is_restored(key, record, self.state, names)
        }
        held = {key for key, record in recorded.items() if has_scope(key, record, names)}
        left = held - restored.keys()
        desired = history.desired_state(restored)
        scope = PushScope(names, is_rollback=True, left=frozenset(left))
        return self.plan(desired, scope, delete=delete)

    def push(
        self,
        plan: Plan,
        options: PushOptions | None = None,
        *,
        progress: Progress | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> PushResult:
        """Apply a plan.

        Args:
            plan: What to do.
            options: How, and what the person approves.
            progress: Is told how far it is.
            sleep: Waits so many seconds.

        Raises:
            PushError: An approval is missing, the plan is stale, or the workspace cannot be
                written.
            ServerError: The server could not be asked before anything was sent.
        """
        options = options or PushOptions()
        approvals = options.approvals
        held = resources_in_scopes(self.state, plan.scopes)
        if reason := too_many_changes(plan, self.policy, approvals, held):
            raise PushError(reason, "Check the plan, then approve it with --allow-many", usage=True)
        if options.check_stale:
            check_saved_plan(plan, self.server, self.state)
        state = self._state_after_forgetting(plan)
        sender = Sender(self.server, self.server.capabilities.send_modes[0], sleep)
        result = apply(
            self._approved(plan, approvals),
            workspace=self.workspace,
            state=state,
            policy=self.policy,
            sender=sender,
            progress=progress or NullProgress(),
            verify=options.verify,
        )
        if result.error is None:
            self.state = state
        if options.provenance and result.applied:
            sender.mode = self.server.capabilities.send_modes[0]
            workspace = self.workspace.folder.name[-8:]
            send_provenance(result, self.state.resources, sender, workspace)
        self._log(result, plan.scopes)
        return result

    def altered(self, plan: Plan) -> list[PlannedChange]:
        """What is unchanged, but was stored otherwise than it was sent when it was pushed."""
        records = self.state.resources
        return [
            change
            for change in plan.changes
            if change.action == "unchanged"
            and change.key in records
            and records[change.key].altered
        ]

    def _state_after_forgetting(self, plan: Plan) -> State:
        """The recorded state, less what the plan forgets; what it holds, its scopes hold."""
        state = self.state.copy()
        state.refreshed_until = plan.refreshed_until or state.refreshed_until
        for change in plan.changes:
            record = state.resources.get(change.key)
            if change.action == "forget" and not change.scopes:
                state.record(change.key, None)
            elif record is not None and change.scopes != record.scopes:
                state.record(change.key, replace(record, scopes=change.scopes))
        return state

    def _approved(self, plan: Plan, approvals: Sequence[str]) -> ApprovedChanges:
        """What a plan comes to with these approvals."""
        return ApprovedChanges(
            list(approved_changes(plan, approvals)),
            [change for change in plan.changes if self._is_in_place(change)],
            [change.ref for change in plan.changes if is_target_absent(change)],
            plan.scopes,
        )

    def _is_in_place(self, change: PlannedChange) -> bool:
        """Whether the server holds what is desired, in a version that we have not written."""
        remote, record = change.remote, self.state.resources.get(change.key)
        if remote is None or remote.resource is None or change.differences:
            return False
        if change.action == "adopt":
            return True
        return (
            change.action == "unchanged" and record is not None and record.version != remote.version
        )

    def recorded(self, scopes: Sequence[str] = ()) -> dict[str, RecordedResource]:
        """The recorded resources that these scopes hold, by key; all where none is named."""
        return resources_in_scopes(self.state, scopes) if scopes else dict(self.state.resources)

    def drift(self, scopes: Sequence[str] = ()) -> list[Drift]:
        """The recorded resources that somebody else has changed or deleted; all of them are read.

        Args:
            scopes: Only what these hold; everything where none is named.

        Raises:
            ServerError: The server cannot be asked.
            PushError: The history cannot be read.
        """
        state = replace(self.state, resources=self.recorded(scopes))
        remote_state = discover(self.server, state, {}, self.policy, full=True)
        entries = (
            drift_of(
                key,
                record,
                remote_state.recorded[key],
                lambda record: self.workspace.history.content(record) or {},
                self.policy,
            )
            for key, record in sorted(state.resources.items())
        )
        return [entry for entry in entries if entry is not None]

    def pull(self, scopes: Sequence[str] = ()) -> list[Resource]:
        """The recorded resources, those of these scopes, as the server holds them now.

        Raises ServerError.
        """
        remotes = self.server.read([record.ref for record in self.recorded(scopes).values()])
        resources = [remote.resource for _, remote in sorted(remotes.items()) if not remote.deleted]
        return [resource for resource in resources if resource is not None]

    def log(self) -> list[LogEntry]:
        """An entry for each push, the oldest first. Raises PushError."""
        return self.workspace.log.entries()

    def _log(self, result: PushResult, scopes: Sequence[str]) -> None:
        if result.number:
            base = self.server.capabilities.base
            self.workspace.log.add(log_entry(result, self.state, base, scopes))
