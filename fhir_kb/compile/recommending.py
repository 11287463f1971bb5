"""The grade of a recommendation, as extensions of an action and as a concept.

R5 has standard extensions for strength and quality but none for the direction, so the direction is
a second coding of the strength (CPG's code system): "strong, for". docs/mapping.md says how the
releases that have CPG's extension take it out of there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile import hl7
from fhir_kb.compile.build import element
from fhir_kb.compile.concepts import codeable, hl7_coding, hl7_concept, readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.workbench import Workbench
    from fhir_kb.model import Element
    from fhir_kb.model.evidence import Recommendation

STRENGTH: Final = "http://hl7.org/fhir/StructureDefinition/cqf-strengthOfRecommendation"
QUALITY: Final = "http://hl7.org/fhir/StructureDefinition/cqf-qualityOfEvidence"


def extensions(bench: Workbench, one: Recommendation) -> Iterator[Element]:
    """The extensions of an action that is recommended."""
    yield element(one.span, url=STRENGTH, valueCodeableConcept=strength(bench, one))
    if one.certainty is not None:
        quality = hl7_concept(one.certainty.span, hl7.QUALITY, one.certainty)
        yield element(one.certainty.span, url=QUALITY, valueCodeableConcept=quality)


def strength(bench: Workbench, one: Recommendation) -> Element:
    """Strength and direction; the guideline's own grade first, where it has one."""
    own = codeable(bench, one.meaning)
    codings = [*own.get("coding", ())] if own else []
    codings.append(hl7_coding(one.strength.span, hl7.STRENGTH, one.strength))
    codings.append(hl7_coding(one.direction.span, hl7.DIRECTION, one.direction))
    return element(one.span, coding=codings, text=grade_words(bench, one))


def grade_words(bench: Workbench, one: Recommendation) -> str:
    """The grade as people read it: `Strong recommendation against (GRADE)`."""
    grade = f"{one.strength.capitalize()} recommendation {one.direction}"
    own = readable(codeable(bench, one.meaning))
    said = ": ".join(part for part in (str(one.system or ""), own) if part)
    return f"{grade} ({said})" if said else grade
