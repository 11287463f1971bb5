"""Findings at elements: from an element back to its path in the resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.validate.core.issue import report

if TYPE_CHECKING:
    from fhir_kb.diagnostics import FindingCode
    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.core.issue import Finding


def report_at(
    element: Element,
    code: FindingCode,
    message: str,
    advice: str | None = None,
    message_id: str = "",
) -> list[Finding]:
    """A list with one finding at an element, its path seen from the outermost resource."""
    findings = report(code, message, advice, message_id)
    findings[0].path_steps.extend(path_steps(element))
    return findings


def path_steps(element: Element) -> list[tuple[str | int, str]]:
    """The steps from an element up to the outermost resource, as Finding.path_steps has them."""
    steps: list[tuple[str | int, str]] = []
    prefix = ""
    node = element
    while node.parent is not None:
        parent = node.parent
        if node.index >= 0:
            steps.append((node.index, f"[{node.index}]"))
        key, text = node.name, f".{node.name}"
        slots = parent.type.slots.get(node.name, ())
        if len(slots) > 1:
            key = next((slot.key for slot in slots if slot.type is node.type), key)
            text = f".{node.name}.ofType({node.type.name})"
        steps.append((prefix + key, text))
        prefix = "_" if parent.type.system else ""
        node = parent
    return steps
