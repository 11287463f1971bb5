"""What the FHIR validator finds, while it looks and afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from fhir_kb.diagnostics import Code, Severity

#: A place in JSON: property names and list indices from the resource on.
Pointer: TypeAlias = "tuple[str | int, ...]"


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue with a resource.

    code: a KB5xx code of the catalogue. issue_type: OperationOutcome.issue.code.
    path: where, in FHIRPath: "PlanDefinition.action[2].timing.ofType(Range).low".
    pointer: the same place as JSON has it: ("action", 2, "timingRange", "low").
    message_id: the HL7 validator's name for this finding, where it has one.
    line, column: the place in the text, from 1; 0 where there is no text.
    """

    code: str
    severity: Severity
    issue_type: str
    message: str
    path: str
    help: str | None = None
    message_id: str = ""
    pointer: Pointer = ()
    line: int = 0
    column: int = 0

    @property
    def json_path(self) -> str:
        """The place as JSON names it: "PlanDefinition.action[2].timingRange.low"."""
        root = self.path.partition(".")[0].partition("[")[0]
        return root + "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.pointer
        )


class Finding:
    """An issue in the making: the way to it grows from the inside out."""

    __slots__ = ("code", "help", "message", "message_id", "trail")

    def __init__(
        self, code: Code, message: str, advice: str | None = None, message_id: str = ""
    ) -> None:
        self.code = code
        self.message = message
        self.help = advice
        self.message_id = message_id or code.message_id
        #: (step in JSON, the same in FHIRPath), the innermost first.
        self.trail: list[tuple[str | int, str]] = []

    @property
    def said(self) -> tuple[str, str, tuple[tuple[str | int, str], ...]]:
        """What two findings have in common that say the same of the same place."""
        return self.code.id, self.message, tuple(self.trail)

    def issue(self, root: str) -> Issue:
        """The finished issue; `root` is the path of the resource that was checked."""
        code = self.code
        return Issue(
            code=code.id,
            severity=code.severity,
            issue_type=code.issue_type,
            message=self.message,
            path=root + "".join(text for _, text in reversed(self.trail)),
            help=self.help,
            message_id=self.message_id,
            pointer=tuple(step for step, _ in reversed(self.trail)),
        )


Findings: TypeAlias = "list[Finding] | None"


def both(found: Findings, more: Findings) -> Findings:
    """The findings of two checks; the first list grows and must not be used elsewhere."""
    if not more:
        return found
    if not found:
        return more
    found += more
    return found


def fail(
    code: Code, message: str, advice: str | None = None, message_id: str = ""
) -> list[Finding]:
    """A single finding at the place that is being looked at."""
    return [Finding(code, message, advice, message_id)]


def finding(code: Code, message_id: str, message: str, advice: str | None = None) -> Finding:
    """A finding with the official name of its message."""
    return Finding(code, message, advice, message_id)


def below(found: list[Finding], step: str | int, text: str = "") -> list[Finding]:
    """The findings, seen from one step further out; text: the step as FHIRPath has it, where that
    is another than the name or number in JSON.
    """
    text = text or (f"[{step}]" if isinstance(step, int) else f".{step}")
    for one in found:
        one.trail.append((step, text))
    return found


def within(found: list[Finding], *steps: str | int) -> list[Finding]:
    """The findings, seen from further out; steps: the way to them from there."""
    for step in reversed(steps):
        below(found, step)
    return found


def pointed(found: list[Finding], *steps: str | int) -> list[Finding]:
    """The findings, which are about what is here, with the place in the text that shows it."""
    for step in reversed(steps):
        for one in found:
            one.trail.append((step, ""))
    return found


def shown(value: object, limit: int = 60) -> str:
    """A value as a message shows it: quoted, in one line, not too long."""
    text = " ".join(str(value).split()) if isinstance(value, str) else str(value)
    return f"'{text[: limit - 1]}…'" if len(text) > limit else f"'{text}'"


def json_type(value: object) -> str:
    """What JSON calls the value, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    return "a number"
