"""Steps in words, for the narrative of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import codeable, readable
from fhir_kb.compile.element_text import timing_text
from fhir_kb.compile.participants import participant_text
from fhir_kb.compile.recommendation import grade_text
from fhir_kb.compile.timing import timing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model.activity import Expression
    from fhir_kb.model.plan import Data, Order, Step, Trigger

_CHOOSE: Final = {
    "any": "any number of these",
    "all": "all of these",
    "all-or-none": "all of these or none",
    "exactly-one": "exactly one of these",
    "at-most-one": "at most one of these",
    "one-or-more": "one or more of these",
}


def step_narrative(bench: CompileContext, step: Step) -> str:
    """A step as a list item in XHTML, with its own steps as a list within."""
    activity = bench.activity(step.does) if step.does is not None else None
    prefix = f"{step.prefix} " if step.prefix else ""
    title = step.title or (activity.title if activity else step.id)
    forbidden = " (not to be done)" if activity is not None and activity.prohibited else ""
    head = f"<b>{write.escape(prefix + title)}</b>{forbidden}"
    own = list(_lines(bench, step))
    choose = f"<p>Do {_CHOOSE[step.choose]}:</p>" if step.choose and step.steps else ""
    inner = write.bullets(step_narrative(bench, one) for one in step.steps)
    return head + write.prose(step.text) + write.bullets(map(write.escape, own)) + choose + inner


def _lines(bench: CompileContext, step: Step) -> Iterator[str]:
    grade = step.recommendation
    if grade is not None:
        yield grade_text(bench, grade) + (f": {grade.text}" if grade.text else "")
    yield from _labelled("when", map(_expression_words, step.when))
    yield from _labelled("once", map(_expression_words, step.once))
    yield from _labelled("until", map(_expression_words, step.until))
    yield from _labelled("set going by", (_trigger_words(bench, one) for one in step.triggers))
    yield from _labelled("after", (_order_words(bench, one) for one in step.after))
    yield from _labelled("before", (_order_words(bench, one) for one in step.before))
    yield from _labelled("alongside", (_order_words(bench, one) for one in step.alongside))
    yield from _labelled("timing", [timing_text(timing(bench, step.timing))])
    yield from _labelled("where", [readable(codeable(bench, step.location))])
    yield from _labelled("who", (participant_text(bench, one) for one in step.participants))
    yield from _labelled("because of", (readable(codeable(bench, one)) for one in step.reason))
    yield from _labelled("meaning", [readable(codeable(bench, step.code))])
    yield from _labelled("needs", (_data_words(bench, one) for one in step.inputs))
    yield from _labelled("makes", (_data_words(bench, one) for one in step.outputs))
    yield from _labelled("priority", [step.priority or ""])
    yield from _labelled("required", [step.required or ""])
    if step.repeats:
        yield "may be done more than once"
    if step.plan is not None:
        entry = bench.base.directory.get(str(step.plan))
        yield f"follows the plan: {entry.title if entry else step.plan}"
    if step.asks is not None:
        yield f"asks: {step.asks}"


def _labelled(label: str, words: Iterator[str] | map[str] | list[str]) -> Iterator[str]:
    found = [word for word in words if word]
    if found:
        yield f"{label}: {'; '.join(found)}"


def _expression_words(one: Expression) -> str:
    """The words of an expression; without any, the expression itself."""
    return str(one.text or one.fhirpath or one.cql or one.cql_identifier or "")


def _trigger_words(bench: CompileContext, one: Trigger) -> str:
    condition = _expression_words(one.condition) if one.condition else ""
    data = f"change of {one.data}" if one.data else ""
    parts = (one.name, data, timing_text(timing(bench, one.timing)), condition)
    return ", ".join(str(part) for part in parts if part)


def _order_words(bench: CompileContext, one: Order) -> str:
    other = next((step for step in bench.source.steps if step.id == one.step), None)
    title = other.title if other is not None and other.title else one.step
    by = f" by {one.by}" if one.by else ""
    return f"{title}{by}"


def _data_words(bench: CompileContext, one: Data) -> str:
    which = readable(codeable(bench, one.code))
    kind = f"{one.type}: {which}" if which else str(one.type)
    return f"{one.title} ({kind})" if one.title else kind
