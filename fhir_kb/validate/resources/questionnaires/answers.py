"""One answer against its question: type, value, options."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.core.json_values import objects
from fhir_kb.validate.finding_codes import ANSWER_TYPE, ANSWER_VALUE
from fhir_kb.validate.resources.locations import report_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
_EXTENSION_ROOT: Final = "http://hl7.org/fhir/StructureDefinition/"


def check_answer(
    question: Mapping[str, Any], answer: Mapping[str, Any], pointer: Pointer, context: Context
) -> list[Finding]:
    """What is wrong with one answer."""
    key = next((name for name in answer if name.startswith("value")), "")
    question_type = str(question.get("type"))
    allowed = _TYPES.get(question_type)
    if not key or allowed is None:
        return []
    is_open = question.get("answerConstraint") in ("optionsOrString", "optionsOrType")
    answer_type = key.removeprefix("value")
    if answer_type not in (*allowed, *(("String",) if is_open else ())):
        message = f"a question of the type {question_type} has no answer of the type {answer_type}"
        return report_at((*pointer, key), ANSWER_TYPE, message)
    value, value_pointer = answer[key], (*pointer, key)
    findings = [
        *_check_length(question, value, value_pointer),
        *_check_range(question, value, value_pointer),
    ]
    if answer_type in ("Coding", "Date", "Time", "Integer", "String"):
        findings += _check_options(
            question,
            value,
            pointer if answer_type == "Coding" else value_pointer,
            question_type,
            is_open,
        )
    if answer_type == "Coding" and isinstance(value, dict):
        findings += _check_value_set(
            question, value, pointer, context, is_open=is_open or question_type == "open-choice"
        )
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


def _check_range(question: Mapping[str, Any], value: Any, pointer: Pointer) -> Iterator[Finding]:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return
    number = _number(value)
    min_value, max_value = _extension(question, "minValue"), _extension(question, "maxValue")
    if number is None:
        return
    if (limit := _number(min_value)) is not None and number < limit:
        yield from report_at(
            pointer, ANSWER_VALUE, f"{value} is less than {min_value}, the least allowed"
        )
    if (limit := _number(max_value)) is not None and number > limit:
        yield from report_at(
            pointer, ANSWER_VALUE, f"{value} is more than {max_value}, the most allowed"
        )
    places = _extension(question, "maxDecimalPlaces")
    exponent = number.as_tuple().exponent
    if isinstance(places, int) and isinstance(exponent, int) and -exponent > places:
        yield from report_at(
            pointer, ANSWER_VALUE, f"{value} has more than {places} decimal places"
        )


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _extension(question: Mapping[str, Any], name: str) -> Any:
    for _, extension in objects(question, "extension"):
        if extension.get("url") == _EXTENSION_ROOT + name:
            return next(
                (value for key, value in extension.items() if key.startswith("value")), None
            )
    return None


def _check_options(
    question: Mapping[str, Any], value: Any, pointer: Pointer, question_type: str, is_open: bool
) -> list[Finding]:
    """Whether the answer is one of the options; an open question accepts any string too."""
    options = [
        option
        for _, entry in objects(question, "answerOption")
        for key, option in entry.items()
        if key.startswith("value")
    ]
    if not options or (isinstance(value, str) and (is_open or question_type == "open-choice")):
        return []
    if any(_is_option(value, option) for option in options):
        return []
    if question_type == "open-choice" or not any(
        isinstance(option, type(value)) for option in options
    ):
        return []
    shown = value.get("code") if isinstance(value, dict) else value
    return report_at(
        pointer, ANSWER_VALUE, f"{quoted(shown)} is not among the options of the question"
    )


def _is_option(value: Any, option: Any) -> bool:
    if isinstance(value, dict) and isinstance(option, dict):
        return value.get("code") == option.get("code") and (
            "system" not in option or value.get("system") == option.get("system")
        )
    return bool(value == option)


def _check_value_set(
    question: Mapping[str, Any], coding: Mapping[str, Any], pointer: Pointer, context: Context, *,
    is_open: bool,
) -> list[Finding]:  # fmt: skip
    url, code = question.get("answerValueSet"), coding.get("code")
    if is_open or not isinstance(url, str) or not isinstance(code, str) or url.startswith("#"):
        return []
    if context.terminology is None or not isinstance(system := coding.get("system"), str):
        return []
    if context.terminology.contains(url, system, code) is not False:
        return []
    message = f"'{system}#{code}' is not in {url}, from which the question takes its answers"
    return report_at(pointer, ANSWER_VALUE, message)
