"""Findings at pointers inside a resource that is traversed as plain JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.validate.core.issue import report, under_step

if TYPE_CHECKING:
    from fhir_kb.diagnostics import FindingCode
    from fhir_kb.validate.core.issue import Finding, Pointer


def report_at(
    pointer: Pointer,
    code: FindingCode,
    message: str,
    advice: str | None = None,
    message_id: str = "",
) -> list[Finding]:
    """A list with one finding at a pointer; a choice such as valueString is shown by its type."""
    findings = report(code, message, advice, message_id)
    for step in reversed(pointer):
        under_step(findings, step, _choice(step))
    return findings


def _choice(step: str | int) -> str:
    """The FHIRPath of a choice such as valueString; "" if it is none."""
    rest = step.removeprefix("value") if isinstance(step, str) else ""
    if rest == step or not rest[:1].isupper():
        return ""
    plain = rest if rest in _COMPLEX else rest[:1].lower() + rest[1:]
    return f".value.ofType({plain})"


_COMPLEX = frozenset({"Coding", "Quantity", "Reference", "Attachment", "CodeableConcept"})
