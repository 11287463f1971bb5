"""The subject of a plan, step or activity: R4 has no canonical there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import LoweringNode, Transform


def _subject(node: LoweringNode, name: str, value: Any) -> None:
    """The canonical becomes the text of a concept without a code."""
    if name.startswith("_"):
        return
    node.target["subjectCodeableConcept"] = Element({"text": value}, span=node.span_of(name))
    node.rename(name, "subjectCodeableConcept")
    node.report_reworded(name, "as a concept without a code")


FALLBACKS: dict[str, Transform] = {
    "ActivityDefinition.subjectCanonical": _subject,
    "PlanDefinition.action.subjectCanonical": _subject,
    "PlanDefinition.subjectCanonical": _subject,
}
