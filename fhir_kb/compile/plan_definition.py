"""PlanDefinitions: https://hl7.org/fhir/R5/plandefinition.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile.activity_definition import participant
from fhir_kb.compile.build import coded, element, extension, some
from fhir_kb.compile.data import requirement
from fhir_kb.compile.expression import dynamic_value, expression, library_canonical
from fhir_kb.compile.metadata import identity, jurisdiction, people, review, rights, use_context
from fhir_kb.compile.page import page_narrative
from fhir_kb.compile.quantity import duration, duration_range, is_range, quantity, range_
from fhir_kb.compile.related import literal, related, to_references
from fhir_kb.compile.timing import timing
from fhir_kb.model import words

if TYPE_CHECKING:
    from fhir_kb.compile.context import Context
    from fhir_kb.model import Element
    from fhir_kb.model.activity import Expression
    from fhir_kb.model.evidence import Recommendation
    from fhir_kb.model.plan import Goal, Order, Plan, Step, Target, Trigger

_TYPE: Final = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
_TYPE_DISPLAY: Final = {
    "workflow-definition": "Workflow Definition",
    "clinical-protocol": "Clinical Protocol",
    "order-set": "Order Set",
    "eca-rule": "ECA Rule",
}
_GOAL_CATEGORY: Final = "http://terminology.hl7.org/CodeSystem/goal-category"
_GOAL_PRIORITY: Final = "http://terminology.hl7.org/CodeSystem/goal-priority"
STRENGTH: Final = "http://hl7.org/fhir/StructureDefinition/cqf-strengthOfRecommendation"
QUALITY: Final = "http://hl7.org/fhir/StructureDefinition/cqf-qualityOfEvidence"
_STRENGTH: Final = "http://terminology.hl7.org/CodeSystem/recommendation-strength"
_QUALITY: Final = "http://terminology.hl7.org/CodeSystem/evidence-quality"
_QUALITY_DISPLAY: Final = {
    "high": "High quality",
    "moderate": "Moderate quality",
    "low": "Low quality",
    "very-low": "Very low quality",
}


def plan_definition(context: Context) -> Element:
    """The PlanDefinition of a topic: its root artifact, with the whole page as its narrative."""
    topic, settings = context.topic, context.base.settings
    base = identity(context, "PlanDefinition", title=str(topic.title))
    base["title"] = topic.title
    code = words.PLAN_TYPE[str(topic.type)] if topic.type else "workflow-definition"
    plan = topic.plan
    return element(
        topic.topic.span,
        **base,
        text=page_narrative(context),
        subtitle=topic.subtitle,
        type=coded(_TYPE, code, _TYPE_DISPLAY[code]),
        description=topic.summary,
        useContext=use_context(context),
        jurisdiction=jurisdiction(context),
        purpose=topic.purpose,
        usage=topic.disclaimer or settings.disclaimer,
        **rights(context),
        **review(context),
        topic=context.meanings(topic.categories),
        **people(context),
        relatedArtifact=_related(context),
        library=_libraries(context),
        **(_plan(context, plan) if plan else {}),
    )


def _plan(context: Context, plan: Plan) -> dict[str, Any]:
    return {
        "goal": [_goal(context, goal) for goal in plan.goals],
        "actor": [element(one.span, option=[_option(context, one)]) for one in plan.actors],
        "asNeededBoolean": True if plan.as_needed else None,
        "action": [_action(context, step) for step in plan.steps],
    }


def _option(context: Context, actor: Any) -> Element:
    whole = participant(context, actor)
    whole.pop("function", None)
    if actor.function is not None and "role" not in whole:
        whole["role"] = context.meaning(actor.function)
    return whole


def _related(context: Context) -> list[Element]:
    topic = context.topic
    steps = context.source.steps
    names = [name for step in steps for name in step.from_]
    names += [name for step in steps if step.recommendation for name in step.recommendation.from_]
    found = to_references(context, "derived-from", dict.fromkeys(names))
    cited = {str(name) for name in names}
    for reference in context.source.references:
        if str(reference.id) not in cited:
            found += to_references(context, "citation", [reference.id])
    found += some(related(context, one) for one in topic.related)
    found += [element(one.span, type="depends-on", resource=one) for one in topic.uses]
    return found


def _libraries(context: Context) -> list[str]:
    found = (library_canonical(context, one.id) for one in context.topic.libraries)
    return [name for name in found if name]


def _goal(context: Context, goal: Goal) -> Element:
    described = (
        context.named(goal.concept) if goal.concept is not None else element(goal.description.span)
    )
    described["text"] = str(goal.description)
    described.spans["text"] = goal.description.span
    priority = words.GOAL_PRIORITY[str(goal.priority)] if goal.priority else None
    return element(
        goal.span,
        id=goal.id,
        category=coded(_GOAL_CATEGORY, str(goal.category)) if goal.category else None,
        description=described,
        priority=coded(_GOAL_PRIORITY, priority) if priority else None,
        start=context.meaning(goal.start) if goal.start else None,
        addresses=context.meanings(goal.addresses),
        target=[_target(context, one) for one in goal.targets],
    )


def _target(context: Context, target: Target) -> Element:
    detail: dict[str, Any] = {}
    if target.value:
        one = not is_range(target.value)
        detail["detailQuantity" if one else "detailRange"] = (quantity if one else range_)(
            target.value
        )
    due = target.due
    return element(
        target.span,
        measure=context.meaning(target.measure),
        **detail,
        due=duration(due) if due else None,
    )


def _action(context: Context, step: Step) -> Element:
    return element(
        step.span,
        extension=_grade(context, step.recommendation) if step.recommendation else None,
        id=step.id,
        linkId=step.id,
        prefix=step.prefix,
        title=step.title or _title(context, step),
        description=step.text,
        priority=step.priority,
        code=context.meaning(step.code) if step.code else None,
        reason=context.meanings(step.reason),
        documentation=_documentation(context, step),
        goalId=list(step.goals),
        trigger=[_trigger(context, one) for one in step.triggers],
        condition=[
            *(_condition(context, "applicability", one) for one in step.when),
            *(_condition(context, "start", one) for one in step.once),
            *(_condition(context, "stop", one) for one in step.until),
        ],
        input=[
            element(one.span, title=one.title, requirement=requirement(context, one))
            for one in step.inputs
        ],
        output=[
            element(one.span, title=one.title, requirement=requirement(context, one))
            for one in step.outputs
        ],
        relatedAction=[
            *(_order(one, "after") for one in step.after),
            *(_order(one, "before") for one in step.before),
            *(_order(one, "concurrent") for one in step.alongside),
        ],
        timingTiming=timing(step.timing) if step.timing else None,
        location=element(step.location.span, concept=context.meaning(step.location))
        if step.location
        else None,
        participant=[participant(context, one) for one in step.participants],
        groupingBehavior=words.GROUPING[str(step.group)] if step.group else None,
        selectionBehavior=step.choose,
        requiredBehavior=step.required,
        precheckBehavior=step.precheck,
        cardinalityBehavior="multiple" if step.repeats else None,
        **_definition(context, step),
        dynamicValue=[dynamic_value(context, one) for one in step.dynamic_values],
        action=[_action(context, inner) for inner in step.steps],
    )


def _title(context: Context, step: Step) -> Any:
    """What a step without a title is called: as what it does."""
    if step.does is not None and str(step.does) in context.activities:
        return str(context.activities[str(step.does)].title)
    if step.plan is not None and str(step.plan) in context.base.directory:
        return context.base.directory[str(step.plan)].title
    return None


def _definition(context: Context, step: Step) -> dict[str, Any]:
    if step.does is not None:
        if str(step.does) not in context.activities:
            context.missing("activity", step.does)
            return {}
        return {"definitionCanonical": context.canonical("ActivityDefinition", str(step.does))}
    if step.plan is not None:
        return {"definitionCanonical": context.topic_canonical(step.plan)}
    return {"definitionCanonical": step.asks} if step.asks is not None else {}


def _condition(context: Context, kind: str, given: Expression) -> Element:
    return element(given.span, kind=kind, expression=expression(context, given))


def _order(given: Order, usual: str) -> Element:
    offset: dict[str, Any] = {}
    if given.by:
        one = not is_range(given.by)
        offset["offsetDuration" if one else "offsetRange"] = (duration if one else duration_range)(
            given.by
        )
    return element(given.span, targetId=given.step, relationship=given.relation or usual, **offset)


def _trigger(context: Context, given: Trigger) -> Element:
    kind = str(given.type or "named-event")
    data = element(given.span, type=given.data) if given.data else None
    return element(
        given.span,
        type=kind,
        name=given.name,
        timingTiming=timing(given.timing) if given.timing else None,
        data=[data] if data else None,
        condition=expression(context, given.condition) if given.condition else None,
    )


def _documentation(context: Context, step: Step) -> list[Element]:
    found = to_references(context, "citation", step.from_)
    graded = step.recommendation
    if graded is not None:
        found += to_references(context, "derived-from", graded.from_, label="Recommendation")
        if graded.text:
            found.append(element(graded.text.span, type="justification", display=graded.text))
    for name in dict.fromkeys((*step.because, *(graded.because if graded else ()))):
        evidence = context.evidence.get(str(name))
        if evidence is None:
            context.missing("evidence", name)
            continue
        found.append(
            element(
                name.span,
                type="justification",
                display=evidence.title,
                citation=evidence.statement,
                resource=context.canonical("Evidence", str(name)),
            )
        )
    return found + some(related(context, one) for one in step.related)


def _grade(context: Context, given: Recommendation) -> list[Element]:
    """Strength and certainty as the standard extensions of an action have them.

    The direction has no R5 extension: it stands in the words of the strength, and as a code in the
    ArtifactAssessment that goes with the plan.
    """
    strength, direction = str(given.strength), str(given.direction or "for")
    concept = coded(_STRENGTH, strength, strength.capitalize())
    if given.meaning is not None:
        concept["coding"] += context.meaning(given.meaning).get("coding", [])
    concept["text"] = in_words(context, given)
    concept.span = given.span
    concept["coding"][0].spans["code"] = given.strength.span
    found = [extension(STRENGTH, valueCodeableConcept=concept)]
    if given.certainty:
        quality = coded(_QUALITY, str(given.certainty), _QUALITY_DISPLAY[str(given.certainty)])
        quality.span = given.certainty.span
        found.append(extension(QUALITY, valueCodeableConcept=quality))
    for one in found:
        one.span = given.span
    assert direction in words.DIRECTION
    return found


def in_words(context: Context, given: Recommendation) -> str:
    """A grade as people say it: "Strong recommendation for (GRADE)"."""
    direction = given.direction or "for"
    system = f" ({given.system})" if given.system else ""
    own = f", {context.reads(given.meaning)}" if given.meaning else ""
    return f"{str(given.strength).capitalize()} recommendation {direction}{own}{system}"


def page_reference(context: Context) -> Element:
    """A Reference to the topic's PlanDefinition."""
    return literal(context, "PlanDefinition", display=str(context.topic.title))
