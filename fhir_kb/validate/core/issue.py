"""Findings of checks, and the issues that they become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from fhir_kb.diagnostics import FindingCode, Severity

#: A place in JSON: property names and list indices from the resource on.
Pointer: TypeAlias = "tuple[str | int, ...]"


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue with a resource."""

    code: str
    """A code of the catalogue, such as "KB514"."""
    severity: Severity
    issue_type: str
    """OperationOutcome.issue.code."""
    message: str
    path: str
    """The element, in FHIRPath: "PlanDefinition.action[2].timing.ofType(Range).low"."""
    help: str | None = None
    """What to do about it."""
    message_id: str = ""
    """The HL7 validator's id of the same message, where it has one."""
    pointer: Pointer = ()
    """The element in JSON: ("action", 2, "timingRange", "low")."""
    line: int = 0
    """From 1; 0 where there is no text."""
    column: int = 0
    """From 1; 0 where there is no text."""
    is_not_checked: bool = False
    """Whether it says that something was not checked, and not that something is wrong."""

    @property
    def json_path(self) -> str:
        """The element by its JSON properties: "PlanDefinition.action[2].timingRange.low"."""
        root = self.path.partition(".")[0].partition("[")[0]
        return root + "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.pointer
        )


class Finding:
    """A finding whose path is not complete yet: each outer check adds its steps."""

    __slots__ = ("code", "help", "message", "message_id", "path_steps")

    def __init__(
        self, code: FindingCode, message: str, advice: str | None = None, message_id: str = ""
    ) -> None:
        self.code = code
        self.message = message
        self.help = advice
        self.message_id = message_id or code.message_id
        self.path_steps: list[tuple[str | int, str]] = []
        """(step in JSON, the same in FHIRPath), the innermost first."""

    @property
    def key(self) -> tuple[str, str, tuple[tuple[str | int, str], ...]]:
        """Equal for two findings with the same code, message and place."""
        return self.code.id, self.message, tuple(self.path_steps)

    def issue(self, root: str) -> Issue:
        """The finished issue; `root` is the path of the resource that was checked."""
        code = self.code
        return Issue(
            code=code.id,
            severity=code.severity,
            issue_type=code.issue_type,
            message=self.message,
            path=root + "".join(text for _, text in reversed(self.path_steps)),
            help=self.help,
            message_id=self.message_id,
            pointer=tuple(step for step, _ in reversed(self.path_steps)),
            is_not_checked=code.is_not_checked,
        )


Findings: TypeAlias = "list[Finding] | None"


def combine(findings: Findings, more: Findings) -> Findings:
    """The findings of two checks; the first list grows and must not be used elsewhere."""
    if not more:
        return findings
    if not findings:
        return more
    findings += more
    return findings


def has_problems(findings: Findings) -> bool:
    """Whether a finding says more than that something was not checked."""
    return any(not finding.code.is_not_checked for finding in findings or ())


def report(
    code: FindingCode, message: str, advice: str | None = None, message_id: str = ""
) -> list[Finding]:
    """A list with one finding, at the value that is being checked.

    Args:
        code: The code; it determines severity and issue type.
        message: What is wrong, in one sentence without a full stop.
        advice: What to do about it.
        message_id: HL7's id of the message, where it is not the one of the code's page.
    """
    return [Finding(code, message, advice, message_id)]


def under(findings: list[Finding], *steps: str | int) -> list[Finding]:
    """The findings, with property names and list indices put before their paths."""
    for step in reversed(steps):
        text = f"[{step}]" if isinstance(step, int) else f".{step}"
        for finding in findings:
            finding.path_steps.append((step, text))
    return findings


def under_step(findings: list[Finding], step: str | int, fhirpath_step: str) -> list[Finding]:
    """Like `under`, for one step that FHIRPath may write differently: a choice such as value[x].

    fhirpath_step: "" where FHIRPath has the name or number of JSON.
    """
    if not fhirpath_step:
        return under(findings, step)
    for finding in findings:
        finding.path_steps.append((step, fhirpath_step))
    return findings


def located_at(findings: list[Finding], *steps: str | int) -> list[Finding]:
    """The findings, whose path stays, shown at the line of what these steps lead to."""
    for step in reversed(steps):
        for finding in findings:
            finding.path_steps.append((step, ""))
    return findings


def quoted(value: object, limit: int = 60) -> str:
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
