"""Steps in words, for the narrative of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import codeable_concept, readable_text
from fhir_kb.compile.element_text import timing_text
from fhir_kb.compile.participants import participant_text
from fhir_kb.compile.recommendation import certain_grade_text
from fhir_kb.compile.timing import compile_timing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model.plan import Data, Order, Step, Trigger

_CHOOSE: Final = {
    "any": "any number of these",
    "all": "all of these",
    "all-or-none": "all of these or none",
    "exactly-one": "exactly one of these",
    "at-most-one": "at most one of these",
    "one-or-more": "one or more of these",
}


def step_narrative(context: CompileContext, step: Step) -> str:
    """A step as a list item in XHTML, with its own steps as a list within."""
    activity = context.activity(step.does) if step.does is not None else None
    prefix = f"{step.prefix} " if step.prefix else ""
    title = step.title or (activity.title if activity else step.id)
    forbidden = " (not to be done)" if activity is not None and activity.prohibited else ""
    head = f"<b>{write.escape(prefix + title)}</b>{forbidden}"
    own = list(_lines(context, step))
    choose = f"<p>Do {_CHOOSE[step.choose]}:</p>" if step.choose and step.steps else ""
    inner = write.bullets(step_narrative(context, inner) for inner in step.steps)
    return head + write.prose(step.text) + write.bullets(map(write.escape, own)) + choose + inner


def _lines(context: CompileContext, step: Step) -> Iterator[str]:
    grade = step.recommendation
    if grade is not None:
        yield certain_grade_text(context, grade) + (f": {grade.text}" if grade.text else "")
    yield from _labelled("when", (each.readable for each in step.when))
    yield from _labelled("once", (each.readable for each in step.once))
    yield from _labelled("until", (each.readable for each in step.until))
    yield from _labelled(
        "set going by", (_trigger_words(context, trigger) for trigger in step.triggers)
    )
    yield from _labelled("after", (_order_words(context, order) for order in step.after))
    yield from _labelled("before", (_order_words(context, order) for order in step.before))
    yield from _labelled("alongside", (_order_words(context, order) for order in step.alongside))
    yield from _labelled("timing", [timing_text(compile_timing(context, step.timing))])
    yield from _labelled("where", [readable_text(codeable_concept(context, step.location))])
    yield from _labelled(
        "who", (participant_text(context, participant) for participant in step.participants)
    )
    yield from _labelled(
        "because of", (readable_text(codeable_concept(context, reason)) for reason in step.reason)
    )
    yield from _labelled("meaning", [readable_text(codeable_concept(context, step.code))])
    yield from _labelled("needs", (_data_words(context, data) for data in step.inputs))
    yield from _labelled("makes", (_data_words(context, data) for data in step.outputs))
    yield from _labelled("priority", [step.priority or ""])
    yield from _labelled("required", [step.required or ""])
    if step.repeats:
        yield "may be done more than once"
    if step.plan is not None:
        entry = context.base.directory.get(str(step.plan))
        yield f"follows the plan: {entry.title if entry else step.plan}"
    if step.asks is not None:
        yield f"asks: {step.asks}"


def _labelled(label: str, words: Iterator[str] | map[str] | list[str]) -> Iterator[str]:
    present = [word for word in words if word]
    if present:
        yield f"{label}: {'; '.join(present)}"


def _trigger_words(context: CompileContext, trigger: Trigger) -> str:
    condition = trigger.condition.readable if trigger.condition else ""
    data = f"change of {trigger.data}" if trigger.data else ""
    parts = (trigger.name, data, timing_text(compile_timing(context, trigger.timing)), condition)
    return ", ".join(str(part) for part in parts if part)


def _order_words(context: CompileContext, order: Order) -> str:
    other = context.source.steps_by_id.get(str(order.step))
    title = other.title if other is not None and other.title else order.step
    by = f" by {order.by}" if order.by else ""
    return f"{title}{by}"


def _data_words(context: CompileContext, data: Data) -> str:
    which = readable_text(codeable_concept(context, data.code))
    kind = f"{data.type}: {which}" if which else str(data.type)
    return f"{data.title} ({kind})" if data.title else kind
