"""One answer against its question: type, value, options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import FHIRPathError
from fhir_kb.fhirpath.regex import matches
from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import ANSWER_NOT_CHECKED, ANSWER_TYPE, ANSWER_VALUE
from fhir_kb.validate.resources.locations import report_at
from fhir_kb.validate.resources.questionnaires.comparison import number_of, order
from fhir_kb.validate.resources.questionnaires.options import (
    answer_constraint,
    check_options,
    check_value_set,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Finding, Pointer

_CHOICE_TYPES: Final = ("Coding", "String", "Date", "Time", "Integer", "Reference")
_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "boolean": ("Boolean",),
    "decimal": ("Decimal",),
    "integer": ("Integer",),
    "date": ("Date",),
    "dateTime": ("DateTime",),
    "time": ("Time",),
    "string": ("String",),
    "text": ("String",),
    "url": ("Uri",),
    "choice": _CHOICE_TYPES,
    "open-choice": _CHOICE_TYPES,
    "coding": ("Coding",),
    "attachment": ("Attachment",),
    "reference": ("Reference",),
    "quantity": ("Quantity",),
}
_TIMES: Final = {"Date": "date", "DateTime": "dateTime", "Time": "time"}
_EXTENSION_ROOT: Final = "http://hl7.org/fhir/StructureDefinition/"


def check_answer(
    question: Mapping[str, Any],
    answer: Mapping[str, Any],
    pointer: Pointer,
    questionnaire: Mapping[str, Any],
    context: Context,
    definitions: Definitions,
) -> list[Finding]:
    """What is wrong with one answer.

    Args:
        question: The item of the Questionnaire.
        answer: The answer, as JSON.
        pointer: Where the answer is in the response.
        questionnaire: Its contained value sets are those that the question may name.
        context: Of the response.
        definitions: Of the FHIR release.
    """
    key = next((name for name in answer if name.startswith("value")), "")
    question_type = str(question.get("type"))
    allowed = _TYPES.get(question_type)
    if not key or allowed is None:
        return []
    constraint = answer_constraint(question)
    answer_type = key.removeprefix("value")
    is_text = answer_type == "String" and constraint == "optionsOrString"
    if answer_type not in allowed and not is_text:
        message = f"a question of the type {question_type} has no answer of the type {answer_type}"
        return report_at((*pointer, key), ANSWER_TYPE, message)
    value, value_pointer = answer[key], (*pointer, key)
    findings = [
        *_check_length(question, value, value_pointer),
        *_check_pattern(question, value, value_pointer),
        *_check_range(question, value, value_pointer),
        *_check_times(question, value, answer_type, value_pointer, definitions),
    ]
    if is_text or constraint == "optionsOrType":
        return findings
    is_object = answer_type in ("Coding", "Reference")
    findings += check_options(question, value, pointer if is_object else value_pointer)
    if answer_type == "Coding" and isinstance(value, dict):
        findings += check_value_set(question, value, pointer, questionnaire, context)
    return findings


def _check_length(question: Mapping[str, Any], value: Any, pointer: Pointer) -> Iterator[Finding]:
    if not isinstance(value, str):
        return
    longest, shortest = question.get("maxLength"), _extension(question, "minLength")
    if isinstance(longest, int) and len(value) > longest:
        message = f"the answer has {len(value)} characters; {longest} are allowed"
        yield from report_at(
            pointer, ANSWER_VALUE, message, None, "Questionnaire_QR_Item_MaxLength"
        )
    if isinstance(shortest, int) and len(value) < shortest:
        message = f"the answer has {len(value)} characters; {shortest} are needed"
        yield from report_at(
            pointer, ANSWER_VALUE, message, None, "Questionnaire_QR_Item_MinLength"
        )


def _check_pattern(question: Mapping[str, Any], value: Any, pointer: Pointer) -> Iterator[Finding]:
    """The whole value: http://hl7.org/fhir/extensions/StructureDefinition-regex.html."""
    pattern = _extension(question, "regex")
    if not isinstance(pattern, str) or isinstance(value, bool | dict | list) or value is None:
        return
    try:
        is_match = matches(pattern, str(value), full=True)
    except FHIRPathError as error:
        message = f"not checked: the pattern {quoted(pattern)} of the question: {error}"
        yield from report_at(pointer, ANSWER_NOT_CHECKED, message)
        return
    if not is_match:
        message = f"{quoted(value)} does not match {quoted(pattern)}, the pattern of the question"
        yield from report_at(
            pointer, ANSWER_VALUE, message, None, "QUESTIONNAIRE_QR_ITEM_STRING_REGEX"
        )


def _check_range(question: Mapping[str, Any], value: Any, pointer: Pointer) -> Iterator[Finding]:
    number = number_of(value)
    min_value, max_value = _extension(question, "minValue"), _extension(question, "maxValue")
    if number is None:
        return
    if (limit := number_of(min_value)) is not None and number < limit:
        yield from report_at(
            pointer, ANSWER_VALUE, f"{value} is less than {min_value}, the least allowed"
        )
    if (limit := number_of(max_value)) is not None and number > limit:
        yield from report_at(
            pointer, ANSWER_VALUE, f"{value} is more than {max_value}, the most allowed"
        )
    places = _extension(question, "maxDecimalPlaces")
    exponent = number.as_tuple().exponent
    if isinstance(places, int) and isinstance(exponent, int) and -exponent > places:
        yield from report_at(
            pointer, ANSWER_VALUE, f"{value} has more than {places} decimal places"
        )


def _check_times(
    question: Mapping[str, Any],
    value: Any,
    answer_type: str,
    pointer: Pointer,
    definitions: Definitions,
) -> Iterator[Finding]:
    """The limits of a date or time; `2024` is neither before nor after `2024-02`."""
    type_name = _TIMES.get(answer_type)
    if type_name is None or not isinstance(value, str):
        return
    for name, sign, relation in (("minValue", -1, "before"), ("maxValue", 1, "after")):
        limit = _extension(question, name)
        if not isinstance(limit, str):
            continue
        compared = order(value, limit, "time" if type_name == "time" else "dateTime", definitions)
        if compared == sign:
            which = "first" if sign < 0 else "last"
            message = f"{value} is {relation} {limit}, the {which} allowed"
            message_id = f"QUESTIONNAIRE_QR_ITEM_{type_name.upper()}_{name[:3].upper()}"
            yield from report_at(pointer, ANSWER_VALUE, message, None, message_id)
        elif compared is None:
            message = f"not checked: whether {quoted(value)} is {relation} {quoted(limit)}"
            advice = "one is less precise than the other, or is no date"
            yield from report_at(pointer, ANSWER_NOT_CHECKED, message, advice)


def _extension(question: Mapping[str, Any], name: str) -> Any:
    for _, extension in objects(question, "extension"):
        if text(extension, "url") == _EXTENSION_ROOT + name:
            return next(
                (value for key, value in extension.items() if key.startswith("value")), None
            )
    return None
