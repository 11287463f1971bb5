"""Bringing one server to the desired state: plan, push, drift, rollback, pull.

with open_reconciler(folder, server, policy) as reconciler:
    plan = reconciler.plan(desired)
    result = reconciler.push(plan, approvals=("adopt",))
"""

from __future__ import annotations

import contextlib
import getpass
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.diagnostics.progress import NullProgress
from fhir_kb.push.applying.apply import apply
from fhir_kb.push.applying.outcomes import ApprovedChanges, FailedChange
from fhir_kb.push.applying.provenance import provenances
from fhir_kb.push.applying.recovery import recover
from fhir_kb.push.applying.sending import Sender
from fhir_kb.push.applying.staleness import check_saved_plan
from fhir_kb.push.discovery.discover import discover
from fhir_kb.push.discovery.refresh import read_contents
from fhir_kb.push.errors import PushError
from fhir_kb.push.planning.desired_state import with_new_versions
from fhir_kb.push.planning.drift import Drift, drift_of
from fhir_kb.push.planning.order import Unit
from fhir_kb.push.planning.plan import (
    Plan,
    PlannedChange,
    approved_changes,
    is_target_absent,
    too_many_changes,
)
from fhir_kb.push.planning.planner import keys_to_read, make_plan
from fhir_kb.push.planning.policy import TargetPolicy
from fhir_kb.push.workspace.push_log import LogEntry
from fhir_kb.push.workspace.workspace import Workspace, open_workspace
from fhir_kb.servers.protocol import Rejected, ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from fhir_kb.diagnostics.progress import Progress
    from fhir_kb.push.applying.outcomes import PushResult
    from fhir_kb.push.planning.desired_state import DesiredResource
    from fhir_kb.push.planning.state import State
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
        self, desired: Mapping[str, DesiredResource], *, delete: bool = False, full: bool = False
    ) -> Plan:
        """What has to change for the server to hold the desired state.

        Args:
            desired: The desired state.
            delete: Whether resources that are no longer defined are deleted, not retired.
            full: Whether all recorded resources are read, whatever the server says of changes.

        Raises:
            ServerError: The server cannot be asked.
        """
        capabilities = self.server.capabilities
        if self.policy.ids == "plain":
            self.state = with_new_versions(self.state, desired, capabilities.client_ids)
        remote_state = discover(self.server, self.state, desired, self.policy, full=full)
        arguments = desired, self.state, remote_state, self.policy, capabilities
        plan = make_plan(*arguments, delete=delete)
        keys = keys_to_read(plan, remote_state)
        if not keys:
            return plan
        read_contents(self.server, remote_state, keys)
        return make_plan(*arguments, delete=delete)

    def push_before_last(self) -> int:
        """The number of the push before the last; 0 where there was only one."""
        numbers = self.workspace.history.push_numbers()
        return numbers[-2] if len(numbers) > 1 else 0

    def rollback(self, push: int, *, delete: bool = False) -> Plan:
        """What has to change for the server to be as it was after an earlier push.

        Args:
            push: The number of that push; 0 for before the first.
            delete: Whether resources that came later are deleted, not retired.

        Raises:
            PushError: That push is not in the history.
            ServerError: The server cannot be asked.
        """
        desired = self.workspace.history.desired_state_after(push) if push else {}
        return self.plan(desired, delete=delete)

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
        if reason := too_many_changes(plan, self.policy, approvals):
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
            self._send_provenance(result, sender)
        self._log(result)
        return result

    def _state_after_forgetting(self, plan: Plan) -> State:
        """The recorded state, less what the plan forgets."""
        state = self.state.copy()
        state.refreshed_until = plan.refreshed_until or state.refreshed_until
        for change in plan.changes:
            if change.action == "forget":
                state.record(change.key, None)
        return state

    def _approved(self, plan: Plan, approvals: Sequence[str]) -> ApprovedChanges:
        """What a plan comes to with these approvals."""
        return ApprovedChanges(
            list(approved_changes(plan, approvals)),
            [change for change in plan.changes if self._is_in_place(change)],
            [change.ref for change in plan.changes if is_target_absent(change)],
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

    def drift(self) -> list[Drift]:
        """The recorded resources that somebody else has changed or deleted; all of them are read.

        Raises:
            ServerError: The server cannot be asked.
            PushError: The history cannot be read.
        """
        remote_state = discover(self.server, self.state, {}, self.policy, full=True)
        entries = (
            drift_of(
                key,
                record,
                remote_state.recorded[key],
                lambda record: self.workspace.history.content(record) or {},
                self.policy,
            )
            for key, record in sorted(self.state.resources.items())
        )
        return [entry for entry in entries if entry is not None]

    def pull(self) -> list[Resource]:
        """The recorded resources as the server holds them now. Raises ServerError."""
        remotes = self.server.read([record.ref for record in self.state.resources.values()])
        resources = [remote.resource for _, remote in sorted(remotes.items()) if not remote.deleted]
        return [resource for resource in resources if resource is not None]

    def log(self) -> list[LogEntry]:
        """An entry for each push, the oldest first. Raises PushError."""
        return self.workspace.log.entries()

    def _send_provenance(self, result: PushResult, sender: Sender) -> None:
        """Send Provenance of what was applied; where that fails, the result says so."""
        for change in provenances(
            result.number,
            [entry for entry in result.applied if entry.change.body is not None],
            self.state.resources,
            user=_user(),
            recorded_at=_now(),
            workspace=self.workspace.folder.name[-8:],
        ):
            name = str(change.ref)
            planned = PlannedChange("create", name, change.ref, name, change.body)
            if self.server.capabilities.client_ids == "no":
                reason = "not sent: the server assigns ids itself, so it could not be found again"
                result.failed.append(FailedChange(planned, reason))
                return
            try:
                (outcome,) = sender.send([Unit((change,), 0)]).values()
            except ServerError as error:
                result.failed.append(FailedChange(planned, error.message))
                return
            if isinstance(outcome, Rejected):
                result.failed.append(FailedChange(planned, outcome.text, outcome))

    def _log(self, result: PushResult) -> None:
        if not result.number:
            return
        applied = []
        for entry in result.applied:
            change = entry.change
            record = self.state.resources.get(change.key)
            applied.append(
                {
                    "action": change.action,
                    "reference": str(record.ref if record else change.ref),
                    "name": change.name,
                    "version": record.version if record else "",
                    "digest": record.sent_digest if record else "",
                }
            )
        failed = [
            {
                "action": entry.change.action,
                "reference": str(entry.change.ref),
                "reason": entry.reason,
            }
            for entry in result.failed
        ]
        error = str(result.error) if result.error else ""
        self.workspace.log.add(
            LogEntry(
                _now(),
                _user(),
                self.server.capabilities.base,
                result.number,
                applied,
                failed,
                error,
            )
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
