"""Evidence and EvidenceVariable in R4B, which are near R5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element
from fhir_kb.releases import wording
from fhir_kb.releases.older.variable import by_type_and_value, flattened

if TYPE_CHECKING:
    from fhir_kb.releases.lowering import Step
    from fhir_kb.releases.node import Node


def _study_design(node: Node, name: str, value: Any) -> None:
    """In words as the study type, which has codes of another kind."""
    if text := wording.words(value):
        node.target["studyType"] = Element({"text": text}, span=node.place(name))
        node.reworded(name, "as the study type")


RULES: dict[str, Step] = {
    "EvidenceVariable.characteristic": flattened({"all-of": "intersection", "any-of": "union"}),
    "EvidenceVariable.characteristic.definitionByTypeAndValue": by_type_and_value(
        method_and_device=True
    ),
}
FALLBACKS: dict[str, Step] = {"Evidence.studyDesign": _study_design}
