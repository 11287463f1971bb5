"""Steps become actions of the PlanDefinition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile import recommendation
from fhir_kb.compile.action_description import action_description, action_title
from fhir_kb.compile.concepts import codeable_concept, codeable_concepts
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.expressions import (
    compile_condition,
    compile_dynamic_value,
    compile_expression,
    words_extension,
)
from fhir_kb.compile.participants import compile_participant
from fhir_kb.compile.quantities import duration_choice
from fhir_kb.compile.related import cited_artifacts, compile_all_related, evidence_artifacts
from fhir_kb.compile.timing import compile_timing
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


def compile_action(context: CompileContext, step: Step) -> Element:
    """The action of a step, with those of its own steps."""
    grade = step.recommendation
    activity = context.activity_of(step)
    timing = step.timing or (activity.timing if activity else None)
    return element(
        step.span,
        extension=list(recommendation.grade_extensions(context, grade)) if grade else None,
        id=step.id,
        linkId=step.id,
        prefix=step.prefix,
        title=action_title(context, step),
        description=action_description(context, step),
        priority=step.priority or (activity.priority if activity else None),
        code=codeable_concept(context, step.code),
        reason=codeable_concepts(context, step.reason),
        documentation=list(_documentation(context, step)),
        goalId=list(_goal_ids(context, step)),
        trigger=[_trigger(context, trigger) for trigger in step.triggers],
        condition=[
            compile_condition(context, kind, condition) for kind, condition in step.conditions
        ],
        input=[_data(context, data) for data in step.inputs],
        output=[_data(context, data) for data in step.outputs],
        relatedAction=list(_related_actions(context, step)),
        timingTiming=compile_timing(context, timing),
        location=_location(context, step),
        participant=[
            compile_participant(context, participant) for participant in step.participants
        ],
        groupingBehavior=with_span_of(code_words.GROUPING[step.group], step.group)
        if step.group
        else None,
        selectionBehavior=step.choose,
        requiredBehavior=step.required,
        precheckBehavior=step.precheck,
        cardinalityBehavior="multiple" if step.repeats else None,
        definitionCanonical=_definition(context, step),
        dynamicValue=[
            compile_dynamic_value(context, dynamic_value) for dynamic_value in step.dynamic_values
        ],
        action=[compile_action(context, inner) for inner in step.steps],
    )


def _goal_ids(context: CompileContext, step: Step) -> Iterator[str]:
    for name in step.goals:
        goal_id = context.goal_ids.get(str(name))
        if goal_id is None:
            context.report_missing("goal", name, context.goal_ids)
        else:
            yield with_span_of(goal_id, name)


def _definition(context: CompileContext, step: Step) -> str | None:
    """The canonical of what the step follows: an activity, a plan or a questionnaire."""
    given = [name for name in (step.does, step.plan, step.asks) if name is not None]
    if len(given) > 1:
        advice = "give it steps of its own, one for each"
        context.report(
            "KB355", f"step '{step.id}' follows more than one definition", given[1].span, advice
        )
    if step.does is not None:
        activity = context.activity(step.does)
        if activity is None:
            return None
        canonical = context.canonical("ActivityDefinition", context.part_id(activity.id))
        return with_span_of(canonical, step.does)
    if step.plan is not None:
        plan = context.plan(step.plan)
        return with_span_of(plan, step.plan) if plan else None
    return step.asks


def _documentation(context: CompileContext, step: Step) -> Iterator[Element]:
    yield from evidence_artifacts(context, step.because)
    yield from cited_artifacts(context, "derived-from", step.from_)
    yield from compile_all_related(context, step.related)
    grade = step.recommendation
    if grade is not None:
        for artifact in cited_artifacts(context, "citation", grade.from_):
            if grade.text:
                artifact["citation"] += f"\n\n{grade.text}"
            yield artifact
        justified = set(step.because)
        yield from evidence_artifacts(
            context, (name for name in grade.because if name not in justified)
        )


def _trigger(context: CompileContext, trigger: Trigger) -> Element:
    kind = trigger.type or _trigger_type(trigger)
    data = element(trigger.data.span, type=trigger.data) if trigger.data is not None else None
    condition = compile_expression(context, trigger.condition) if trigger.condition else None
    words = words_extension(trigger.condition) if trigger.condition and not condition else None
    return element(
        trigger.span,
        extension=[words],
        type=kind,
        name=trigger.name,
        timingTiming=compile_timing(context, trigger.timing),
        data=[data],
        condition=condition,
    )


def _trigger_type(trigger: Trigger) -> str:
    """The kind of event that follows from the other fields, where none is given."""
    if trigger.data is not None:
        return "data-changed"
    return "periodic" if trigger.timing is not None else "named-event"


def _data(context: CompileContext, data: Data) -> Element:
    requirement = element(
        data.span,
        type=data.type,
        profile=[data.profile],
        codeFilter=[_code_filter(context, data)],
    )
    return element(
        data.span,
        title=data.title or (data.code.text if data.code else None),
        requirement=requirement,
    )


def _code_filter(context: CompileContext, data: Data) -> Element | None:
    """The filter by code; a code without a code system becomes a display."""
    concept = codeable_concept(context, data.code)
    value_set = context.value_set(data.value_set) if data.value_set is not None else None
    if concept is None and value_set is None:
        return None
    codings: list[Element] = concept.get("coding", []) if concept else []
    if concept is not None and not codings and data.code is not None:
        codings = [element(data.code.span, display=concept["text"])]
    return element(
        data.span,
        path=_CODE_PATHS.get(str(data.type), "code"),
        valueSet=with_span_of(value_set, data.value_set) if value_set else None,
        code=codings,
    )


def _related_actions(context: CompileContext, step: Step) -> Iterator[Element]:
    step_ids = context.source.steps_by_id
    for usual, orders in (
        ("after", step.after),
        ("before", step.before),
        ("concurrent", step.alongside),
    ):
        for order in orders:
            if order.step not in step_ids:
                context.report_missing("step", order.step, step_ids)
                continue
            yield element(
                order.span,
                targetId=order.step,
                relationship=order.relation or usual,
                **duration_choice(context, "offset", order.by),
            )


def _location(context: CompileContext, step: Step) -> Element | None:
    concept = codeable_concept(context, step.location)
    return element(step.span, concept=concept) if concept else None
