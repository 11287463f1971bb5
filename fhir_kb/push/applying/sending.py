"""Sending changes to a server whose responses may be lost, late or wrong.

After every response that leaves a doubt the server is asked what it holds, and only what it has
certainly not done is sent again: so nothing is lost and nothing is done twice.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from fhir_kb.net.retry import Attempts, RetryPolicy
from fhir_kb.servers.content import losses, without_server_elements
from fhir_kb.servers.protocol import (
    Applied,
    ChangeRequest,
    Outcome,
    Ref,
    Rejected,
    RemoteResource,
    Unavailable,
    UnknownOutcomeError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fhir_kb.push.planning.order import Unit
    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import FhirServer, SendMode

_MAX_CONFLICTS: Final = 3
"""So often a change is sent again though something else seems to be in its place."""
_LOG: Final = logging.getLogger(__name__)
_NOT_AUTHORIZED: Final = frozenset({401, 403})
_TOO_LARGE: Final = 413
_METHODS: Final = {"transaction": "POST", "batch": "POST", "single": "PUT, POST or DELETE"}
"""The HTTP methods of a mode, for the log."""


@dataclass(slots=True)
class Sender:
    """Sends changes until it is certain what became of each."""

    server: FhirServer
    mode: SendMode
    sleep: Callable[[float], None] = time.sleep
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    """Of a change: it is sent again only where it certainly was not made."""
    busy: int = 0
    """How often the server was overloaded; whoever sends may slow down."""
    too_large: int = 0
    """The bytes of the smallest bundle that was too large (HTTP 413); 0 where none was."""
    conflicts: Counter[Ref] = field(default_factory=Counter)

    def send(self, units: Sequence[Unit]) -> dict[Ref, Outcome]:
        """Send units, and find out what became of every change.

        A transaction that is refused is split until it is clear which unit is at fault; a bundle
        that is too large, until it is not, and later ones of its size at once.

        Raises:
            ServerError: The server cannot be asked.
        """
        if len(units) > 1 and 0 < self.too_large <= _size(units):
            return self._halves(units)
        changes = [change for unit in units for change in unit.changes]
        outcomes = self._send_until_certain(changes)
        too_large = [
            unit
            for unit in units
            if any(_is_too_large(outcomes[change.ref]) for change in unit.changes)
        ]
        if len(too_large) > 1 and self.mode != "single":
            size = _size(too_large)
            self.too_large = min(size, self.too_large or size)
            return {**outcomes, **self._halves(too_large)}
        if self.mode != "transaction" or len(units) < 2 or not _all_refused(changes, outcomes):
            return outcomes
        return self._halves(units)

    def _halves(self, units: Sequence[Unit]) -> dict[Ref, Outcome]:
        half = len(units) // 2
        first = self.send(units[:half])
        return {**first, **self.send(units[half:])}

    def _send_until_certain(self, changes: Sequence[ChangeRequest]) -> dict[Ref, Outcome]:
        outcomes: dict[Ref, Outcome] = {}
        pending = self._without_conflicts(changes, outcomes)
        if not pending:
            return outcomes
        if len(changes) == 1:  # it was refused because of others before
            self.conflicts.pop(changes[0].ref, None)
        attempts = Attempts(
            self.retry, _METHODS[self.mode], self.server.capabilities.base, sleep=self.sleep
        )
        while True:
            attempts.begin()
            try:
                responses = self.server.send(pending, self._mode_for(pending))
            except UnknownOutcomeError as error:
                problem = error.message
                # The look-up comes after the wait: the server may still be at work.
                may_retry = attempts.wait(problem, error.retry_after)
                pending = self._look_up(pending, outcomes, {})
            else:
                pending, unavailable = self._sort(pending, responses, outcomes)
                problem = "the server holds another version"
                if unavailable is not None:
                    problem = f"the server is busy (HTTP {unavailable.status})"
                    self.busy += 1
                wait = unavailable.retry_after if unavailable else 0.0
                may_retry = bool(pending) and attempts.wait(problem, wait)
            _LOG.info(
                "try %d: %d of %d changes are certain (%s)",
                attempts.number, len(changes) - len(pending), len(changes), self.mode,
            )  # fmt: skip
            if not pending:
                return outcomes
            if not may_retry:
                break
        for change in pending:
            text = f"given up, {attempts.summary() or 'tried once'}: {problem}"
            outcomes[change.ref] = Rejected(change.ref, 0, text)
        return outcomes

    def _mode_for(self, changes: Sequence[ChangeRequest]) -> SendMode:
        """The mode for these changes.

        What was deleted and is created again goes alone once it was refused: HAPI 8.2 refuses it in
        a transaction with several entries or references (HAPI-0825), whatever its condition.
        """
        is_refused_again = len(changes) == 1 and _is_recreation(changes[0])
        return "single" if is_refused_again and self.mode == "transaction" else self.mode

    def _without_conflicts(
        self, changes: Sequence[ChangeRequest], outcomes: dict[Ref, Outcome]
    ) -> list[ChangeRequest]:
        """The changes that are still as planned.

        Left out are deletions of what was changed since, and creations of what exists by now.

        HAPI ignores conditions on a DELETE; other servers those on a create (`If-None-Match: *`),
        and none says so. To look right before is the best that can be done there.
        """
        ignores_on_delete_only = self.server.capabilities.if_none_match == "if-match"
        checked = {"delete"} if ignores_on_delete_only else {"delete", "create"}
        refs = [change.ref for change in changes if change.action in checked]
        remote = self.server.read(refs) if refs else {}
        pending = []
        for change in changes:
            current = remote.get(change.ref)
            if current is None or current.deleted or self._is_as_planned(change, current):
                pending.append(change)
            elif (applied := applied_by(change, current)) is not None:
                outcomes[change.ref] = applied
            else:
                outcomes[change.ref] = _conflict(change, {}, "it was changed meanwhile")
        return pending

    @staticmethod
    def _is_as_planned(change: ChangeRequest, current: RemoteResource) -> bool:
        return change.action != "create" and current.version == (
            change.expected_version or current.version
        )

    def _sort(
        self,
        sent: Sequence[ChangeRequest],
        responses: Sequence[Outcome],
        outcomes: dict[Ref, Outcome],
    ) -> tuple[list[ChangeRequest], Unavailable | None]:
        """Note the outcomes that are certain.

        Returns:
            What has to be sent again, and the response of a busy server that asks for the longest
            wait, if there is one.
        """
        again: list[ChangeRequest] = []
        conflicting: list[ChangeRequest] = []
        busy: Unavailable | None = None
        refusals: dict[Ref, Rejected] = {}
        for change, response in zip(sent, responses, strict=True):
            match response:
                case Unavailable():
                    again.append(change)
                    if busy is None or response.retry_after > busy.retry_after:
                        busy = response
                case Rejected(conflict=True):
                    conflicting.append(change)
                    refusals[change.ref] = response
                case _:
                    outcomes[change.ref] = response
        return [*again, *self._look_up(conflicting, outcomes, refusals)], busy

    def _look_up(
        self,
        changes: Sequence[ChangeRequest],
        outcomes: dict[Ref, Outcome],
        refusals: Mapping[Ref, Rejected],
    ) -> list[ChangeRequest]:
        """Ask the server what it holds; note what was done, and what cannot be done.

        Args:
            changes: What is uncertain.
            outcomes: Where outcomes are noted.
            refusals: The server's response to these changes, where it sent one.

        Returns:
            What has to be sent again.
        """
        if not changes:
            return []
        remote = dict(self.server.read([change.ref for change in changes]))
        missing = [ref for ref in refusals if ref not in remote]
        remote.update(self.server.read(missing, include_deleted=True) if missing else {})
        open_changes = []
        for change in changes:
            applied = applied_by(change, remote.get(change.ref))
            if applied is None:
                open_changes.append(change)
            else:
                outcomes[change.ref] = applied
        return self._to_repeat(open_changes, remote, outcomes, refusals)

    def _to_repeat(
        self,
        changes: Sequence[ChangeRequest],
        remote: Mapping[Ref, RemoteResource],
        outcomes: dict[Ref, Outcome],
        refusals: Mapping[Ref, Rejected],
    ) -> list[ChangeRequest]:
        """Those of the changes that were not done that are sent again; the others are refused."""
        again = []
        all_as_planned = all(is_unchanged(change, remote.get(change.ref)) for change in changes)
        for change in changes:
            current, refusal = remote.get(change.ref), refusals.get(change.ref)
            as_planned = is_unchanged(change, current)
            # A look may be answered from before, and two writers get in each other's way; the
            # condition on the change makes it safe to send it again. In a transaction all are
            # refused because of one, so only that one counts.
            self.conflicts[change.ref] += not as_planned or (all_as_planned and refusal is not None)
            if self.conflicts[change.ref] <= _MAX_CONFLICTS:
                again.append(_with_current_version(change, current))
            elif as_planned and refusal is not None:
                outcomes[change.ref] = replace(refusal, conflict=False)  # for another reason
            else:
                what = "deleted" if current is None or current.deleted else "changed"
                outcomes[change.ref] = _conflict(change, refusals, f"it was {what} meanwhile")
        return again


def applied_by(change: ChangeRequest, current: RemoteResource | None) -> Applied | None:
    """The outcome of a change that was made, by what the server holds now; None if it was not."""
    if change.action == "delete":
        is_gone = current is None or current.deleted
        return Applied(change.ref, current.version if current else "") if is_gone else None
    content = change.resource
    if current is None or current.deleted or current.resource is None or content is None:
        return None
    if change.expected_version and current.version == change.expected_version:
        return None
    if not is_stored_from(current.resource, content):
        return None
    return Applied(
        change.ref,
        current.version,
        current.updated,
        created=change.action == "create",
        stored=current.resource,
    )


def is_stored_from(stored: Resource, sent: Resource) -> bool:
    """Whether the server stored this from what was sent.

    Some elements may be missing that it does not keep; none may have another value.
    """
    return not losses(sent, stored) or not losses(without_server_elements(stored), sent)


def is_unchanged(change: ChangeRequest, current: RemoteResource | None) -> bool:
    """Whether the server holds what it held when the change was planned."""
    if change.action == "create":
        is_missing = current is None or current.deleted
        return is_missing and change.expected_version == (current.version if current else "")
    return (
        current is not None and not current.deleted and current.version == change.expected_version
    )


def _is_recreation(change: ChangeRequest) -> bool:
    """Whether it creates what the server holds as deleted, with the version of the deletion."""
    return change.action == "create" and bool(change.expected_version)


def _with_current_version(change: ChangeRequest, current: RemoteResource | None) -> ChangeRequest:
    """The change as it is sent now.

    To create again what was deleted, some servers require the version of its deletion.
    """
    if change.action == "create" and current is not None and current.deleted and current.version:
        return ChangeRequest("create", change.ref, change.resource, current.version)
    return change


def _conflict(change: ChangeRequest, refusals: Mapping[Ref, Rejected], text: str) -> Rejected:
    refusal = refusals.get(change.ref)
    status, outcome = (refusal.status, refusal.outcome) if refusal else (0, None)
    return Rejected(change.ref, status, text, conflict=True, outcome=outcome)


def _size(units: Sequence[Unit]) -> int:
    """The bytes of what units would send."""
    return sum(len(change.content) for unit in units for change in unit.changes)


def _is_too_large(outcome: Outcome) -> bool:
    return isinstance(outcome, Rejected) and outcome.status == _TOO_LARGE


def _all_refused(changes: Sequence[ChangeRequest], outcomes: Mapping[Ref, Outcome]) -> bool:
    """Whether all was refused for something that may be the fault of one."""
    return all(
        isinstance(outcome := outcomes[change.ref], Rejected)
        and not outcome.conflict
        and outcome.status
        and outcome.status not in _NOT_AUTHORIZED
        for change in changes
    )
