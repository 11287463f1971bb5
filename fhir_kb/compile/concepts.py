"""Concepts as CodeableConcepts: the author's words and codes, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile import hl7_codes
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.diagnostics import Span
    from fhir_kb.model import Element
    from fhir_kb.model.concept import Code, CodeDefinition, Concept, Meaning

_SHORT = (
    ("snomed", "snomed"),
    ("loinc", "loinc"),
    ("rxnorm", "rxnorm"),
    ("icd_10", "icd-10"),
    ("atc", "atc"),
)


def codeable_concept(context: CompileContext, meaning: Meaning | None) -> Element | None:
    """The CodeableConcept of a meaning; None where there is none or nothing is known of it."""
    if meaning is None:
        return None
    named_concept = context.concept(meaning.concept) if meaning.concept is not None else None
    text = meaning.text or (named_concept.text if named_concept else None)
    codings = [*_codings(context, named_concept), *_codings(context, meaning)]
    if not codings and text is None:
        if meaning.concept is None:
            context.report("KB354", "this concept has neither words nor a code", meaning.span)
        return None
    return element(meaning.span, coding=codings, text=text or joined_displays(codings))


def codeable_concepts(context: CompileContext, meanings: Iterable[Meaning]) -> list[Element]:
    """The CodeableConcepts of several meanings."""
    return [
        concept
        for concept in (codeable_concept(context, meaning) for meaning in meanings)
        if concept
    ]


def named_concept(context: CompileContext, name: str, span: Span) -> Element | None:
    """The CodeableConcept of a concept by its name."""
    return concept_element(context, context.concept(name), span)


def concept_element(context: CompileContext, concept: Concept | None, span: Span) -> Element | None:
    """The CodeableConcept of a concept that is used at `span`."""
    if concept is None:
        return None
    return element(span, coding=_codings(context, concept), text=concept.text)


def hl7_coding(span: Span, system: str, code: str) -> Element:
    """A coding of one of HL7's code systems."""
    return element(span, system=system, code=code, display=hl7_codes.DISPLAYS[system].get(code))


def hl7_concept(span: Span, system: str, code: str, text: str | None = None) -> Element:
    """A CodeableConcept with one of HL7's codes; words alone where HL7 has no such code."""
    known = hl7_codes.DISPLAYS[system]
    if code not in known:
        return element(span, text=text or with_span_of(code_words.in_words(code), code))
    coding = element(span, system=system, code=code, display=known[code])
    return element(span, coding=[coding], text=text)


def joined_displays(codings: Iterable[Element]) -> str | None:
    """The displays of codings, where there are any, for people to read."""
    return next((coding["display"] for coding in codings if "display" in coding), None)


def readable_text(concept: Element | None) -> str:
    """What people read for a CodeableConcept: its text, else displays, else codes."""
    if concept is None:
        return ""
    codings = concept.get("coding", ())
    text = concept.get("text") or joined_displays(codings)
    return str(text or ", ".join(f"{coding.get('code')}" for coding in codings))


def text_with_codes(concept: Element | None) -> str:
    """Words and codes, for places where FHIR has room for text only."""
    if concept is None:
        return ""
    codes = ", ".join(_code_words(coding) for coding in concept.get("coding", ()))
    return f"{readable_text(concept)} ({codes})" if codes else readable_text(concept)


def _code_words(coding: Element) -> str:
    display = f" “{coding['display']}”" if "display" in coding else ""
    return f"{coding['system']}#{coding['code']}{display}"


def _codings(context: CompileContext, source: Concept | Meaning | None) -> list[Element]:
    if source is None:
        return []
    codings = []
    for field, short in _SHORT:
        code = getattr(source, field)
        if code is not None:
            codings.append(
                element(
                    code.span, system=context.code_system(short), code=code, display=code.display
                )
            )
    codings.extend(coding for coding in (_coding(context, code) for code in source.codes) if coding)
    return codings


def _coding(context: CompileContext, code: Code) -> Element | None:
    system = context.code_system(code.system)
    if system is None:
        return None
    display = code.display or code.code.display or _own_display(context, code)
    return element(code.span, system=system, code=code.code, display=display)


def _own_display(context: CompileContext, code: Code) -> str | None:
    """How a code of the topic's own code system reads."""
    own = context.code_systems.get(str(code.system))
    return _display_in(own.codes, code.code) if own else None


def _display_in(definitions: Iterable[CodeDefinition], code: str) -> str | None:
    for definition in definitions:
        if definition.code == code:
            return definition.display
        if (display := _display_in(definition.codes, code)) is not None:
            return display
    return None
