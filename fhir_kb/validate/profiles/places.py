"""From an element back to its place in the resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.validate.core.issue import report

if TYPE_CHECKING:
    from fhir_kb.diagnostics import FindingCode
    from fhir_kb.fhirpath import Element
    from fhir_kb.validate.core.issue import Finding


def at(
    element: Element,
    code: FindingCode,
    message: str,
    advice: str | None = None,
    message_id: str = "",
) -> list[Finding]:
    """A finding at an element, seen from the outermost resource."""
    found = report(code, message, advice, message_id)
    found[0].path_steps.extend(trail(element))
    return found


def trail(element: Element) -> list[tuple[str | int, str]]:
    """The steps from an element up to the outermost resource, as a Finding has them."""
    found: list[tuple[str | int, str]] = []
    inside = ""
    node = element
    while node.parent is not None:
        parent = node.parent
        if node.index >= 0:
            found.append((node.index, f"[{node.index}]"))
        key, text = node.name, f".{node.name}"
        slots = parent.type.slots.get(node.name, ())
        if len(slots) > 1:
            key = next((slot.key for slot in slots if slot.type is node.type), key)
            text = f".{node.name}.ofType({node.type.name})"
        found.append((inside + key, text))
        inside = "_" if parent.type.system else ""
        node = parent
    return found
