"""The grade of a recommendation, as extensions of an action and as a concept.

R5 has standard extensions for strength and quality but none for the direction, so the direction is
a second coding of the strength (CPG's code system): "strong, for". docs/mapping.md says how the
releases that have CPG's extension take it out of there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile import hl7_codes
from fhir_kb.compile.concepts import codeable_concept, hl7_coding, hl7_concept, readable_text
from fhir_kb.compile.elements import element

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element
    from fhir_kb.model.evidence import Recommendation

STRENGTH: Final = "http://hl7.org/fhir/StructureDefinition/cqf-strengthOfRecommendation"
QUALITY: Final = "http://hl7.org/fhir/StructureDefinition/cqf-qualityOfEvidence"


def grade_extensions(context: CompileContext, grade: Recommendation) -> Iterator[Element]:
    """The extensions of an action that is recommended."""
    yield element(grade.span, url=STRENGTH, valueCodeableConcept=strength_concept(context, grade))
    if grade.certainty is not None:
        quality = hl7_concept(grade.certainty.span, hl7_codes.QUALITY, grade.certainty)
        yield element(grade.certainty.span, url=QUALITY, valueCodeableConcept=quality)


def strength_concept(context: CompileContext, grade: Recommendation) -> Element:
    """Strength and direction; the guideline's own grade first, where it has one."""
    own = codeable_concept(context, grade.meaning)
    codings = [*own.get("coding", ())] if own else []
    codings.append(hl7_coding(grade.strength.span, hl7_codes.STRENGTH, grade.strength))
    codings.append(hl7_coding(grade.direction.span, hl7_codes.DIRECTION, grade.direction))
    return element(grade.span, coding=codings, text=grade_text(context, grade))


def grade_text(context: CompileContext, grade: Recommendation) -> str:
    """The grade as people read it: `Strong recommendation against (GRADE)`."""
    text = f"{grade.strength.capitalize()} recommendation {grade.direction}"
    own = readable_text(codeable_concept(context, grade.meaning))
    source = ": ".join(part for part in (str(grade.system or ""), own) if part)
    return f"{text} ({source})" if source else text
