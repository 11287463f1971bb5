"""Whether an item of a questionnaire is enabled: http://hl7.org/fhir/questionnaire.html#enableWhen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.fhirpath import FHIRPathError, boolean_of, compile_expression
from fhir_kb.terminology.three_valued import all_of, any_of, negated
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.datatypes.fixed_values import equal
from fhir_kb.validate.resources.questionnaires.comparison import order

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
    ) -> bool | None:
        """Whether an item is enabled; None where that cannot be evaluated.

        Args:
            question: the item of the Questionnaire.
            ancestors: from the response to the item or answer that contains the item.
        """
        results: list[bool | None] = [
            self._holds(condition, ancestors) for _, condition in objects(question, "enableWhen")
        ]
        results += self._by_expressions(question)
        if not results:
            return True
        return any_of(results) if question.get("enableBehavior") == "any" else all_of(results)

    def _by_expressions(self, question: Mapping[str, Any]) -> Iterator[bool | None]:
        for _, extension in objects(question, "extension"):
            if str(extension.get("url")) not in _EXPRESSIONS:
                continue
            value = extension.get("valueExpression")
            expression = text(value, "expression") or text(extension, "valueString")
            if text(value, "language") not in ("", "text/fhirpath") or not expression:
                yield None
                continue
            try:
                items = compile_expression(expression, self._definitions)(self._response)
                yield boolean_of(items) is True
            except FHIRPathError:
                yield None

    def _holds(
        self, condition: Mapping[str, Any], ancestors: tuple[Mapping[str, Any], ...]
    ) -> bool | None:
        name, operator = condition.get("question"), condition.get("operator", "=")
        key, expected = next(
            ((key, value) for key, value in condition.items() if key.startswith("answer")),
            ("", None),
        )
        answers = self._nearest(str(name), ancestors)
        if operator == "exists":
            return bool(answers) == (expected is not False)
        type_name = _type_name(key.removeprefix("answer"))
        return any_of(
            _compare(answer, str(operator), expected, type_name, self._definitions)
            for answer in answers
        )

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


def _compare(
    answer: Any, operator: str, expected: Any, type_name: str, definitions: Definitions
) -> bool | None:
    """Whether a condition holds for an answer; None where that is not known."""
    if operator in ("=", "!="):
        is_same = _is_same(answer, expected, definitions)
        return is_same if operator == "=" else negated(is_same)
    compared = order(answer, expected, type_name, definitions)
    if compared is None:
        return None
    holds = {
        ">": compared > 0, "<": compared < 0, ">=": compared >= 0, "<=": compared <= 0,
    }  # fmt: skip
    return holds.get(operator)


def _is_same(answer: Any, expected: Any, definitions: Definitions) -> bool | None:
    if not isinstance(expected, dict) or not isinstance(answer, dict):
        return equal(answer, expected)
    if "value" in expected:
        compared = order(answer, expected, "Quantity", definitions)
        return None if compared is None else compared == 0
    if "reference" in expected:
        return bool(answer.get("reference") == expected["reference"])
    return answer.get("code") == expected.get("code") and (
        "system" not in expected or answer.get("system") == expected.get("system")
    )


def _type_name(suffix: str) -> str:
    """The type of a condition's answer: "Date" of answerDate is a date."""
    if suffix in ("Coding", "Quantity", "Reference"):
        return suffix
    return "dateTime" if suffix == "Date" else suffix[:1].lower() + suffix[1:] or "string"
