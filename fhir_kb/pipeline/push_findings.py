"""The findings of a push: what a server rejected or changed, at the lines of the definitions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import Diagnostic, FindingCode, Span, in_order
from fhir_kb.push.finding_codes import (
    CHANGED_MEANWHILE,
    NOT_KEPT,
    NOT_SENT,
    REFUSED,
    REPLACED,
    STORED_ELSEWHERE,
)
from fhir_kb.servers.content import MISSING
from fhir_kb.servers.responses import issue_expressions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.pipeline.desired_state import DesiredState
    from fhir_kb.push import FailedChange, PlannedChange, PushResult

_OF_CONTENT: Final = frozenset({200, 400, 409, 410, 412, 422})
"""The statuses that are about one change; others, such as 403, are about all that is sent."""
_SHOWN: Final = 3
_IN_BUNDLE: Final = re.compile(r"^Bundle\.entry\[\d+\](?:\.resource(?:/\*.*?\*/)?)?\.?")


def findings(result: PushResult, desired: DesiredState | None) -> tuple[Diagnostic, ...]:
    """What a server did not take, or did not store as, or where, it was sent.

    desired: The definitions' resources, to find their lines; None where nothing is known of them.
    """
    diagnostics: list[Diagnostic] = []
    shared, own = _by_reason(result.failed)
    diagnostics += [_shared_finding(failures) for failures in shared]
    for failed in own:
        code = _code_of(failed)
        name = _local_name(failed.change, desired)
        issues = issue_expressions(failed.rejection.outcome) if failed.rejection else []
        for place, text in issues or [("", failed.reason)]:
            path = _IN_BUNDLE.sub("", place)
            span = _span(desired, name, path)
            diagnostics.append(_finding(code, f"{failed.change.name}: {text}", span, path))
    for applied in result.applied:
        name = _local_name(applied.change, desired)
        if applied.relocated is not None:
            message = (
                f"{applied.change.name}: the server stores it as {applied.relocated}, not as "
                f"{applied.change.ref}"
            )
            diagnostics.append(_finding(STORED_ELSEWHERE, message, _span(desired, name, ""), ""))
        if applied.replaced:
            message = (
                f"{applied.change.name}: somebody created {applied.change.ref} since the plan was "
                "made, and the server let it be replaced"
            )
            diagnostics.append(_finding(REPLACED, message, _span(desired, name, ""), ""))
        for loss in applied.losses:
            verb = "drops" if loss.stored is MISSING else "changes"
            message = f"{applied.change.name}: the server {verb} {loss.path}"
            span = _span(desired, name, loss.path)
            diagnostics.append(_finding(NOT_KEPT, message, span, loss.path))
    return in_order(diagnostics)


def _by_reason(
    failures: Iterable[FailedChange],
) -> tuple[list[list[FailedChange]], list[FailedChange]]:
    """The failures that several changes share, said once for all of them; and all others."""
    groups: dict[tuple[str, str], list[FailedChange]] = {}
    own = []
    for failed in failures:
        if _is_of_one(failed):
            own.append(failed)
        else:
            groups.setdefault((_code_of(failed).id, failed.reason), []).append(failed)
    shared = [group for group in groups.values() if len(group) > 1]
    return shared, own + [group[0] for group in groups.values() if len(group) == 1]


def _is_of_one(failed: FailedChange) -> bool:
    """Whether a failure is about this change: its content, its version, what it refers to."""
    rejection = failed.rejection
    return rejection is not None and (
        rejection.conflict
        or rejection.status in _OF_CONTENT
        or bool(issue_expressions(rejection.outcome))
    )


def _shared_finding(failures: list[FailedChange]) -> Diagnostic:
    first = failures[0]
    names = sorted(failed.change.name for failed in failures)
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    message = f"{len(names)} artifacts: {first.reason} ({shown})"
    return _finding(_code_of(first), message, Span(""), "")


def _code_of(failed: FailedChange) -> FindingCode:
    if failed.rejection is None:
        return NOT_SENT
    return CHANGED_MEANWHILE if failed.rejection.conflict else REFUSED


def _local_name(change: PlannedChange, desired: DesiredState | None) -> str:
    """How the definitions name it: "Type/id"; "" where they do not have it."""
    resource = desired.resources.get(change.key) if desired else None
    return f"{resource.type}/{resource.id}" if resource else ""


def _span(desired: DesiredState | None, name: str, path: str) -> Span:
    return (desired.span(name, path) if desired and name else None) or Span("")


def _finding(code: FindingCode, message: str, span: Span, path: str) -> Diagnostic:
    return Diagnostic(code.id, code.severity, message, span, path=path)
