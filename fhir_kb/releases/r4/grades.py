"""Grades of recommendations in R4: in words on the action, in codes in the assessment.

`cqf-strengthOfRecommendation` and `cqf-qualityOfEvidence` belong to an Attachment in R4's core, and
to PlanDefinition.action in the extensions package of the same url; whichever place one chooses, the
other definition refuses it. The codes stand in the assessment that goes with the plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode

_CORE = "http://hl7.org/fhir/StructureDefinition/"
GRADES = frozenset({_CORE + "cqf-strengthOfRecommendation", _CORE + "cqf-qualityOfEvidence"})


def _finish(node: LoweringNode) -> None:
    """Say the grades of an action in words."""
    extensions = node.target.get("extension", ())
    grades = [extension for extension in extensions if extension.get("url") in GRADES]
    if not grades:
        return
    node.target["extension"] = [
        extension for extension in extensions if extension.get("url") not in GRADES
    ]
    if not node.target["extension"]:
        del node.target["extension"]
    text = "; ".join(_text(grade["valueCodeableConcept"]) for grade in grades)
    document = Element({"type": "documentation", "display": text}, span=node.span)
    node.target["documentation"] = [document, *node.target.get("documentation", ())]
    node.report_reworded("extension", "and in codes in the assessment of the plan")


def _text(concept: dict[str, Any]) -> str:
    displays = (coding.get("display", coding["code"]) for coding in concept.get("coding", ()))
    return concept.get("text") or ", ".join(displays)


FINISHERS: dict[str, tuple[Finisher, ...]] = {"PlanDefinition.action": (_finish,)}
