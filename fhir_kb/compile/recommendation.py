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
from fhir_kb.model import code_words

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
    if grade.is_graded:
        codings += [*strength_codings(grade), *direction_codings(grade)]
    return element(grade.span, coding=codings, text=grade_text(context, grade))


def strength_codings(grade: Recommendation) -> list[Element]:
    """HL7's code of the strength."""
    if grade.strength is None:
        return []
    code = code_words.STRENGTH[grade.strength]
    return [hl7_coding(grade.strength.span, hl7_codes.STRENGTH, code)]


def direction_codings(grade: Recommendation) -> list[Element]:
    """CPG's code of the direction; there is none for `either`."""
    code = code_words.DIRECTION[grade.direction] if grade.direction is not None else ""
    if grade.direction is None or not code:
        return []
    return [hl7_coding(grade.direction.span, hl7_codes.DIRECTION, code)]


def grade_text(context: CompileContext, grade: Recommendation) -> str:
    """The grade as people read it: `Strong recommendation against (GRADE)`."""
    own = readable_text(codeable_concept(context, grade.meaning))
    source = ": ".join(part for part in (str(grade.system or ""), own) if part)
    return f"{_statement(grade)} ({source})" if source else _statement(grade)


def certain_grade_text(context: CompileContext, grade: Recommendation) -> str:
    """The grade and the certainty under it: `…, moderate certainty of the evidence (GRADE)`."""
    text = grade_text(context, grade)
    if grade.certainty is None:
        return text
    statement = _statement(grade)
    words = grade.certainty.replace("-", " ")
    return f"{statement}, {words} certainty of the evidence{text.removeprefix(statement)}"


def _statement(grade: Recommendation) -> str:
    if not grade.is_graded:
        return code_words.STATEMENT[grade.statement or ""]
    kind = f"{(grade.strength or '').capitalize()} recommendation".strip().capitalize()
    return f"{kind} {_DIRECTIONS[grade.direction]}" if grade.direction else kind


_DIRECTIONS: Final = {"for": "in favour", "against": "against", "either": "for either option"}
