"""QuestionnaireResponses and their questionnaires.

http://hl7.org/fhir/questionnaireresponse.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.core.json_values import objects
from fhir_kb.validate.finding_codes import (
    ANSWER_MISSING,
    ANSWER_NOT_ALLOWED,
    ANSWER_NOT_CHECKED,
    ITEM_UNKNOWN,
    QUESTIONNAIRE_UNKNOWN,
)
from fhir_kb.validate.resources.locations import report_at
from fhir_kb.validate.resources.questionnaires.answers import check_answer
from fhir_kb.validate.resources.questionnaires.enablement import Enablement
from fhir_kb.validate.resources.questionnaires.unsupported_rules import unsupported_rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Definitions
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Finding, Findings, Pointer

_MAX_DEPTH: Final = 100
#: A response with another status is not finished, or is not to be used.
_FINISHED: Final = frozenset({"completed", "amended"})
_ITEM_REPEATED: Final = "Questionnaire_QR_Item_OnlyOneI"


@dataclass(frozen=True, slots=True)
class _ResponseCheck:
    """The check of one response."""

    response: Mapping[str, Any]
    link_ids: frozenset[str]
    """All linkIds of the questionnaire."""
    context: Context
    enablement: Enablement
    questionnaire: Mapping[str, Any]
    definitions: Definitions
    undecided: list[Finding] = field(default_factory=list)
    """About items of which it is not known whether they are enabled; each once."""
    undecided_items: set[str] = field(default_factory=set)

    @property
    def is_finished(self) -> bool:
        return self.response.get("status") in _FINISHED

    def is_enabled(
        self,
        question: Mapping[str, Any],
        ancestors: tuple[Mapping[str, Any], ...],
        pointer: Pointer,
    ) -> bool | None:
        """See Enablement; that it is not known is reported, once for an item of the form."""
        is_enabled = self.enablement.is_enabled(question, ancestors)
        link_id = str(question.get("linkId"))
        if is_enabled is None and link_id not in self.undecided_items:
            self.undecided_items.add(link_id)
            message = f"not checked: whether the item {quoted(link_id)} is enabled"
            advice = "its condition cannot be evaluated"
            self.undecided.extend(report_at(pointer, ANSWER_NOT_CHECKED, message, advice))
        return is_enabled


def questionnaire_response_check(definitions: Definitions) -> Checker:
    """The check of a QuestionnaireResponse against its Questionnaire."""
    return lambda value, context: _check(value, context, definitions)


def _check(value: Mapping[str, Any], context: Context, definitions: Definitions) -> Findings:
    url = value.get("questionnaire")
    if not isinstance(url, str):
        if "questionnaire" in value or "item" not in value:
            return None
        message = "not checked: the response names no questionnaire"
        return report_at((), QUESTIONNAIRE_UNKNOWN, message, None, "Questionnaire_QR_Q_None")
    questionnaire = (
        context.contained(url[1:])
        if url.startswith("#")
        else context.canonicals.find(url, "Questionnaire")
        if context.canonicals is not None
        else None
    )
    if not isinstance(questionnaire, dict) or "item" not in questionnaire:
        if questionnaire is None and not url.startswith("#"):
            message = f"not checked: the questionnaire {quoted(url, 120)} is not available"
            return report_at((), QUESTIONNAIRE_UNKNOWN, message)
        return None
    link_ids, enablement = frozenset(_link_ids(questionnaire, 0)), Enablement(value, definitions)
    check = _ResponseCheck(value, link_ids, context, enablement, questionnaire, definitions)
    findings = _check_items(check, questionnaire, value, (), (value,))
    return [*findings, *check.undecided, *unsupported_rules(questionnaire)] or None


def _link_ids(parent: Mapping[str, Any], depth: int) -> list[str]:
    link_ids: list[str] = []
    for _, item in objects(parent, "item") if depth < _MAX_DEPTH else ():
        link_ids += [str(item.get("linkId")), *_link_ids(item, depth + 1)]
    return link_ids


def _check_items(
    check: _ResponseCheck,
    questionnaire_level: Mapping[str, Any],
    response_level: Mapping[str, Any],
    pointer: Pointer,
    ancestors: tuple[Mapping[str, Any], ...],
) -> list[Finding]:
    """Check the items of one level of the response against that of the questionnaire."""
    questions = {str(item.get("linkId")): item for _, item in objects(questionnaire_level, "item")}
    findings: list[Finding] = []
    counts: dict[str, int] = {}
    for index, item in objects(response_level, "item"):
        link_id, item_pointer = item.get("linkId"), (*pointer, "item", index)
        question = questions.get(link_id) if isinstance(link_id, str) else None
        if question is None:
            if isinstance(link_id, str):
                findings += _unknown_item(check, link_id, pointer, item_pointer)
            continue
        counts[str(link_id)] = counts.get(str(link_id), 0) + 1
        findings += _check_item(check, question, item, item_pointer, (*ancestors, item))
        if counts[str(link_id)] == 2 and not _repeats(question):
            message, message_id = (
                f"the item {quoted(link_id)} occurs more than once",
                _ITEM_REPEATED,
            )
            findings += report_at(item_pointer, ANSWER_NOT_ALLOWED, message, None, message_id)
    for link_id, question in questions.items():
        if link_id not in counts and _is_missing_required(check, question, ancestors, pointer):
            message = f"the required item {quoted(link_id)} has no answer"
            findings += report_at(pointer, ANSWER_MISSING, message)
    return findings


def _is_missing_required(
    check: _ResponseCheck,
    question: Mapping[str, Any],
    ancestors: tuple[Mapping[str, Any], ...],
    pointer: Pointer,
) -> bool:
    if question.get("required") is not True or not check.is_finished:
        return False
    if question.get("type") == "display":
        return False
    return check.is_enabled(question, ancestors, pointer) is True


def _unknown_item(
    check: _ResponseCheck, link_id: str, pointer: Pointer, item_pointer: Pointer
) -> list[Finding]:
    if link_id in check.link_ids:
        message = f"the item {quoted(link_id)} is in another place of the questionnaire"
        return report_at(
            item_pointer, ITEM_UNKNOWN, message, None, "Questionnaire_QR_Item_Misplaced"
        )
    return report_at(pointer, ITEM_UNKNOWN, f"the questionnaire has no item {quoted(link_id)}")


def _repeats(question: Mapping[str, Any]) -> bool:
    return question.get("repeats") is True


def _check_item(
    check: _ResponseCheck,
    question: Mapping[str, Any],
    item: Mapping[str, Any],
    pointer: Pointer,
    ancestors: tuple[Mapping[str, Any], ...],
) -> list[Finding]:
    item_type, label = question.get("type"), quoted(item.get("linkId"))
    findings: list[Finding] = []
    has_content = "answer" in item or "item" in item
    if has_content and check.is_enabled(question, ancestors[:-1], pointer) is False:
        return report_at(pointer, ANSWER_NOT_ALLOWED, f"{label} has an answer, and is not enabled")
    if item_type in ("group", "display"):
        return _check_group(check, question, item, pointer, ancestors)
    answers = list(objects(item, "answer"))
    if len(answers) > 1 and not _repeats(question):
        message = f"{label} has {len(answers)} answers, and does not repeat"
        findings += report_at(
            pointer, ANSWER_NOT_ALLOWED, message, None, "Questionnaire_QR_Item_OnlyOneA"
        )
    if not answers and _is_missing_required(check, question, ancestors[:-1], pointer):
        findings += report_at(pointer, ANSWER_MISSING, f"the required item {label} has no answer")
    if item.get("item"):
        findings += _check_items(check, {"item": []}, item, pointer, ancestors)
    for index, answer in answers:
        answer_pointer = (*pointer, "answer", index)
        findings += check_answer(
            question, answer, answer_pointer, check.questionnaire, check.context, check.definitions
        )
        findings += _check_items(check, question, answer, answer_pointer, (*ancestors, answer))
    return findings


def _check_group(
    check: _ResponseCheck,
    question: Mapping[str, Any],
    item: Mapping[str, Any],
    pointer: Pointer,
    ancestors: tuple[Mapping[str, Any], ...],
) -> list[Finding]:
    """Check a group or a display text, neither of which has answers."""
    item_type, label = question.get("type"), quoted(item.get("linkId"))
    findings: list[Finding] = []
    if any(True for _ in objects(item, "answer")):
        message = f"{label} is a {item_type}: it has no answers"
        message_id = "Questionnaire_QR_Item_Display"
        findings += report_at(pointer, ANSWER_NOT_ALLOWED, message, None, message_id)
    if item_type == "group" and not item.get("item") and question.get("required") is True:
        if check.is_finished:
            message = f"the group {label} is required, and nothing in it is answered"
            message_id = "Questionnaire_QR_Item_MissAnswer"
            findings += report_at(pointer, ANSWER_MISSING, message, None, message_id)
        return findings
    return findings + _check_items(check, question, item, pointer, ancestors)
