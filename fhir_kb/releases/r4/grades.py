"""Grades of recommendations in R4: the direction has an extension of its own there, CPG's.

Compiling writes the direction as the last coding of `cqf-strengthOfRecommendation`, because R5 and
R4B have no extension for it (docs/mapping.md). cpg-computableplandefinition has three slices on
the action: strength, direction and quality. Their extensions have it as their context: strength
and quality in HL7's extensions package of R4 (hl7.fhir.uv.extensions.r4), which goes before R4's
core definitions of the same urls, and the direction in CPG 2.0.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.model import Element
from fhir_kb.releases.grade_extensions import DIRECTION, STRENGTH

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode

_DIRECTIONS = "http://hl7.org/fhir/uv/cpg/CodeSystem/cpg-recommendation-direction-cs"


def _finish(node: LoweringNode) -> None:
    """Put the direction, which is a coding of the strength, into its own extension."""
    extensions: list[Element] = []
    for extension in node.target.get("extension", ()):
        strength = extension.get("valueCodeableConcept")
        if extension.get("url") == STRENGTH and isinstance(strength, Element):
            extensions += _split(extension, strength)
        else:
            extensions.append(extension)
    if extensions:
        node.target["extension"] = extensions


def _split(extension: Element, strength: Element) -> list[Element]:
    """The extensions of strength and direction; each only where something is left for it."""
    codings = strength.get("coding", ())
    directions = [coding for coding in codings if coding.get("system") == _DIRECTIONS]
    if not directions:
        return [extension]
    strengths = [coding for coding in codings if coding not in directions]
    rest = strength.like({**strength, "coding": strengths})
    if not strengths:
        del rest["coding"]
    direction = extension.like(
        {"url": DIRECTION, "valueCodeableConcept": strength.like({"coding": directions})}
    )
    graded = extension.like({**extension, "valueCodeableConcept": rest})
    return [graded, direction] if rest else [direction]


FINISHERS: dict[str, tuple[Finisher, ...]] = {"PlanDefinition.action": (_finish,)}
