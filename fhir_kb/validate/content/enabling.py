"""Whether an item of a questionnaire is enabled: http://hl7.org/fhir/questionnaire.html#enableWhen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import FHIRPathError, boolean_of, compile_expression
from fhir_kb.packages import definitions
from fhir_kb.validate.fhir.values import equal
from fhir_kb.validate.fhir.walking import objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_EXPRESSIONS: Final = frozenset(
    {
        "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression",
        "http://phr.kanta.fi/StructureDefinition/fiphr-ext-questionnaire-enablewhen",
    }
)
_MAX_DEPTH: Final = 100


def is_enabled(
    response: Mapping[str, Any],
    question: Mapping[str, Any],
    around: tuple[Mapping[str, Any], ...],
) -> bool:
    """Whether the question is to be answered. around: from the response to what holds the item.

    What cannot be evaluated counts as enabled.
    """
    answers = [_holds(one, around) for _, one in objects(question, "enableWhen")]
    answers += _by_expressions(response, question)
    if not answers:
        return True
    return any(answers) if question.get("enableBehavior") == "any" else all(answers)


def _by_expressions(response: Mapping[str, Any], question: Mapping[str, Any]) -> Iterator[bool]:
    for _, one in objects(question, "extension"):
        if str(one.get("url")) not in _EXPRESSIONS:
            continue
        value = one.get("valueExpression")
        text = value.get("expression") if isinstance(value, dict) else one.get("valueString")
        if not isinstance(text, str):
            continue
        try:
            found = compile_expression(text, definitions("4.0.1"))(response)
            yield boolean_of(found) is True
        except FHIRPathError:
            yield True


def _holds(condition: Mapping[str, Any], around: tuple[Mapping[str, Any], ...]) -> bool:
    name, operator = condition.get("question"), condition.get("operator", "=")
    wanted = next((v for k, v in condition.items() if k.startswith("answer")), None)
    given = _answers(str(name), around)
    if operator == "exists":
        return bool(given) == (wanted is not False)
    return any(_compares(one, operator, wanted) for one in given)


def _answers(name: str, around: tuple[Mapping[str, Any], ...]) -> list[Any]:
    """The answers to a question, as near to the item as there are any."""
    for holder in reversed(around):
        found = list(_below(holder, name, 0))
        if found:
            return found
    return []


def _below(owner: Mapping[str, Any], name: str, depth: int) -> Iterator[Any]:
    if depth > _MAX_DEPTH:
        return
    for _, item in objects(owner, "item"):
        for _, answer in objects(item, "answer"):
            if item.get("linkId") == name:
                yield from (v for k, v in answer.items() if k.startswith("value"))
            yield from _below(answer, name, depth + 1)
        yield from _below(item, name, depth + 1)


def _compares(given: Any, operator: object, wanted: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(given, dict):
        if "value" in wanted:
            given, wanted = given.get("value"), wanted.get("value")
        else:
            same = given.get("code") == wanted.get("code") and (
                "system" not in wanted or given.get("system") == wanted.get("system")
            )
            return same if operator == "=" else not same
    if operator == "=":
        return equal(given, wanted)
    if operator == "!=":
        return not equal(given, wanted)
    try:
        order = int(given > wanted) - int(given < wanted)
    except TypeError:
        return True
    holds = {">": order > 0, "<": order < 0, ">=": order >= 0, "<=": order <= 0}
    return bool(holds.get(str(operator), True))
