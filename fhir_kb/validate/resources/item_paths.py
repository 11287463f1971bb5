"""Findings at places inside a resource that is walked as plain JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.validate.core.issue import report, under_step

if TYPE_CHECKING:
    from fhir_kb.diagnostics import FindingCode
    from fhir_kb.validate.core.issue import Finding, Pointer


def at(
    way: Pointer, code: FindingCode, message: str, advice: str | None = None, message_id: str = ""
) -> list[Finding]:
    """A finding at a place; a choice such as valueString is told by its type."""
    found = report(code, message, advice, message_id)
    for step in reversed(way):
        under_step(found, step, _choice(step))
    return found


def _choice(step: str | int) -> str:
    """A choice as FHIRPath has it; "": it is none."""
    rest = step.removeprefix("value") if isinstance(step, str) else ""
    if rest == step or not rest[:1].isupper():
        return ""
    plain = rest if rest in _COMPLEX else rest[:1].lower() + rest[1:]
    return f".value.ofType({plain})"


_COMPLEX = frozenset({"Coding", "Quantity", "Reference", "Attachment", "CodeableConcept"})
