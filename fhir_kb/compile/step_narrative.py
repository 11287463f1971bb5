"""Steps in words, for the narrative of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile import narrative as write
from fhir_kb.compile.action_description import action_title
from fhir_kb.compile.cautions import caution_blocks
from fhir_kb.compile.concepts import codeable_concept, readable_text
from fhir_kb.compile.element_text import choice_text, dosage_text, quantity_text, timing_text
from fhir_kb.compile.orders import order_dosages
from fhir_kb.compile.participants import participant_text
from fhir_kb.compile.quantities import duration_choice, single_quantity
from fhir_kb.compile.recommendation import certain_grade_text
from fhir_kb.compile.timing import compile_timing
from fhir_kb.model.prohibition import prohibition_text, reads_as_prohibition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model.activity import Activity, Expression
    from fhir_kb.model.plan import Data, Order, Step, Trigger

_CHOOSE: Final = {
    "any": "any number of these",
    "all": "all of these",
    "all-or-none": "all of these or none",
    "exactly-one": "exactly one of these",
    "at-most-one": "at most one of these",
    "one-or-more": "one or more of these",
}
_PRIORITY: Final = {"asap": "as soon as possible", "stat": "at once"}
_REQUIRED: Final = {
    "must": "has to be done",
    "could": "may be done",
    "must-unless-documented": "has to be done, unless it is documented why not",
}

#: to which end of the other step, where the author says it
_RELATION: Final = {
    f"{relation}-{end}": f"{word} its {end}"
    for relation, word in (("before", "before"), ("concurrent-with", "with"), ("after", "after"))
    for end in ("start", "end")
}


def step_narrative(context: CompileContext, step: Step) -> str:
    """A step as a list item in XHTML, with its own steps as a list within."""
    activity = context.activity_of(step)
    stop = "." if step.prefix and step.prefix[-1].isalnum() else ""
    prefix = f"{step.prefix}{stop} " if step.prefix else ""
    head = f"<b>{write.escape(prefix + (action_title(context, step) or step.id))}</b>"
    texts = [step.text, activity.text if activity is not None else None]
    prose = "".join(write.prose(text) for text in dict.fromkeys(texts))
    prose += caution_blocks(context, activity) if activity is not None else ""
    lines = write.bullets(map(write.escape, _lines(context, step, activity)))
    choose = f"<p>Do {_CHOOSE[step.choose]}:</p>" if step.choose and step.steps else ""
    inner = write.bullets(step_narrative(context, inner) for inner in step.steps)
    return head + prose + lines + choose + inner


def _lines(context: CompileContext, step: Step, activity: Activity | None) -> Iterator[str]:
    grade = step.recommendation
    if grade is not None:
        yield certain_grade_text(context, grade) + (f": {grade.text}" if grade.text else "")
    yield from _labelled("When", [_all(step.when)])
    yield from _labelled("Once", [_all(step.once)])
    yield from _labelled("Until", [_all(step.until)])
    if activity is not None:
        yield from _activity_lines(context, step, activity)
    timing = step.timing or (activity.timing if activity is not None else None)
    yield from _labelled("Timing", [timing_text(compile_timing(context, timing))])
    priority = step.priority or (activity.priority if activity is not None else None)
    yield from _labelled("Priority", [_PRIORITY.get(priority or "", priority or "")])
    yield from _order_lines(context, step)
    yield from _labelled("Where", [readable_text(codeable_concept(context, step.location))])
    participants = step.participants or (activity.participants if activity is not None else ())
    yield from _labelled("Who", (participant_text(context, who) for who in participants))
    yield from _labelled(
        "Because of", (readable_text(codeable_concept(context, reason)) for reason in step.reason)
    )
    yield from _labelled("Aims", _goals(context, step))
    yield from _labelled("Evidence", _evidence(context, step))
    yield from _labelled("Needs", (_data_words(context, data) for data in step.inputs))
    yield from _labelled("Makes", (_data_words(context, data) for data in step.outputs))
    yield from _labelled("Meaning", [readable_text(codeable_concept(context, step.code))])
    yield from _labelled("Required", [_REQUIRED[step.required] if step.required else ""])
    if step.repeats:
        yield "May be done more than once"
    if step.plan is not None:
        entry = context.base.directory.get(str(step.plan))
        yield f"Follows the plan: {entry.title if entry else step.plan}"
    if step.asks is not None:
        yield f"Asks: {step.asks}"


def _activity_lines(context: CompileContext, step: Step, activity: Activity) -> Iterator[str]:
    """What is done, given and how, or must not be: of the activity that the step follows."""
    if step.title and step.title.casefold() != activity.title.casefold():
        if not activity.prohibited:
            yield f"Activity: {activity.title}"
        elif not reads_as_prohibition(step.title):
            yield prohibition_text(activity.title)
    product = codeable_concept(context, activity.product)
    yield from _labelled("Product", [readable_text(product)])
    yield from _labelled("Quantity", [quantity_text(single_quantity(context, activity.quantity))])
    for dosage in order_dosages(context, activity):
        yield from _labelled("Dosage", [dosage_text(dosage)])
    yield from _labelled(
        "Where on the body",
        (readable_text(codeable_concept(context, site)) for site in activity.body_site),
    )


def _order_lines(context: CompileContext, step: Step) -> Iterator[str]:
    """When the step comes: after what, before what, set going by what."""
    yield from _labelled(
        "Set going by", (_trigger_words(context, trigger) for trigger in step.triggers)
    )
    for label, orders in (
        ("After", step.after),
        ("Before", step.before),
        ("At the same time as", step.alongside),
    ):
        yield from _labelled(label, (_order_words(context, order) for order in orders))


def _goals(context: CompileContext, step: Step) -> Iterator[str]:
    plan = context.topic.plan
    descriptions = {str(goal.id): str(goal.description) for goal in plan.goals} if plan else {}
    for name in step.goals:
        yield descriptions.get(str(name), "")


def _evidence(context: CompileContext, step: Step) -> Iterator[str]:
    grade = step.recommendation
    for name in dict.fromkeys((*step.because, *(grade.because if grade is not None else ()))):
        evidence = context.evidence(name)
        if evidence is not None:
            yield str(evidence.title)


def _labelled(label: str, words: Iterable[str]) -> Iterator[str]:
    present = [word for word in words if word]
    if present:
        yield f"{label}: {'; '.join(present)}"


def _all(conditions: tuple[Expression, ...]) -> str:
    """Conditions that have to hold together."""
    return "; and ".join(filter(None, (condition.readable for condition in conditions)))


def _trigger_words(context: CompileContext, trigger: Trigger) -> str:
    condition = trigger.condition.readable if trigger.condition else ""
    data = f"change of {trigger.data}" if trigger.data else ""
    parts = (trigger.name, data, timing_text(compile_timing(context, trigger.timing)), condition)
    return ", ".join(str(part) for part in parts if part)


def _order_words(context: CompileContext, order: Order) -> str:
    other = context.source.steps_by_id.get(str(order.step))
    title = (action_title(context, other) if other is not None else None) or order.step
    relation = _RELATION.get(order.relation or "", "")
    offset = choice_text(duration_choice(context, "offset", order.by), "offset")
    details = ", ".join(filter(None, (relation, offset)))
    return f"{title} ({details})" if details else str(title)


def _data_words(context: CompileContext, data: Data) -> str:
    which = readable_text(codeable_concept(context, data.code))
    kind = f"{data.type}: {which}" if which else str(data.type)
    return f"{data.title} ({kind})" if data.title else kind
