"""The grade of a recommendation, as extensions of an action and as a concept.

R5 has standard extensions for strength and quality but none for the direction, so the direction is
a second coding of the strength (CPG's code system): "strong, for". docs/mapping.md says how the
releases that have CPG's extension take it out of there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile import hl7_codes
from fhir_kb.compile.concepts import codeable, hl7_coding, hl7_concept, readable
from fhir_kb.compile.elements import element

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element
    from fhir_kb.model.evidence import Recommendation

STRENGTH: Final = "http://hl7.org/fhir/StructureDefinition/cqf-strengthOfRecommendation"
QUALITY: Final = "http://hl7.org/fhir/StructureDefinition/cqf-qualityOfEvidence"


def extensions(bench: CompileContext, one: Recommendation) -> Iterator[Element]:
    """The extensions of an action that is recommended."""
    yield element(one.span, url=STRENGTH, valueCodeableConcept=strength(bench, one))
    if one.certainty is not None:
        quality = hl7_concept(one.certainty.span, hl7_codes.QUALITY, one.certainty)
        yield element(one.certainty.span, url=QUALITY, valueCodeableConcept=quality)


def strength(bench: CompileContext, one: Recommendation) -> Element:
    """Strength and direction; the guideline's own grade first, where it has one."""
    own = codeable(bench, one.meaning)
    codings = [*own.get("coding", ())] if own else []
    codings.append(hl7_coding(one.strength.span, hl7_codes.STRENGTH, one.strength))
    codings.append(hl7_coding(one.direction.span, hl7_codes.DIRECTION, one.direction))
    return element(one.span, coding=codings, text=grade_text(bench, one))


def grade_text(bench: CompileContext, one: Recommendation) -> str:
    """The grade as people read it: `Strong recommendation against (GRADE)`."""
    grade = f"{one.strength.capitalize()} recommendation {one.direction}"
    own = readable(codeable(bench, one.meaning))
    said = ": ".join(part for part in (str(one.system or ""), own) if part)
    return f"{grade} ({said})" if said else grade
