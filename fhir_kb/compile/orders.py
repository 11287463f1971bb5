"""What an activity says so that the order which an engine makes of it says what is ordered.

An engine fills an order from the definition: `code`, or `productCodeableConcept` for what is given.
Where the author has left one out, the words that are there take its place. docs/engines.md has what
HAPI's engine makes of each kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile.concepts import codeable_concept, readable_text
from fhir_kb.compile.element_text import dosage_text
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.expressions import compile_dynamic_value
from fhir_kb.compile.timing import compile_dosage
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element
    from fhir_kb.model.activity import Activity

#: the requests that can say `doNotPerform`
_CAN_FORBID: Final = frozenset({"service", "medication", "communication", "task"})
#: what is given is the product, and the order is refused without one
_GIVES: Final = frozenset({"medication", "immunization"})
_DIETS: Final = ("oralDiet", "supplement", "enteralFormula")


def order_kind(context: CompileContext, activity: Activity) -> str | None:
    """ActivityDefinition.kind; ServiceRequest for what is forbidden and cannot say so in its kind.

    An ImmunizationRecommendation of a vaccine that must not be given would recommend it.
    """
    if activity.kind is None:
        return None
    word = "service" if is_forbidden_as_service(activity) else activity.kind
    if word != activity.kind:
        context.report(
            "KB413",
            f"'{activity.kind}' cannot say that '{activity.id}' is not to be done, so it is "
            "published as a service",
            activity.kind.span,
        )
    return with_span_of(code_words.ACTIVITY_KIND[word], activity.kind)


def is_forbidden_as_service(activity: Activity) -> bool:
    """Whether it is not to be done, and only another kind of order than its own can say so."""
    return activity.prohibited and activity.kind is not None and activity.kind not in _CAN_FORBID


def order_code(context: CompileContext, activity: Activity) -> Element:
    """What is done: the author's code or words, else the title.

    Of a communication the words are what is said, because engines take them for its payload.
    """
    code = codeable_concept(context, activity.code)
    text = code.get("text", "") if code is not None else ""
    if activity.kind == "communication" and activity.text:
        message = f"{text}: {activity.text}" if text else str(activity.text)
        span = activity.text.span
    elif code is not None and text:
        return code
    else:
        message, span = str(activity.title), activity.title.span
    return element(span, coding=code.get("coding") if code else None, text=message)


def order_product(context: CompileContext, activity: Activity) -> Element | None:
    """What is given; of medicines and vaccines what is done, where no product is named."""
    product = codeable_concept(context, activity.product)
    if product is None and activity.kind in _GIVES and not is_forbidden_as_service(activity):
        return order_code(context, activity)
    return product


def order_dosages(context: CompileContext, activity: Activity) -> list[Element]:
    """How it is given: several dosages in the order in which the author has them."""
    if len(activity.dosage) < 2:
        return [compile_dosage(context, dosage) for dosage in activity.dosage]
    return [
        compile_dosage(context, dosage, sequence)
        for sequence, dosage in enumerate(activity.dosage, 1)
    ]


def order_values(context: CompileContext, activity: Activity) -> list[Element]:
    """The values that are worked out; of a diet also what it is, for which R5 has no element."""
    values = [compile_dynamic_value(context, value) for value in activity.dynamic_values]
    compiled = [value for value in values if value is not None]
    own = any(value.path.startswith(_DIETS) for value in activity.dynamic_values)
    if activity.kind == "nutrition" and not own and not is_forbidden_as_service(activity):
        compiled += _diet(context, activity)
    return compiled


def _diet(context: CompileContext, activity: Activity) -> Iterator[Element]:
    dosages = [dosage_text(dosage) for dosage in order_dosages(context, activity)]
    product = readable_text(codeable_concept(context, activity.product))
    instruction = ". ".join(filter(None, (product, *dosages)))
    for path, words in (
        ("oralDiet.type.text", readable_text(order_code(context, activity))),
        ("oralDiet.instruction", instruction),
    ):
        if words:
            literal = element(
                activity.span, language="text/fhirpath", expression=_fhirpath_string(words)
            )
            yield element(activity.span, path=path, expression=literal)


def _fhirpath_string(text: str) -> str:
    """A literal of that text (https://hl7.org/fhirpath/N1/#string); CQL reads it the same."""
    escapes = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f"}
    return "'" + "".join(escapes.get(character, character) for character in text) + "'"
