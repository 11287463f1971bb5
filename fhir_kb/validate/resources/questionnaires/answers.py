"""One answer against its question: its type, its value, the options."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.codes import ANSWER_TYPE, ANSWER_VALUE
from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.core.json_values import objects
from fhir_kb.validate.resources.item_paths import at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Finding, Pointer

_OF_CHOICE: Final = ("Coding", "String", "Date", "Time", "Integer", "Reference")
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
    "choice": _OF_CHOICE,
    "open-choice": _OF_CHOICE,
    "coding": ("Coding",),
    "attachment": ("Attachment",),
    "reference": ("Reference",),
    "quantity": ("Quantity",),
}
_EXT: Final = "http://hl7.org/fhir/StructureDefinition/"


def check_answer(
    question: Mapping[str, Any], answer: Mapping[str, Any], way: Pointer, context: Context
) -> list[Finding]:
    """What is wrong with one answer."""
    key = next((name for name in answer if name.startswith("value")), "")
    kind = str(question.get("type"))
    allowed = _TYPES.get(kind)
    if not key or allowed is None:
        return []
    is_open = question.get("answerConstraint") in ("optionsOrString", "optionsOrType")
    given = key.removeprefix("value")
    if given not in (*allowed, *(("String",) if is_open else ())):
        message = f"a question of the type {kind} has no answer of the type {given}"
        return at((*way, key), ANSWER_TYPE, message)
    value, place = answer[key], (*way, key)
    found = [*_length(question, value, place), *_range(question, value, place)]
    if given in ("Coding", "Date", "Time", "Integer", "String"):
        found += _options(question, value, way if given == "Coding" else place, kind, is_open)
    if given == "Coding" and isinstance(value, dict):
        found += _value_set(question, value, way, context, is_open=is_open or kind == "open-choice")
    return found


def _length(question: Mapping[str, Any], value: Any, way: Pointer) -> Iterator[Finding]:
    if not isinstance(value, str):
        return
    longest, shortest = question.get("maxLength"), _extension(question, "minLength")
    if isinstance(longest, int) and len(value) > longest:
        message = f"the answer has {len(value)} characters; {longest} are allowed"
        yield from at(way, ANSWER_VALUE, message, None, "Questionnaire_QR_Item_MaxLength")
    if isinstance(shortest, int) and len(value) < shortest:
        message = f"the answer has {len(value)} characters; {shortest} are needed"
        yield from at(way, ANSWER_VALUE, message, None, "Questionnaire_QR_Item_MinLength")


def _range(question: Mapping[str, Any], value: Any, way: Pointer) -> Iterator[Finding]:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return
    number = _number(value)
    least, most = _extension(question, "minValue"), _extension(question, "maxValue")
    if number is None:
        return
    if (limit := _number(least)) is not None and number < limit:
        yield from at(way, ANSWER_VALUE, f"{value} is less than {least}, the least allowed")
    if (limit := _number(most)) is not None and number > limit:
        yield from at(way, ANSWER_VALUE, f"{value} is more than {most}, the most allowed")
    places = _extension(question, "maxDecimalPlaces")
    exponent = number.as_tuple().exponent
    if isinstance(places, int) and isinstance(exponent, int) and -exponent > places:
        yield from at(way, ANSWER_VALUE, f"{value} has more than {places} decimal places")


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _extension(question: Mapping[str, Any], name: str) -> Any:
    for _, one in objects(question, "extension"):
        if one.get("url") == _EXT + name:
            return next((v for k, v in one.items() if k.startswith("value")), None)
    return None


def _options(
    question: Mapping[str, Any], value: Any, way: Pointer, kind: str, is_open: bool
) -> list[Finding]:
    """Whether the answer is one of the options; an open question takes any string besides."""
    options = [
        option
        for _, one in objects(question, "answerOption")
        for key, option in one.items()
        if key.startswith("value")
    ]
    if not options or (isinstance(value, str) and (is_open or kind == "open-choice")):
        return []
    if any(_is_option(value, option) for option in options):
        return []
    if kind == "open-choice" or not any(isinstance(one, type(value)) for one in options):
        return []
    said = value.get("code") if isinstance(value, dict) else value
    return at(way, ANSWER_VALUE, f"{quoted(said)} is not among the options of the question")


def _is_option(value: Any, option: Any) -> bool:
    if isinstance(value, dict) and isinstance(option, dict):
        return value.get("code") == option.get("code") and (
            "system" not in option or value.get("system") == option.get("system")
        )
    return bool(value == option)


def _value_set(
    question: Mapping[str, Any], coding: Mapping[str, Any], way: Pointer, context: Context, *,
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
    return at(way, ANSWER_VALUE, message)
