"""What a push did, and what has changed on a server since."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.cli.views.differences import difference_lines
from fhir_kb.cli.views.plans import SIGNS
from fhir_kb.diagnostics.render.terminal_text import terminal_safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fhir_kb.diagnostics.render.human import Style
    from fhir_kb.push import Drift, PlannedChange, PushResult
    from fhir_kb.servers.content import Loss

DONE: Final = {
    "create": "created",
    "update": "updated",
    "retire": "retired",
    "delete": "deleted",
    "adopt": "adopted",
    "conflict": "overwritten",
}
"""What became of a change, for people, by its action."""


class Remaining(NamedTuple):
    """What a push left on the server that is not as defined."""

    unresolved: Sequence[PlannedChange] = ()
    """Changes that were left undone: conflicts, and what needs an approval."""

    orphaned: Sequence[PlannedChange] = ()
    """Resources that stay on the server though they are no longer defined."""

    altered: Sequence[PlannedChange] = ()
    """Unchanged resources that the server had stored otherwise than they were sent."""


def render_result(
    result: PushResult, style: Style, remaining: Remaining, aim: str, left_out: int = 0
) -> str:
    """What a push did and what it left, in a few lines.

    Args:
        result: The outcome of each change.
        style: With which colours.
        remaining: What is not as defined.
        aim: What the server holds where there was nothing to do.
        left_out: How many resources and requests of given files were not pushed.
    """
    unresolved, orphaned, altered = remaining
    lines = []
    numbers = Counter(str(applied.change.action) for applied in result.applied)
    parts = [f"{numbers[action]} {word}" for action, word in DONE.items() if numbers.get(action)]
    if result.number:
        title = style.bold(f"push {result.number}")
        lines.append(f"{title}: {', '.join(parts) or 'nothing sent'}")
    elif not any(remaining) and not left_out:
        lines.append(f"Nothing to push: the server holds {aim}")
    else:
        lines.append("Nothing to push" if not unresolved else "Nothing was pushed")
    lines += _unresolved_lines(unresolved)
    if orphaned:
        lines.append(f"{len(orphaned)} orphaned: no longer defined, left on the server")
    if altered:
        lines.append(f"{len(altered)} stored otherwise than sent by earlier pushes (KB802)")
    if failed := len(result.failed):
        lines.append(f"{failed} failed: fix the errors above, then push again")
    if lossy := sum(1 for applied in result.applied if applied.losses):
        lines.append(f"{lossy} not stored as sent: see the errors above")
    if replaced := sum(1 for applied in result.applied if applied.replaced):
        lines.append(f"{replaced} replaced what somebody else had created: see the errors above")
    if left_out:
        are = "is" if left_out == 1 else "are"
        lines.append(f"{left_out} of what was given {are} left out: see the warnings above")
    return "".join(f"{line}\n" for line in lines)


def _unresolved_lines(unresolved: Sequence[PlannedChange]) -> Iterator[str]:
    waiting = Counter(change.approval for change in unresolved)
    if conflicts := waiting.pop("", 0):
        noun = "conflict" if conflicts == 1 else "conflicts"
        yield f"{conflicts} {noun} left unresolved: see the plan for each reason"
    for approval, count in sorted(waiting.items()):
        left, they = (
            ("1 is left as it is", "it")
            if count == 1
            else (f"{count} are left as they are", "them")
        )
        yield f"{left} on the server; --{approval} makes {they} what is defined"


def result_data(result: PushResult) -> dict[str, Any]:
    """What a push did, for programs."""
    return {
        "push": result.number,
        "applied": [
            _change_data(applied.change)
            | ({"losses": list(map(_loss_data, applied.losses))} if applied.losses else {})
            | ({"replaced": True} if applied.replaced else {})
            | ({"storedAs": str(applied.relocated)} if applied.relocated else {})
            for applied in result.applied
        ],
        "failed": [
            _change_data(failed.change) | {"reason": failed.reason} for failed in result.failed
        ],
        "error": str(result.error) if result.error else None,
    }


def remaining_data(remaining: Remaining) -> dict[str, Any]:
    """What a push left on the server that is not as defined, for programs."""
    return {
        "unresolved": [
            _change_data(change) | {"reason": change.reason, "approval": change.approval or None}
            for change in remaining.unresolved
        ],
        "orphaned": [
            _change_data(change) | {"reason": change.reason} for change in remaining.orphaned
        ],
        "altered": [_change_data(change) for change in remaining.altered],
    }


def _change_data(change: PlannedChange) -> dict[str, Any]:
    return {"action": change.action, "reference": str(change.ref), "key": change.key}


def _loss_data(loss: Loss) -> dict[str, Any]:
    from fhir_kb.servers.content import MISSING

    stored = {} if loss.stored is MISSING else {"stored": loss.stored}
    return {"path": loss.path, "sent": loss.sent} | stored


def render_drift(drifts: Sequence[Drift], name: str, style: Style, count: int) -> str:
    """What is no longer as we left it, of so many resources."""
    title = style.bold(terminal_safe(name))
    if not drifts:
        if not count:
            return f"{title}: nothing that was pushed from here is recorded\n"
        return f"{title}: no changes since the last push\n"
    lines = [f"{title}: {len(drifts)} changed since, not by us"]
    sign, colour = SIGNS["conflict"]
    for drift in drifts:
        when = f" ({drift.remote.updated[:10]})" if drift.remote.updated else ""
        change = "deleted" if drift.deleted else f"version {drift.remote.version}"
        text = terminal_safe(f"{drift.remote.ref}  {change}{when}")
        lines.append(f"  {style.paint(sign, colour)} {text}")
        lines += difference_lines(drift.differences, style, lambda _: None)
    return "".join(f"{line}\n" for line in lines)


def drift_data(drifts: Iterable[Drift]) -> list[dict[str, Any]]:
    """The same for programs."""
    from fhir_kb.push.planning.plan_file import difference_json

    return [
        {
            "reference": str(drift.remote.ref),
            "key": drift.key,
            "deleted": drift.deleted,
            "version": drift.remote.version,
            "updated": drift.remote.updated,
            "differences": [difference_json(difference) for difference in drift.differences],
        }
        for drift in drifts
    ]
