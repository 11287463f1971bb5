"""Value sets and code systems of one's own.

https://hl7.org/fhir/R5/valueset.html, https://hl7.org/fhir/R5/codesystem.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile.build import element
from fhir_kb.compile.metadata import identity, jurisdiction, rights, use_context
from fhir_kb.compile.narrative import block, bullets, inline, narrative, paragraph

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.compile.context import Context
    from fhir_kb.model import Element
    from fhir_kb.model.concept import CodeDefinition, CodeSystem, Include, ValueSet


def code_system(context: Context, given: CodeSystem) -> Element:
    """A CodeSystem, complete."""
    base = identity(context, "CodeSystem", str(given.id), title=str(given.title))
    base["title"] = given.title
    return element(
        given.span,
        **base,
        text=narrative(given.span, paragraph(given.title), block(given.text), _tree(given.codes)),
        description=given.text or given.title,
        useContext=use_context(context),
        jurisdiction=jurisdiction(context),
        **rights(context),
        caseSensitive=True,
        hierarchyMeaning="is-a" if any(code.codes for code in given.codes) else None,
        content="complete",
        count=sum(_count(code) for code in given.codes),
        concept=[_concept(code) for code in given.codes],
    )


def value_set(context: Context, given: ValueSet) -> Element:
    """A ValueSet by its definition."""
    base = identity(context, "ValueSet", str(given.id), title=str(given.title))
    base["title"] = given.title
    include = [part for one in given.include for part in _parts(context, one)]
    exclude = [part for one in given.exclude for part in _parts(context, one)]
    return element(
        given.span,
        **base,
        text=narrative(
            given.span,
            paragraph(given.title),
            block(given.text),
            bullets(_in_words(context, one) for one in given.include),
            paragraph("Not:") if given.exclude else "",
            bullets(_in_words(context, one) for one in given.exclude),
        ),
        description=given.text or given.title,
        useContext=use_context(context),
        jurisdiction=jurisdiction(context),
        **rights(context),
        compose=element(given.span, include=include, exclude=exclude),
    )


def _parts(context: Context, given: Include) -> list[Element]:
    """What an include becomes: a concept has one for each of its systems."""
    if given.concept is not None:
        codings = context.named(given.concept).get("coding", [])
        text = context.words_of(given.concept)
        return [
            element(
                given.concept.span,
                system=one["system"],
                concept=[
                    element(given.concept.span, code=one["code"], display=one.get("display", text))
                ],
            )
            for one in codings
        ]
    return [
        element(
            given.span,
            system=context.system(given.system) if given.system else None,
            version=given.version,
            concept=[
                element(code.span, code=code.code, display=code.display) for code in given.codes
            ],
            filter=[
                element(one.span, property=one.property, op=one.op, value=one.value)
                for one in given.filter
            ],
            valueSet=[
                context.canonical("ValueSet", str(one)) if str(one) in context.value_sets else one
                for one in given.value_sets
            ],
        )
    ]


def _in_words(context: Context, given: Include) -> str:
    if given.concept is not None:
        return inline(context.words_of(given.concept))
    system = context.system(given.system) if given.system else ""
    named = ", ".join(f"{code.code} ({code.display})" for code in given.codes)
    filters = ", ".join(f"{one.property} {one.op} {one.value}" for one in given.filter)
    others = ", ".join(given.value_sets)
    return inline("; ".join(part for part in (system, named, filters, others) if part))


def _concept(given: CodeDefinition) -> Element:
    return element(
        given.span,
        code=given.code,
        display=given.display,
        definition=given.definition,
        concept=[_concept(code) for code in given.codes],
    )


def _tree(codes: Iterable[CodeDefinition]) -> str:
    return bullets(
        f"<code>{inline(str(code.code))}</code> {inline(str(code.display))}"
        + (f": {inline(str(code.definition))}" if code.definition else "")
        + _tree(code.codes)
        for code in codes
    )


def _count(code: CodeDefinition) -> int:
    return 1 + sum(_count(inner) for inner in code.codes)
