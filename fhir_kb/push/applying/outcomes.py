"""What a push did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.push.errors import PushError
    from fhir_kb.push.planning.plan import PlannedChange
    from fhir_kb.servers.content import Loss
    from fhir_kb.servers.protocol import ChangeRequest, Ref, Rejected, ServerError


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """A change that the server has made."""

    change: PlannedChange
    losses: tuple[Loss, ...] = ()
    """What the server did not store as it was sent."""
    replaced: bool = False
    """Whether something was there that the plan did not know of, and the server let us replace
    it."""
    relocated: Ref | None = None
    """Where the server has put it, though another place was asked for."""


@dataclass(frozen=True, slots=True)
class FailedChange:
    """A change that was not made."""

    change: PlannedChange
    reason: str
    rejection: Rejected | None = None
    """The server's response; None where the change was not sent."""


@dataclass(slots=True)
class PushResult:
    """What a push did."""

    number: int = 0
    """Of the push; 0 where there was nothing to do."""
    applied: list[AppliedChange] = field(default_factory=list)
    failed: list[FailedChange] = field(default_factory=list)
    error: ServerError | PushError | None = None
    """Why it was interrupted, if it was; the next push continues it."""


class ApprovedChanges(NamedTuple):
    """What is left of a plan once the approvals are given."""

    changes: Sequence[tuple[PlannedChange, ChangeRequest]]
    """What is sent, with what the server gets."""
    in_place: Sequence[PlannedChange] = ()
    """What the server holds as desired, in a version that we did not write: it is recorded."""
    absent: Sequence[Ref] = ()
    """Resources that are defined but missing there: what refers to them is not sent."""
    scopes: tuple[str, ...] = ()
    """The scopes of the plan."""
