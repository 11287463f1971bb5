"""Evidence and EvidenceVariable in R4B, which are near R5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element
from fhir_kb.releases import author_terms
from fhir_kb.releases.pre_r5.variable import by_type_and_value, flattened

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import LoweringNode, Transform


def _study_design(node: LoweringNode, name: str, value: Any) -> None:
    """Becomes the text of the study type, which has other codes."""
    if text := author_terms.value_text(value):
        node.target["studyType"] = Element({"text": text}, span=node.span_of(name))
        node.report_reworded(name, "as the study type")


TRANSFORMS: dict[str, Transform] = {
    "EvidenceVariable.characteristic": flattened({"all-of": "intersection", "any-of": "union"}),
    "EvidenceVariable.characteristic.definitionByTypeAndValue": by_type_and_value(
        method_and_device=True
    ),
}
FALLBACKS: dict[str, Transform] = {"Evidence.studyDesign": _study_design}
