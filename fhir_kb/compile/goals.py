"""Goals of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile import hl7_codes
from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import codeable, codeables, hl7_concept, named, readable
from fhir_kb.compile.element_text import choice_text, quantity_text
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.quantities import amount, choice, quantity
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element, Text
    from fhir_kb.model.plan import Goal, Target


def goal(bench: CompileContext, one: Goal) -> Element:
    """A goal; actions refer to it by its id."""
    concept = named(bench, one.concept, one.concept.span) if one.concept is not None else None
    codings = concept.get("coding", ()) if concept else ()
    description = element(one.span, coding=codings, text=one.description)
    category = with_span_of(one.category, one.category) if one.category is not None else None
    priority = code_words.GOAL_PRIORITY[one.priority] if one.priority is not None else None
    return element(
        one.span,
        id=bench.goal_ids[str(one.id)],
        category=hl7_concept(one.span, hl7_codes.GOAL_CATEGORY, category) if category else None,
        description=description,
        priority=hl7_concept(one.span, hl7_codes.GOAL_PRIORITY, priority) if priority else None,
        start=codeable(bench, one.start),
        addresses=codeables(bench, one.addresses),
        target=[_target(bench, target) for target in one.targets],
    )


def _target(bench: CompileContext, one: Target) -> Element:
    return element(
        one.span,
        measure=codeable(bench, one.measure),
        **choice(bench, "detail", one.value),
        due=_due(bench, one.due),
    )


def _due(bench: CompileContext, text: Text | None) -> Element | None:
    found = amount(bench, text)
    if found is None:
        return None
    if found.high is not None:
        bench.say("KB352", f"'{text}' is a range where one time is needed", found.span)
        return None
    return quantity(found)


def goal_words(made: Element) -> str:
    """A goal as a list item in XHTML."""
    parts = [readable(made["description"])]
    for label, name in (("Category", "category"), ("Starts with", "start")):
        if name in made:
            parts.append(f"{label}: {readable(made[name])}")
    if "priority" in made:
        parts.append(readable(made["priority"]))
    if "addresses" in made:
        parts.append(f"addresses {', '.join(readable(one) for one in made['addresses'])}")
    targets = write.bullets(write.escape(_target_words(one)) for one in made.get("target", ()))
    return write.escape("; ".join(parts)) + targets


def _target_words(one: Element) -> str:
    due = f", within {quantity_text(one['due'])}" if "due" in one else ""
    return f"{readable(one.get('measure'))}: {choice_text(one, 'detail')}{due}"
