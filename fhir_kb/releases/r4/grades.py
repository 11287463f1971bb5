"""Grades of recommendations in R4: on the document that gives them.

R5 has strength and quality on the action; the same extensions of R4 belong to an Attachment
(https://hl7.org/fhir/R4/extension-cqf-strengthofrecommendation.html), as in R4's own examples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element

if TYPE_CHECKING:
    from fhir_kb.releases.lowering import Finish
    from fhir_kb.releases.node import Node

_CORE = "http://hl7.org/fhir/StructureDefinition/"
GRADES = frozenset({_CORE + "cqf-strengthOfRecommendation", _CORE + "cqf-qualityOfEvidence"})


def _finish(node: Node) -> None:
    """Move the grades of an action to its first documentation."""
    extensions = node.target.get("extension", ())
    grades = [one for one in extensions if one.get("url") in GRADES]
    if not grades:
        return
    node.target["extension"] = [one for one in extensions if one.get("url") not in GRADES]
    if not node.target["extension"]:
        del node.target["extension"]
    first, *others = node.target.get("documentation") or [_documentation(node)]
    document = _with(first.get("document") or Element({}, span=node.span), grades)
    graded = Element({**first, "document": document}, span=first.span, spans=first.spans)
    node.target["documentation"] = [graded, *others]
    node.moved("extension", "on the document that gives it")


def _documentation(node: Node) -> Element:
    return Element({"type": "documentation"}, span=node.span)


def _with(document: Element, grades: list[Any]) -> Element:
    content = {**document, "extension": [*document.get("extension", ()), *grades]}
    return Element(content, span=document.span, spans=document.spans)


FINISH: dict[str, tuple[Finish, ...]] = {"PlanDefinition.action": (_finish,)}
