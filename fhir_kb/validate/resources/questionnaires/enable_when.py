"""Whether an item of a questionnaire is enabled: http://hl7.org/fhir/questionnaire.html#enableWhen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import FHIRPathError, boolean_of, compile_expression
from fhir_kb.validate.core.json_values import objects
from fhir_kb.validate.datatypes.fixed_values import equal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.packages import Definitions

_EXPRESSIONS: Final = frozenset(
    {
        "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression",
        "http://phr.kanta.fi/StructureDefinition/fiphr-ext-questionnaire-enablewhen",
    }
)
_MAX_DEPTH: Final = 100


class Enabling:
    """Tells which items of a response are enabled.

    response: the response as JSON. known: the definitions of its release. What was answered is
    collected once for each item in which it is looked for.
    """

    def __init__(self, response: Mapping[str, Any], known: Definitions) -> None:
        self._response = response
        self._known = known
        self._answers: dict[int, dict[str, list[Any]]] = {}

    def is_enabled(
        self, question: Mapping[str, Any], around: tuple[Mapping[str, Any], ...]
    ) -> bool:
        """Whether a question is to be answered. around: from the response to what holds the item.

        What cannot be evaluated counts as enabled.
        """
        answers = [self._holds(one, around) for _, one in objects(question, "enableWhen")]
        answers += self._by_expressions(question)
        if not answers:
            return True
        return any(answers) if question.get("enableBehavior") == "any" else all(answers)

    def _by_expressions(self, question: Mapping[str, Any]) -> Iterator[bool]:
        for _, one in objects(question, "extension"):
            if str(one.get("url")) not in _EXPRESSIONS:
                continue
            value = one.get("valueExpression")
            text = value.get("expression") if isinstance(value, dict) else one.get("valueString")
            if not isinstance(text, str):
                continue
            try:
                found = compile_expression(text, self._known)(self._response)
                yield boolean_of(found) is True
            except FHIRPathError:
                yield True

    def _holds(self, condition: Mapping[str, Any], around: tuple[Mapping[str, Any], ...]) -> bool:
        name, operator = condition.get("question"), condition.get("operator", "=")
        wanted = next((v for k, v in condition.items() if k.startswith("answer")), None)
        given = self._nearest(str(name), around)
        if operator == "exists":
            return bool(given) == (wanted is not False)
        return any(_compares(one, operator, wanted) for one in given)

    def _nearest(self, name: str, around: tuple[Mapping[str, Any], ...]) -> list[Any]:
        """The answers to a question, as near to the item as there are any."""
        for holder in reversed(around):
            known = self._answers.get(id(holder))
            if known is None:
                known = self._answers[id(holder)] = {}
                _collect(holder, known, 0)
            if known.get(name):
                return known[name]
        return []


def _collect(owner: Mapping[str, Any], found: dict[str, list[Any]], depth: int) -> None:
    """Add all answers below an item, or the response, to those by linkId."""
    if depth > _MAX_DEPTH:
        return
    for _, item in objects(owner, "item"):
        for _, answer in objects(item, "answer"):
            values = [value for key, value in answer.items() if key.startswith("value")]
            found.setdefault(str(item.get("linkId")), []).extend(values)
            _collect(answer, found, depth + 1)
        _collect(item, found, depth + 1)


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
