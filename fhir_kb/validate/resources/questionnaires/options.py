"""The answers that a question allows: its options, its value set, and what is allowed besides.

http://hl7.org/fhir/questionnaire-definitions.html#Questionnaire.item.answerConstraint
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import ANSWER_NOT_CHECKED, ANSWER_VALUE
from fhir_kb.validate.resources.locations import report_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Finding, Pointer

_CONSTRAINT_EXTENSION: Final = (
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Questionnaire.item.answerConstraint"
)


def answer_constraint(question: Mapping[str, Any]) -> str:
    """What a question allows: "optionsOnly", "optionsOrType" or "optionsOrString".

    It is an element in R5 and an extension before; open-choice is what R4 has instead.
    """
    if constraint := text(question, "answerConstraint"):
        return constraint
    for _, extension in objects(question, "extension"):
        if text(extension, "url") == _CONSTRAINT_EXTENSION:
            return text(extension, "valueCode")
    return "optionsOrString" if question.get("type") == "open-choice" else "optionsOnly"


def check_options(question: Mapping[str, Any], value: Any, pointer: Pointer) -> list[Finding]:
    """Whether an answer is one of the options, where the question has some."""
    options = [
        option
        for _, entry in objects(question, "answerOption")
        for key, option in entry.items()
        if key.startswith("value")
    ]
    if not options or any(_is_option(value, option) for option in options):
        return []
    shown = value
    if isinstance(value, dict):
        shown = value.get("code") or value.get("reference") or value.get("display")
    return report_at(
        pointer, ANSWER_VALUE, f"{quoted(shown)} is not among the options of the question"
    )


def _is_option(value: Any, option: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(option, dict):
        return bool(value == option)
    if "reference" in option:
        return bool(value.get("reference") == option["reference"])
    return value.get("code") == option.get("code") and (
        "system" not in option or value.get("system") == option.get("system")
    )


def check_value_set(
    question: Mapping[str, Any],
    coding: Mapping[str, Any],
    pointer: Pointer,
    questionnaire: Mapping[str, Any],
    context: Context,
) -> list[Finding]:
    """Whether a Coding is in the value set that the question takes its answers from."""
    url, code, terminology = (
        text(question, "answerValueSet"),
        text(coding, "code"),
        context.terminology,
    )
    system = text(coding, "system")
    if not url or not code or not system or terminology is None:
        return []
    if url.startswith("#"):
        contained = _contained(questionnaire, url[1:]) or context.contained(url[1:])
        is_member = terminology.is_in(contained, system, code) if contained else None
    else:
        is_member = terminology.contains(url, system, code)
    if is_member is None and url not in context.unchecked_value_sets:
        context.unchecked_value_sets.add(url)
        message = f"not checked: answers from {url}, whose codes are not all available"
        return report_at(pointer, ANSWER_NOT_CHECKED, message)
    if is_member is not False:
        return []
    message = f"'{system}#{code}' is not in {url}, from which the question takes its answers"
    return report_at(pointer, ANSWER_VALUE, message, None, "Questionnaire_QR_Item_BadOption")


def _contained(resource: Mapping[str, Any], resource_id: str) -> Mapping[str, Any] | None:
    listed = objects(resource, "contained")
    return next((inner for _, inner in listed if inner.get("id") == resource_id), None)
