"""Goals of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile import hl7_codes
from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import (
    codeable_concept,
    codeable_concepts,
    hl7_concept,
    named_concept,
    readable_text,
)
from fhir_kb.compile.element_text import choice_text, quantity_text
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.quantities import parse_amount, quantity_choice, quantity_element
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element, Text
    from fhir_kb.model.plan import Goal, Target


def compile_goal(context: CompileContext, goal: Goal) -> Element:
    """A goal; actions refer to it by its id."""
    concept = (
        named_concept(context, goal.concept, goal.concept.span)
        if goal.concept is not None
        else None
    )
    codings = concept.get("coding", ()) if concept else ()
    description = element(goal.span, coding=codings, text=goal.description)
    category = with_span_of(goal.category, goal.category) if goal.category is not None else None
    priority = code_words.GOAL_PRIORITY[goal.priority] if goal.priority is not None else None
    return element(
        goal.span,
        id=context.goal_ids[str(goal.id)],
        category=hl7_concept(goal.span, hl7_codes.GOAL_CATEGORY, category) if category else None,
        description=description,
        priority=hl7_concept(goal.span, hl7_codes.GOAL_PRIORITY, priority) if priority else None,
        start=codeable_concept(context, goal.start),
        addresses=codeable_concepts(context, goal.addresses),
        target=[_target(context, target) for target in goal.targets],
    )


def _target(context: CompileContext, target: Target) -> Element:
    return element(
        target.span,
        measure=codeable_concept(context, target.measure),
        **quantity_choice(context, "detail", target.value),
        due=_due(context, target.due),
    )


def _due(context: CompileContext, text: Text | None) -> Element | None:
    due = parse_amount(context, text)
    if due is None:
        return None
    if due.high is not None:
        context.report("KB352", f"'{text}' is a range where one time is needed", due.span)
        return None
    return quantity_element(due)


def goal_text(goal: Element) -> str:
    """A goal as a list item in XHTML."""
    parts = [readable_text(goal["description"])]
    for label, name in (("Category", "category"), ("Starts with", "start")):
        if name in goal:
            parts.append(f"{label}: {readable_text(goal[name])}")
    if "priority" in goal:
        parts.append(readable_text(goal["priority"]))
    if "addresses" in goal:
        parts.append(
            f"addresses {', '.join(readable_text(condition) for condition in goal['addresses'])}"
        )
    targets = write.bullets(
        write.escape(_target_words(target)) for target in goal.get("target", ())
    )
    return write.escape("; ".join(parts)) + targets


def _target_words(target: Element) -> str:
    due = f", within {quantity_text(target['due'])}" if "due" in target else ""
    detail = choice_text(target, "detail")
    measure = readable_text(target.get("measure"))
    return f"{measure}: {detail}{due}" if detail else f"{measure}{due}"
