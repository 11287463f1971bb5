"""Steps become actions of the PlanDefinition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile import recommendation
from fhir_kb.compile.concepts import codeable, codeables
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.expressions import dynamic_value, expression
from fhir_kb.compile.participants import participant
from fhir_kb.compile.quantities import lasting
from fhir_kb.compile.related import all_cited, all_evidence, all_related
from fhir_kb.compile.timing import timing
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element
    from fhir_kb.model.plan import Data, Step, Trigger

#: where a resource has the code that it is known by; `code` for all others
_CODE_PATHS: Final = {
    "AllergyIntolerance": "code",
    "Encounter": "type",
    "Immunization": "vaccineCode",
    "MedicationAdministration": "medication",
    "MedicationDispense": "medication",
    "MedicationRequest": "medication",
    "MedicationStatement": "medication",
}


def action(bench: CompileContext, step: Step) -> Element:
    """The action of a step, with those of its own steps."""
    grade = step.recommendation
    return element(
        step.span,
        extension=list(recommendation.extensions(bench, grade)) if grade else None,
        id=step.id,
        linkId=step.id,
        prefix=step.prefix,
        title=step.title or _activity_title(bench, step),
        description=step.text,
        priority=step.priority,
        code=codeable(bench, step.code),
        reason=codeables(bench, step.reason),
        documentation=list(_documentation(bench, step)),
        goalId=list(_goal_ids(bench, step)),
        trigger=[_trigger(bench, one) for one in step.triggers],
        condition=list(_conditions(bench, step)),
        input=[_data(bench, one) for one in step.inputs],
        output=[_data(bench, one) for one in step.outputs],
        relatedAction=list(_related_actions(bench, step)),
        timingTiming=timing(bench, step.timing),
        location=_location(bench, step),
        participant=[participant(bench, one) for one in step.participants],
        groupingBehavior=with_span_of(code_words.GROUPING[step.group], step.group)
        if step.group
        else None,
        selectionBehavior=step.choose,
        requiredBehavior=step.required,
        precheckBehavior=step.precheck,
        cardinalityBehavior="multiple" if step.repeats else None,
        definitionCanonical=_definition(bench, step),
        dynamicValue=[dynamic_value(bench, one) for one in step.dynamic_values],
        action=[action(bench, inner) for inner in step.steps],
    )


def _goal_ids(bench: CompileContext, step: Step) -> Iterator[str]:
    for name in step.goals:
        goal_id = bench.goal_ids.get(str(name))
        if goal_id is None:
            bench.missing("goal", name, bench.goal_ids)
        else:
            yield with_span_of(goal_id, name)


def _activity_title(bench: CompileContext, step: Step) -> str | None:
    found = bench.activity(step.does) if step.does is not None else None
    return found.title if found else None


def _definition(bench: CompileContext, step: Step) -> str | None:
    """The one thing that is followed: an activity, a plan or a questionnaire."""
    given = [name for name in (step.does, step.plan, step.asks) if name is not None]
    if len(given) > 1:
        advice = "give it steps of its own, one for each"
        bench.say("KB355", f"step '{step.id}' follows more than one thing", given[1].span, advice)
    if step.does is not None:
        found = bench.activity(step.does)
        if found is None:
            return None
        canonical = bench.canonical("ActivityDefinition", bench.part_id(found.id))
        return with_span_of(canonical, step.does)
    if step.plan is not None:
        plan = bench.plan(step.plan)
        return with_span_of(plan, step.plan) if plan else None
    return step.asks


def _documentation(bench: CompileContext, step: Step) -> Iterator[Element]:
    yield from all_evidence(bench, step.because)
    yield from all_cited(bench, "derived-from", step.from_)
    yield from all_related(bench, step.related)
    grade = step.recommendation
    if grade is not None:
        for made in all_cited(bench, "citation", grade.from_):
            if grade.text:
                made["citation"] += f"\n\n{grade.text}"
            yield made
        said = set(step.because)
        yield from all_evidence(bench, (name for name in grade.because if name not in said))


def _trigger(bench: CompileContext, one: Trigger) -> Element:
    kind = one.type or _trigger_type(one)
    data = element(one.data.span, type=one.data) if one.data is not None else None
    return element(
        one.span,
        type=kind,
        name=one.name,
        timingTiming=timing(bench, one.timing),
        data=[data],
        condition=expression(bench, one.condition) if one.condition else None,
    )


def _trigger_type(one: Trigger) -> str:
    """What kind of event it must be, where that is not said."""
    if one.data is not None:
        return "data-changed"
    return "periodic" if one.timing is not None else "named-event"


def _conditions(bench: CompileContext, step: Step) -> Iterator[Element]:
    for kind, ones in (
        ("applicability", step.when),
        ("start", step.once),
        ("stop", step.until),
    ):
        for one in ones:
            made = expression(bench, one)
            if made is not None:
                yield element(one.span, kind=kind, expression=made)


def _data(bench: CompileContext, one: Data) -> Element:
    requirement = element(
        one.span,
        type=one.type,
        profile=[one.profile],
        codeFilter=[_code_filter(bench, one)],
    )
    return element(
        one.span, title=one.title or (one.code.text if one.code else None), requirement=requirement
    )


def _code_filter(bench: CompileContext, one: Data) -> Element | None:
    """Which resources, by their code; a code without a code system is said in words."""
    concept = codeable(bench, one.code)
    value_set = bench.value_set(one.value_set) if one.value_set is not None else None
    if concept is None and value_set is None:
        return None
    codings: list[Element] = concept.get("coding", []) if concept else []
    if concept is not None and not codings and one.code is not None:
        codings = [element(one.code.span, display=concept["text"])]
    return element(
        one.span,
        path=_CODE_PATHS.get(str(one.type), "code"),
        valueSet=with_span_of(value_set, one.value_set) if value_set else None,
        code=codings,
    )


def _related_actions(bench: CompileContext, step: Step) -> Iterator[Element]:
    known = {str(one.id) for one in bench.source.steps}
    for usual, orders in (
        ("after", step.after),
        ("before", step.before),
        ("concurrent", step.alongside),
    ):
        for order in orders:
            if order.step not in known:
                bench.missing("step", order.step, known)
                continue
            yield element(
                order.span,
                targetId=order.step,
                relationship=order.relation or usual,
                **lasting(bench, "offset", order.by),
            )


def _location(bench: CompileContext, step: Step) -> Element | None:
    concept = codeable(bench, step.location)
    return element(step.span, concept=concept) if concept else None
