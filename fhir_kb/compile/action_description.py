"""What a step's action says in words, so that people read it wherever an engine shows the action.

FHIR's $apply copies `action.description` onto the CarePlan, and little else that people could read:
conditions in words are no condition for an engine, and orders have no place for much that an
activity says. docs/engines.md has what was observed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile.cautions import caution_text, cautions_of
from fhir_kb.compile.concepts import codeable_concept, readable_text
from fhir_kb.compile.element_text import dosage_text, quantity_text, timing_text
from fhir_kb.compile.elements import with_span_of
from fhir_kb.compile.orders import is_forbidden_as_service
from fhir_kb.compile.quantities import single_quantity
from fhir_kb.compile.timing import compile_dosage, compile_timing
from fhir_kb.model.prohibition import prohibition_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model.activity import Activity, DynamicValue
    from fhir_kb.model.plan import Step

#: which orders have an element for it, by the author's word for the kind
_WITH_PRODUCT: Final = frozenset({"medication", "immunization"})
_WITH_DOSAGE: Final = frozenset({"medication"})
_WITH_BODY_SITE: Final = frozenset({"service"})
_WITH_QUANTITY: Final = frozenset({"supply"})


def action_title(context: CompileContext, step: Step) -> str | None:
    """The step's title; without one, that of its activity, as what is not to be done if it is."""
    activity = context.activity_of(step)
    if activity is None or (step.title and not _is_title_of_prohibited(step, activity)):
        return step.title
    if activity.prohibited:
        return with_span_of(prohibition_text(activity.title), activity.title)
    return activity.title


def action_description(context: CompileContext, step: Step) -> str | None:
    """What `action.description` says, a paragraph each: conditions, prohibition, text, order."""
    paragraphs = [text for text in _paragraphs(context, step) if text]
    if not paragraphs:
        return None
    return with_span_of("\n\n".join(dict.fromkeys(paragraphs)), step.text or step.id)


def _paragraphs(context: CompileContext, step: Step) -> Iterator[str]:
    for kind, condition in step.conditions_for_people:
        yield _labelled(_LABELS[kind], condition.readable)
    activity = context.activity_of(step)
    if activity is not None and activity.prohibited and step.title:
        yield prohibition_text(activity.title)
    yield str(step.text or "")
    yield from _in_words(step.dynamic_values)
    if activity is not None:
        for caution in cautions_of(context, activity):
            yield caution_text(context, caution)
        yield str(activity.text or "")
        yield from _beyond_the_order(context, activity)
        yield from _in_words(activity.dynamic_values)


def _beyond_the_order(context: CompileContext, activity: Activity) -> Iterator[str]:
    """What the activity says that an order of its kind has no element for."""
    kind = "service" if is_forbidden_as_service(activity) else str(activity.kind)
    if kind not in _WITH_PRODUCT:
        yield _labelled("Product", readable_text(codeable_concept(context, activity.product)))
    if kind not in _WITH_QUANTITY:
        yield _labelled("Quantity", quantity_text(single_quantity(context, activity.quantity)))
    if kind not in _WITH_DOSAGE:
        for dosage in activity.dosage:
            yield _labelled("Dosage", dosage_text(compile_dosage(context, dosage)))
    yield _labelled("Timing", timing_text(compile_timing(context, activity.timing)))
    if kind not in _WITH_BODY_SITE:
        for site in activity.body_site:
            yield _labelled("Where", readable_text(codeable_concept(context, site)))


def _is_title_of_prohibited(step: Step, activity: Activity) -> bool:
    """Whether the step's title is that of a prohibited activity, so it would read as advice."""
    return activity.prohibited and step.title.casefold() == activity.title.casefold()


def _in_words(values: tuple[DynamicValue, ...]) -> Iterator[str]:
    """Values that people work out."""
    for value in values:
        if not value.is_formal:
            yield _labelled(f"To be worked out, {value.path}", str(value.text or ""))


def _labelled(label: str, text: str) -> str:
    return f"{label}: {text}" if text else ""


_LABELS: Final = {"applicability": "When", "start": "Once", "stop": "Until"}
