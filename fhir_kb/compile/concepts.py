"""Concepts as CodeableConcepts: the author's words and codes, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile import hl7_codes
from fhir_kb.compile.elements import element, with_span_of

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


def codeable(bench: CompileContext, meaning: Meaning | None) -> Element | None:
    """The CodeableConcept of a meaning; None where there is none or nothing is known of it."""
    if meaning is None:
        return None
    named = bench.concept(meaning.concept) if meaning.concept is not None else None
    text = meaning.text or (named.text if named else None)
    codings = [*_codings(bench, named), *_codings(bench, meaning)]
    if not codings and text is None:
        if meaning.concept is None:
            bench.say("KB354", "this concept has neither words nor a code", meaning.span)
        return None
    return element(meaning.span, coding=codings, text=text or words_of(codings))


def codeables(bench: CompileContext, meanings: Iterable[Meaning]) -> list[Element]:
    """The CodeableConcepts of several meanings."""
    return [made for made in (codeable(bench, one) for one in meanings) if made]


def named(bench: CompileContext, name: str, span: Span) -> Element | None:
    """The CodeableConcept of a concept by its name."""
    return concept(bench, bench.concept(name), span)


def concept(bench: CompileContext, found: Concept | None, span: Span) -> Element | None:
    """The CodeableConcept of a concept that is used at `span`."""
    if found is None:
        return None
    return element(span, coding=_codings(bench, found), text=found.text)


def hl7_coding(span: Span, system: str, code: str) -> Element:
    """A coding of one of HL7's code systems."""
    return element(span, system=system, code=code, display=hl7_codes.DISPLAYS[system].get(code))


def hl7_concept(span: Span, system: str, code: str, text: str | None = None) -> Element:
    """A CodeableConcept with one of HL7's codes; words alone where HL7 has no such code."""
    known = hl7_codes.DISPLAYS[system]
    if code not in known:
        return element(span, text=text or with_span_of(code.replace("-", " ").capitalize(), code))
    coding = element(span, system=system, code=code, display=known[code])
    return element(span, coding=[coding], text=text)


def words_of(codings: Iterable[Element]) -> str | None:
    """The displays of codings, where there are any, for people to read."""
    return next((coding["display"] for coding in codings if "display" in coding), None)


def readable(made: Element | None) -> str:
    """What people read for a CodeableConcept: its text, else displays, else codes."""
    if made is None:
        return ""
    codings = made.get("coding", ())
    text = made.get("text") or words_of(codings)
    return str(text or ", ".join(f"{coding.get('code')}" for coding in codings))


def with_codes(made: Element | None) -> str:
    """Words and codes, for places where FHIR has room for text only."""
    if made is None:
        return ""
    codes = ", ".join(_code_words(one) for one in made.get("coding", ()))
    return f"{readable(made)} ({codes})" if codes else readable(made)


def _code_words(coding: Element) -> str:
    display = f" “{coding['display']}”" if "display" in coding else ""
    return f"{coding['system']}#{coding['code']}{display}"


def _codings(bench: CompileContext, source: Concept | Meaning | None) -> list[Element]:
    if source is None:
        return []
    found = []
    for field, short in _SHORT:
        code = getattr(source, field)
        if code is not None:
            found.append(element(code.span, system=bench.code_system(short), code=code))
    found.extend(made for made in (_coding(bench, one) for one in source.codes) if made)
    return found


def _coding(bench: CompileContext, code: Code) -> Element | None:
    system = bench.code_system(code.system)
    if system is None:
        return None
    display = code.display or _own_display(bench, code)
    return element(code.span, system=system, code=code.code, display=display)


def _own_display(bench: CompileContext, code: Code) -> str | None:
    """How a code of the topic's own code system reads."""
    own = bench.code_systems.get(str(code.system))
    return _display_in(own.codes, code.code) if own else None


def _display_in(definitions: Iterable[CodeDefinition], code: str) -> str | None:
    for one in definitions:
        if one.code == code:
            return one.display
        if (found := _display_in(one.codes, code)) is not None:
            return found
    return None
