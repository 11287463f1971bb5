"""Grades of recommendations in R4: in words on the action, in codes in the assessment.

`cqf-strengthOfRecommendation` and `cqf-qualityOfEvidence` belong to an Attachment in R4's core, and
to PlanDefinition.action in the extensions package of the same url; whichever place one chooses, the
other definition refuses it. The codes stand in the assessment that goes with the plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element

if TYPE_CHECKING:
    from fhir_kb.releases.lowering import Finisher
    from fhir_kb.releases.lowering_node import LoweringNode

_CORE = "http://hl7.org/fhir/StructureDefinition/"
GRADES = frozenset({_CORE + "cqf-strengthOfRecommendation", _CORE + "cqf-qualityOfEvidence"})


def _finish(node: LoweringNode) -> None:
    """Say the grades of an action in words."""
    extensions = node.target.get("extension", ())
    grades = [one for one in extensions if one.get("url") in GRADES]
    if not grades:
        return
    node.target["extension"] = [one for one in extensions if one.get("url") not in GRADES]
    if not node.target["extension"]:
        del node.target["extension"]
    said = "; ".join(_words(one["valueCodeableConcept"]) for one in grades)
    grade = Element({"type": "documentation", "display": said}, span=node.span)
    node.target["documentation"] = [grade, *node.target.get("documentation", ())]
    node.reworded("extension", "and in codes in the assessment of the plan")


def _words(concept: dict[str, Any]) -> str:
    codings = concept.get("coding", ())
    return concept.get("text") or ", ".join(one.get("display", one["code"]) for one in codings)


FINISH: dict[str, tuple[Finisher, ...]] = {"PlanDefinition.action": (_finish,)}
