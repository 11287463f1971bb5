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


class Enablement:
    """Decides which items of a response are enabled."""

    def __init__(self, response: Mapping[str, Any], definitions: Definitions) -> None:
        """Set up; the answers below an item are collected when first needed, and kept.

        Args:
            response: the QuestionnaireResponse as JSON.
            definitions: of its FHIR release.
        """
        self._response = response
        self._definitions = definitions
        self._answers: dict[int, dict[str, list[Any]]] = {}

    def is_enabled(
        self, question: Mapping[str, Any], ancestors: tuple[Mapping[str, Any], ...]
    ) -> bool:
        """Whether an item is enabled; what cannot be evaluated counts as enabled.

        Args:
            question: the item of the Questionnaire.
            ancestors: from the response to the item or answer that contains the item.
        """
        results = [
            self._holds(condition, ancestors) for _, condition in objects(question, "enableWhen")
        ]
        results += self._by_expressions(question)
        if not results:
            return True
        return any(results) if question.get("enableBehavior") == "any" else all(results)

    def _by_expressions(self, question: Mapping[str, Any]) -> Iterator[bool]:
        for _, extension in objects(question, "extension"):
            if str(extension.get("url")) not in _EXPRESSIONS:
                continue
            value = extension.get("valueExpression")
            text = (
                value.get("expression") if isinstance(value, dict) else extension.get("valueString")
            )
            if not isinstance(text, str):
                continue
            try:
                items = compile_expression(text, self._definitions)(self._response)
                yield boolean_of(items) is True
            except FHIRPathError:
                yield True

    def _holds(
        self, condition: Mapping[str, Any], ancestors: tuple[Mapping[str, Any], ...]
    ) -> bool:
        name, operator = condition.get("question"), condition.get("operator", "=")
        expected = next(
            (value for key, value in condition.items() if key.startswith("answer")), None
        )
        answers = self._nearest(str(name), ancestors)
        if operator == "exists":
            return bool(answers) == (expected is not False)
        return any(_compare(answer, operator, expected) for answer in answers)

    def _nearest(self, name: str, ancestors: tuple[Mapping[str, Any], ...]) -> list[Any]:
        """The answers to a question in the innermost ancestor that has any."""
        for ancestor in reversed(ancestors):
            answers = self._answers.get(id(ancestor))
            if answers is None:
                answers = self._answers[id(ancestor)] = {}
                _collect(ancestor, answers, 0)
            if answers.get(name):
                return answers[name]
        return []


def _collect(parent: Mapping[str, Any], answers: dict[str, list[Any]], depth: int) -> None:
    """Add all answers below an item, or the response, by linkId."""
    if depth > _MAX_DEPTH:
        return
    for _, item in objects(parent, "item"):
        for _, answer in objects(item, "answer"):
            values = [value for key, value in answer.items() if key.startswith("value")]
            answers.setdefault(str(item.get("linkId")), []).extend(values)
            _collect(answer, answers, depth + 1)
        _collect(item, answers, depth + 1)


def _compare(answer: Any, operator: object, expected: Any) -> bool:
    if isinstance(expected, dict) and isinstance(answer, dict):
        if "value" in expected:
            answer, expected = answer.get("value"), expected.get("value")
        else:
            is_same = answer.get("code") == expected.get("code") and (
                "system" not in expected or answer.get("system") == expected.get("system")
            )
            return is_same if operator == "=" else not is_same
    if operator == "=":
        return equal(answer, expected)
    if operator == "!=":
        return not equal(answer, expected)
    try:
        order = int(answer > expected) - int(answer < expected)
    except TypeError:
        return True
    holds = {">": order > 0, "<": order < 0, ">=": order >= 0, "<=": order <= 0}
    return bool(holds.get(str(operator), True))
