"""Responses against their questionnaires: http://hl7.org/fhir/questionnaireresponse.html."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.codes import (
    ANSWER_MISSING,
    ANSWER_NOT_ALLOWED,
    ITEM_UNKNOWN,
    QUESTIONNAIRE_UNKNOWN,
)
from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.core.json_values import objects
from fhir_kb.validate.resources.item_paths import at
from fhir_kb.validate.resources.questionnaires.answers import check_answer
from fhir_kb.validate.resources.questionnaires.enable_when import Enabling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Finding, Findings, Pointer

_MAX_DEPTH: Final = 100


@dataclass(frozen=True, slots=True)
class _Run:
    """One response and what it answers."""

    response: Mapping[str, Any]
    known: frozenset[str]
    context: Context
    enabling: Enabling

    @property
    def is_finished(self) -> bool:
        return self.response.get("status") != "in-progress"


def response_rule(definitions: Definitions) -> Checker:
    """The check of what a QuestionnaireResponse says that its Questionnaire does not allow."""
    return lambda value, context: _check(value, context, definitions)


def _check(value: Mapping[str, Any], context: Context, definitions: Definitions) -> Findings:
    url = value.get("questionnaire")
    if not isinstance(url, str):
        return None
    questionnaire = (
        context.contained(url[1:])
        if url.startswith("#")
        else context.canonicals.find(url, "Questionnaire")
        if context.canonicals is not None
        else None
    )
    if not isinstance(questionnaire, dict) or "item" not in questionnaire:
        if questionnaire is None and not url.startswith("#"):
            message = f"the questionnaire {quoted(url, 120)} is not known; answers were not checked"
            return at((), QUESTIONNAIRE_UNKNOWN, message)
        return None
    known, enabling = frozenset(_ids(questionnaire, 0)), Enabling(value, definitions)
    run = _Run(value, known, context, enabling)
    return _items(run, questionnaire, value, (), (value,)) or None


def _ids(owner: Mapping[str, Any], depth: int) -> list[str]:
    found: list[str] = []
    for _, one in objects(owner, "item") if depth < _MAX_DEPTH else ():
        found += [str(one.get("linkId")), *_ids(one, depth + 1)]
    return found


def _items(
    run: _Run,
    asked: Mapping[str, Any],
    given: Mapping[str, Any],
    way: Pointer,
    around: tuple[Mapping[str, Any], ...],
) -> list[Finding]:
    """The items that were given for those that were asked, at one level."""
    questions = {str(one.get("linkId")): one for _, one in objects(asked, "item")}
    found: list[Finding] = []
    answered: dict[str, int] = {}
    for index, item in objects(given, "item"):
        name, here = item.get("linkId"), (*way, "item", index)
        question = questions.get(name) if isinstance(name, str) else None
        if question is None:
            if isinstance(name, str):
                found += _unknown(run, name, way, here)
            continue
        answered[str(name)] = answered.get(str(name), 0) + 1
        found += _item(run, question, item, here, (*around, item))
        if answered[str(name)] == 2 and not _repeats(question):
            found += at(here, ANSWER_NOT_ALLOWED, f"the item {quoted(name)} is there already", None,
                        "Questionnaire_QR_Item_OnlyOneI")  # fmt: skip
    for name, question in questions.items():
        if name not in answered and _is_due(run, question, around):
            message = f"there is no answer to {quoted(name)}, which is required"
            found += at(way, ANSWER_MISSING, message)
    return found


def _is_due(run: _Run, question: Mapping[str, Any], around: tuple[Mapping[str, Any], ...]) -> bool:
    if question.get("required") is not True or not run.is_finished:
        return False
    return question.get("type") != "display" and run.enabling.is_enabled(question, around)


def _unknown(run: _Run, name: str, way: Pointer, here: Pointer) -> list[Finding]:
    if name in run.known:
        message = f"the item {quoted(name)} is in another place of the questionnaire"
        return at(here, ITEM_UNKNOWN, message, None, "Questionnaire_QR_Item_Misplaced")
    return at(way, ITEM_UNKNOWN, f"the questionnaire has no item {quoted(name)}")


def _repeats(question: Mapping[str, Any]) -> bool:
    return question.get("repeats") is True


def _item(
    run: _Run,
    question: Mapping[str, Any],
    item: Mapping[str, Any],
    way: Pointer,
    around: tuple[Mapping[str, Any], ...],
) -> list[Finding]:
    kind, name = question.get("type"), quoted(item.get("linkId"))
    found: list[Finding] = []
    if ("answer" in item or "item" in item) and not run.enabling.is_enabled(question, around[:-1]):
        return at(way, ANSWER_NOT_ALLOWED, f"{name} has an answer, and is not enabled")
    answers = list(objects(item, "answer"))
    if kind in ("group", "display"):
        if answers:
            message = f"{name} is a {kind}: it has no answers"
            found += at(way, ANSWER_NOT_ALLOWED, message, None, "Questionnaire_QR_Item_Display")
        if kind == "group" and not item.get("item") and question.get("required") is True:
            message = f"the group {name} is required, and nothing in it is answered"
            found += at(way, ANSWER_MISSING, message, None, "Questionnaire_QR_Item_MissAnswer")
            return found if run.is_finished else found[:-1]
        return found + _items(run, question, item, way, around)
    if len(answers) > 1 and not _repeats(question):
        message = f"{name} has {len(answers)} answers, and does not repeat"
        found += at(way, ANSWER_NOT_ALLOWED, message, None, "Questionnaire_QR_Item_OnlyOneA")
    if not answers and _is_due(run, question, around[:-1]):
        found += at(way, ANSWER_MISSING, f"there is no answer to {name}, which is required")
    if item.get("item"):
        found += _items(run, {"item": []}, item, way, around)
    for index, answer in answers:
        here = (*way, "answer", index)
        found += check_answer(question, answer, here, run.context)
        found += _items(run, question, answer, here, (*around, answer))
    return found
