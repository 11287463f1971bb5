"""What a push is to do, what it did, and who watches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.push.errors import PushError
    from fhir_kb.push.planning.plan import PlannedChange
    from fhir_kb.servers.content import Loss
    from fhir_kb.servers.protocol import ChangeRequest, Ref, Rejected, ServerError


class Progress(Protocol):
    """Somebody who watches how far it is."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A stage begins, of `total` steps where that is known."""

    def advance(self, steps: int = 1) -> None:
        """So many steps of the stage are done."""


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """A change that stands on the server. lost: what the server did not keep as it was sent.

    replaced: something stood there that we did not know of, and the server let us replace it.
    """

    item: PlannedChange
    lost: tuple[Loss, ...] = ()
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class FailedChange:
    """A change that was not made. refused: what the server said; None where it was not sent."""

    item: PlannedChange
    text: str
    refused: Rejected | None = None


@dataclass(slots=True)
class PushResult:
    """What a push did. number: of the push; 0 where there was nothing to do. failure: why it broke
    off, if it did; then the next push goes on with it.
    """

    number: int = 0
    made: list[AppliedChange] = field(default_factory=list)
    not_made: list[FailedChange] = field(default_factory=list)
    failure: ServerError | PushError | None = None


class ApprovedChanges(NamedTuple):
    """What a plan comes to. changes: what is sent, with its item. noted: what stands there as it is
    wanted though we did not send it as it is: it is ours from now on. absent: places where
    something else stands than is wanted there: what refers to them is not sent.
    """

    changes: Sequence[tuple[PlannedChange, ChangeRequest]]
    noted: Sequence[PlannedChange] = ()
    absent: Sequence[Ref] = ()
