"""Responses against their questionnaires: http://hl7.org/fhir/questionnaireresponse.html."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.packages import InMemoryCanonicals
from fhir_kb.validate import Validator

URL = "https://kb.example.org/fhir/Questionnaire/q"


def found(
    questions: list[dict[str, Any]],
    items: list[dict[str, Any]],
    *,
    status: str = "completed",
    version: str = "4.0.1",
) -> list[tuple[str, str]]:
    questionnaire = {"resourceType": "Questionnaire", "url": URL, "status": "active"}
    questionnaire["item"] = questions  # type: ignore[assignment]
    response = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": URL,
        "status": status,
        **({"item": items} if items else {}),
    }
    validator = Validator(version, canonicals=InMemoryCanonicals([questionnaire]))
    return [(one.code, one.path) for one in validator.check(response) if one.code[:4] == "KB73"]


def ask(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {"linkId": name, "type": kind, **more}


def say(name: str, *values: Any, kind: str = "String", **more: Any) -> dict[str, Any]:
    answers = {"answer": [{f"value{kind}": value} for value in values]} if values else {}
    return {"linkId": name, **answers, **more}


ROOT = "QuestionnaireResponse"


def test_items_are_those_of_the_questionnaire_where_they_stand_there() -> None:
    questions = [ask("g", "group", item=[ask("a")]), ask("b", item=[ask("c")])]
    fine = [
        {"linkId": "g", "item": [say("a", "x")]},
        {"linkId": "b", "answer": [{"valueString": "x", "item": [say("c", "y")]}]},
    ]
    assert found(questions, fine) == []
    assert found(questions, [say("z", "x")]) == [("KB730", ROOT)]
    assert found(questions, [say("a", "x")]) == [("KB730", f"{ROOT}.item[0]")]


def test_what_is_required() -> None:
    questions = [ask("g", "group", required=True, item=[ask("a", required=True)])]
    assert found(questions, [{"linkId": "g", "item": [say("a", "x")]}]) == []
    assert found(questions, []) == [("KB731", ROOT)]
    assert found(questions, [], status="in-progress") == []
    assert found(questions, [{"linkId": "g"}]) == [("KB731", f"{ROOT}.item[0]")]
    other = [ask("g", "group", item=[ask("a", required=True), ask("b")])]
    assert found(other, [{"linkId": "g", "item": [say("b", "x")]}]) == [
        ("KB731", f"{ROOT}.item[0]")
    ]


def test_how_many_answers() -> None:
    assert found([ask("a", repeats=True)], [say("a", "x", "y")]) == []
    assert found([ask("a")], [say("a", "x", "y")]) == [("KB732", f"{ROOT}.item[0]")]
    assert found([ask("a")], [say("a", "x"), say("a", "y")]) == [("KB732", f"{ROOT}.item[1]")]
    assert found([ask("d", "display")], [say("d", "x")]) == [("KB732", f"{ROOT}.item[0]")]
    assert found([ask("g", "group")], [say("g", "x")]) == [("KB732", f"{ROOT}.item[0]")]


def when(operator: str, key: str, value: Any) -> dict[str, Any]:
    return {"question": "a", "operator": operator, f"answer{key}": value}


@pytest.mark.parametrize(
    ("condition", "given", "is_enabled"),
    [
        (when("=", "Boolean", True), say("a", True, kind="Boolean"), True),
        (when("=", "Boolean", True), say("a", False, kind="Boolean"), False),
        (when("=", "Boolean", True), say("a", 1, kind="Integer"), False),
        (when("!=", "Integer", 1), say("a", True, kind="Boolean"), True),
        (when("!=", "String", "x"), say("a", "y"), True),
        (when("exists", "Boolean", True), say("a", "y"), True),
        (when("exists", "Boolean", False), say("a", "y"), False),
        (when("exists", "Boolean", False), say("b"), True),
        (when(">", "Integer", 3), say("a", 4, kind="Integer"), True),
        (when(">=", "Integer", 3), say("a", 2, kind="Integer"), False),
        (when("<", "Date", "2020-01-01"), say("a", "2019-12-31", kind="Date"), True),
        (
            when("=", "Coding", {"system": "urn:x", "code": "y"}),
            say("a", {"system": "urn:x", "code": "y", "display": "Y"}, kind="Coding"),
            True,
        ),
    ],
)
def test_an_item_that_is_not_enabled_has_no_answer(
    condition: dict[str, Any], given: dict[str, Any], is_enabled: bool
) -> None:
    kinds = {"Boolean": "boolean", "Integer": "integer", "Date": "date", "Coding": "choice"}
    key = next(iter(given.get("answer", [{"valueString": 1}])[0])).removeprefix("value")
    questions = [
        ask("a", kinds.get(key, "string")),
        ask("b", enableWhen=[condition], required=True),
    ]
    items = [given] if given["linkId"] == "a" else []
    answered = [*items, say("b", "z")]
    place = f"{ROOT}.item[{len(answered) - 1}]"
    assert found(questions, answered) == ([] if is_enabled else [("KB732", place)])
    assert found(questions, items) == ([("KB731", ROOT)] if is_enabled else [])


def test_any_or_all_conditions() -> None:
    both = [when("=", "String", "x"), when("exists", "Boolean", True)]
    for behaviour, expected in (("any", []), ("all", [("KB732", f"{ROOT}.item[1]")])):
        questions = [ask("a"), ask("b", enableWhen=both, enableBehavior=behaviour)]
        assert found(questions, [say("a", "y"), say("b", "z")]) == expected


@pytest.mark.parametrize(
    ("kind", "key", "value", "is_fine"),
    [
        ("text", "String", "x", True),
        ("url", "Uri", "urn:x", True),
        ("integer", "Integer", 1, True),
        ("integer", "String", "1", False),
        ("choice", "Coding", {"system": "urn:x", "code": "y"}, True),
        ("choice", "Boolean", True, False),
        ("date", "Date", "2020-01-01", True),
        ("date", "DateTime", "2020-01-01", False),
    ],
)
def test_types(kind: str, key: str, value: Any, is_fine: bool) -> None:
    name = key if key == "Coding" else key[:1].lower() + key[1:]
    place = f"{ROOT}.item[0].answer[0].value.ofType({name})"
    expected = [] if is_fine else [("KB733", place)]
    assert found([ask("a", kind)], [say("a", value, kind=key)]) == expected


def test_options_lengths_and_ranges() -> None:
    place = f"{ROOT}.item[0].answer[0]"
    coded = [{"valueCoding": {"system": "urn:x", "code": "y"}}]
    choice = [ask("a", "choice", answerOption=coded)]
    assert found(choice, [say("a", {"system": "urn:x", "code": "y"}, kind="Coding")]) == []
    wrong = say("a", {"system": "urn:x", "code": "z"}, kind="Coding")
    assert found(choice, [wrong]) == [("KB734", place)]
    assert found([ask("a", "open-choice", answerOption=coded)], [say("a", "else")]) == []
    times = [ask("a", "time", answerOption=[{"valueTime": "10:00:00"}])]
    assert found(times, [say("a", "10:00:00", kind="Time")]) == []
    assert found(times, [say("a", "11:00:00", kind="Time")]) == [
        ("KB734", f"{place}.value.ofType(time)")
    ]
    assert found([ask("a", maxLength=2)], [say("a", "abc")]) == [
        ("KB734", f"{place}.value.ofType(string)")
    ]
    least = {"url": "http://hl7.org/fhir/StructureDefinition/minValue", "valueInteger": 2}
    assert found([ask("a", "integer", extension=[least])], [say("a", 2, kind="Integer")]) == []
    assert found([ask("a", "integer", extension=[least])], [say("a", 1, kind="Integer")]) == [
        ("KB734", f"{place}.value.ofType(integer)")
    ]


def test_a_value_set_of_answers() -> None:
    gender = "http://hl7.org/fhir/administrative-gender"
    question = [
        ask("a", "choice", answerValueSet="http://hl7.org/fhir/ValueSet/administrative-gender")
    ]
    for code, expected in (("male", []), ("x", [("KB734", f"{ROOT}.item[0].answer[0]")])):
        assert (
            found(question, [say("a", {"system": gender, "code": code}, kind="Coding")]) == expected
        )
    unknown = [ask("a", "choice", answerValueSet="https://kb.example.org/fhir/ValueSet/none")]
    assert found(unknown, [say("a", {"system": gender, "code": "x"}, kind="Coding")]) == []


def test_a_questionnaire_that_nobody_knows() -> None:
    response = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": "https://kb.example.org/fhir/Questionnaire/other",
        "status": "completed",
    }
    assert "KB735" in {one.code for one in Validator("4.0.1").check(response)}


@pytest.mark.parametrize("odd", [None, 1, "x", [], {}, [None], [1], [{"linkId": 1}], [{"item": 3}]])
def test_odd_content_is_passed_over(odd: Any) -> None:
    found([ask("a")], odd)
    found(odd, [say("a", "x")])
    found([ask("a", extension=[{"url": odd}])], [say("a", "x")])
    found([{"linkId": "a", "type": odd, "enableWhen": odd, "answerOption": odd}], [say("a", "x")])
