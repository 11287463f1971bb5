"""Making changes on a server whose answers may be lost, late or wrong.

After every answer that leaves a doubt we look at what stands there, and send again only what
surely was not done: so nothing is lost and nothing is done twice.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

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

_TRIES: Final = 12
_LONGEST_WAIT: Final = 60.0
_STUBBORN: Final = 3
"""So often a change is tried again though something else seems to stand there."""
_NOT_FOR_US: Final = frozenset({401, 403})
_UNEVENLY: Final = random.SystemRandom().random


@dataclass(slots=True)
class Sender:
    """Sends changes until it is clear what became of each.

    busy: how often the server had no time; whoever sends may become slower.
    """

    server: FhirServer
    way: SendMode
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = _UNEVENLY
    busy: int = field(default=0)
    stubborn: Counter[Ref] = field(default_factory=Counter)

    def make(self, units: Sequence[Unit]) -> dict[Ref, Outcome]:
        """What became of every change. Raises ServerError where the server cannot be asked.

        A transaction that is refused is parted until it is clear what was wrong with it.
        """
        changes = [change for unit in units for change in unit.changes]
        results = self._sent(changes)
        if self.way != "transaction" or len(units) < 2 or not _refused_whole(changes, results):
            return results
        half = len(units) // 2
        first = self.make(units[:half])
        return {**first, **self.make(units[half:])}

    def _sent(self, changes: Sequence[ChangeRequest]) -> dict[Ref, Outcome]:
        results: dict[Ref, Outcome] = {}
        waiting = self._not_moved(changes, results)
        if not waiting:
            return results
        said = "there was no answer"
        for number in range(1, _TRIES + 1):
            try:
                outcomes = self.server.send(waiting, self.way)
            except UnknownOutcomeError as doubt:
                said = doubt.message
                self._pause(number, doubt.retry_after)
                waiting = self._looked_up(waiting, results, {})
            else:
                waiting, wait = self._sorted(waiting, outcomes, results)
                if wait is not None:
                    said = "the server has no time"
                    self.busy += 1
                if waiting:
                    self._pause(number, wait or 0.0)
            if not waiting:
                return results
        for change in waiting:
            results[change.ref] = Rejected(change.ref, 0, f"given up after {_TRIES} tries: {said}")
        return results

    def _not_moved(
        self, changes: Sequence[ChangeRequest], results: dict[Ref, Outcome]
    ) -> list[ChangeRequest]:
        """All but the deletions of what was changed since the plan, and the creations of what is
        there by now.

        HAPI minds no condition on a DELETE; other servers none on a create (`If-None-Match: *`),
        and none says so. This look, right before, is the best that can be had there.
        """
        guarded = self.server.capabilities.if_none_match == "if-match"
        looked = {"delete"} if guarded else {"delete", "create"}
        asked = [change.ref for change in changes if change.action in looked]
        there = self.server.read(asked) if asked else {}
        kept = []
        for change in changes:
            live = there.get(change.ref)
            if live is None or live.deleted or self._is_there_as_planned(change, live):
                kept.append(change)
            elif (done := stands(change, live)) is not None:
                results[change.ref] = done
            else:
                results[change.ref] = _moved(change, {}, "it was changed meanwhile")
        return kept

    @staticmethod
    def _is_there_as_planned(change: ChangeRequest, live: RemoteResource) -> bool:
        return change.action != "create" and live.version == (
            change.expected_version or live.version
        )

    def _sorted(
        self,
        sent: Sequence[ChangeRequest],
        outcomes: Sequence[Outcome],
        results: dict[Ref, Outcome],
    ) -> tuple[list[ChangeRequest], float | None]:
        """What has to be sent again, and how many seconds to wait before that, if at all."""
        again: list[ChangeRequest] = []
        moved: list[ChangeRequest] = []
        wait: float | None = None
        refusals: dict[Ref, Rejected] = {}
        for change, outcome in zip(sent, outcomes, strict=True):
            match outcome:
                case Unavailable():
                    again.append(change)
                    wait = max(wait or 0.0, outcome.retry_after)
                case Rejected(conflict=True):
                    moved.append(change)
                    refusals[change.ref] = outcome
                case _:
                    results[change.ref] = outcome
        return [*again, *self._looked_up(moved, results, refusals)], wait

    def _looked_up(
        self,
        changes: Sequence[ChangeRequest],
        results: dict[Ref, Outcome],
        refusals: Mapping[Ref, Rejected],
    ) -> list[ChangeRequest]:
        """What of these is still to be made, after a look at what stands there.

        Gives the results of what was done, or cannot be. refusals: what the server said.
        """
        if not changes:
            return []
        there = dict(self.server.read([change.ref for change in changes]))
        missing = [ref for ref in refusals if ref not in there]
        there.update(self.server.read(missing, include_deleted=True) if missing else {})
        again, left = [], []
        for change in changes:
            done = stands(change, there.get(change.ref))
            if done is None:
                left.append(change)
            else:
                results[change.ref] = done
        clear = all(is_as_expected(change, there.get(change.ref)) for change in left)
        for change in left:
            live, refusal = there.get(change.ref), refusals.get(change.ref)
            as_planned = is_as_expected(change, live)
            # A look may be answered with what was there before, and two that write at once get in
            # each other's way; the condition on the change makes it safe to try again. In a
            # transaction all are refused for the sake of one, so only that one counts.
            self.stubborn[change.ref] += not as_planned or (clear and refusal is not None)
            if self.stubborn[change.ref] <= _STUBBORN:
                again.append(_again(change, live))
            elif as_planned and refusal is not None:
                results[change.ref] = replace(refusal, conflict=False)  # it is about something else
            else:
                what = "deleted" if live is None or live.deleted else "changed"
                results[change.ref] = _moved(change, refusals, f"it was {what} meanwhile")
        return again

    def _pause(self, number: int, wait: float) -> None:
        longest = wait or min(0.25 * 2.0 ** (number - 1), 10.0)
        self.sleep(min(longest, _LONGEST_WAIT) * (1 + self.jitter() / 2))


def stands(change: ChangeRequest, live: RemoteResource | None) -> Applied | None:
    """That the change was made, if it was: by what stands there now."""
    if change.action == "delete":
        gone = live is None or live.deleted
        return Applied(change.ref, live.version if live else "") if gone else None
    wanted = change.resource
    if live is None or live.deleted or live.resource is None or wanted is None:
        return None
    if change.expected_version and live.version == change.expected_version:
        return None
    if not is_made_of(live.resource, wanted):
        return None
    created = change.action == "create"
    return Applied(change.ref, live.version, live.updated, created=created, stored=live.resource)


def is_made_of(there: Resource, sent: Resource) -> bool:
    """Whether what stands there is what was sent, perhaps less some elements that the server does
    not keep; never with another value.
    """
    return not losses(sent, there) or not losses(without_server_elements(there), sent)


def is_as_expected(change: ChangeRequest, live: RemoteResource | None) -> bool:
    """Whether nothing has happened there since the change was planned."""
    if change.action == "create":
        nothing = live is None or live.deleted
        return nothing and change.expected_version == (live.version if live else "")
    return live is not None and not live.deleted and live.version == change.expected_version


def _again(change: ChangeRequest, live: RemoteResource | None) -> ChangeRequest:
    """What to send now: where something was deleted, servers that keep count want its number."""
    if change.action == "create" and live is not None and live.deleted and live.version:
        return ChangeRequest("create", change.ref, change.resource, live.version)
    return change


def _moved(change: ChangeRequest, refusals: Mapping[Ref, Rejected], text: str) -> Rejected:
    said = refusals.get(change.ref)
    outcome = said.outcome if said else None
    return Rejected(change.ref, said.status if said else 0, text, conflict=True, outcome=outcome)


def _refused_whole(changes: Sequence[ChangeRequest], results: Mapping[Ref, Outcome]) -> bool:
    """Whether all was refused for something that may be the fault of one."""
    return all(
        isinstance(one := results[change.ref], Rejected)
        and not one.conflict
        and one.status
        and one.status not in _NOT_FOR_US
        for change in changes
    )
