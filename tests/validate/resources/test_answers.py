"""Answers: who has to give them, patterns, limits of dates, options, contained value sets."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.packages import InMemoryCanonicals
from fhir_kb.validate import Validator

URL = "https://kb.example.org/fhir/Questionnaire/q"
CORE = "http://hl7.org/fhir/StructureDefinition/"
CONSTRAINT = (
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Questionnaire.item.answerConstraint"
)
ROOT = "QuestionnaireResponse"
PLACE = f"{ROOT}.item[0].answer[0]"


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


def has(name: str, **value: Any) -> dict[str, Any]:
    return {"url": CORE + name, **value}


def told(
    questions: list[dict[str, Any]], items: list[dict[str, Any]], **more: Any
) -> list[tuple[str, str]]:
    """Code and severity of what is said of the answers."""
    questionnaire = {"resourceType": "Questionnaire", "url": URL, "status": "active",
                     "item": questions, **more}  # fmt: skip
    response = {"resourceType": "QuestionnaireResponse", "questionnaire": URL,
                "status": "completed", "item": items}  # fmt: skip
    validator = Validator("4.0.1", canonicals=InMemoryCanonicals([questionnaire, COLOURS]))
    return [
        (one.code, one.severity.value)
        for one in validator.check(response)
        if one.code[:4] in ("KB73", "KB74")
    ]


COLOURS = {
    "resourceType": "CodeSystem",
    "url": "urn:x:colours",
    "content": "complete",
    "concept": [{"code": "red"}, {"code": "blue"}],
}


@pytest.mark.parametrize(
    ("status", "is_due"),
    [("completed", True), ("amended", True), ("in-progress", False), ("stopped", False),
     ("entered-in-error", False)],
)  # fmt: skip
def test_in_which_status_required_answers_are_due(status: str, is_due: bool) -> None:
    questions = [ask("a", required=True), ask("g", "group", required=True, item=[ask("b")])]
    expected = [("KB731", ROOT)] * 2 if is_due else []
    assert found(questions, [], status=status) == expected
    empty = [{"linkId": "a"}, {"linkId": "g"}]
    places = [("KB731", f"{ROOT}.item[{index}]") for index in (0, 1)]
    assert found(questions, empty, status=status) == (places if is_due else [])


@pytest.mark.parametrize(
    ("kind", "pattern", "right", "wrong"),
    [
        ("string", "[a-z]+", "abc", "abC"),
        ("text", "a.c", "a\nc", "abcd"),
        ("date", r"2024-\d\d-\d\d", "2024-01-31", "2024-01"),
        ("dateTime", r".*Z", "2024-01-31T10:00:00Z", "2024-01-31T10:00:00+01:00"),
        ("url", "https:.*", "https://kb.example.org", "http://kb.example.org"),
        ("integer", "[1-3]", 2, 4),
    ],
)
def test_a_pattern_is_of_the_whole_answer(kind: str, pattern: str, right: Any, wrong: Any) -> None:
    key = {"text": "String", "url": "Uri", "dateTime": "DateTime"}.get(kind, kind.capitalize())
    question = [ask("a", kind, extension=[has("regex", valueString=pattern)])]
    assert told(question, [say("a", right, kind=key)]) == []
    assert told(question, [say("a", wrong, kind=key)]) == [("KB734", "error")]


def test_a_pattern_that_is_none_is_not_checked() -> None:
    question = [ask("a", extension=[has("regex", valueString="[a-")])]
    assert told(question, [say("a", "x")]) == [("KB744", "warning")]


ERROR, UNCHECKED = [("KB734", "error")], [("KB744", "warning")]


@pytest.mark.parametrize(
    ("kind", "limit", "value", "expected"),
    [
        ("date", {"minValue": "2024-02-10"}, "2024-02-10", []),
        ("date", {"minValue": "2024-02-10"}, "2024-02-09", ERROR),
        ("date", {"minValue": "2024-02-10"}, "2024-01", ERROR),
        ("date", {"minValue": "2024-02-10"}, "2025", []),
        ("date", {"minValue": "2024-02-10"}, "2024-02", UNCHECKED),
        ("date", {"minValue": "2024-02-10"}, "2024", UNCHECKED),
        ("date", {"maxValue": "2024-03"}, "2024-02-29", []),
        ("date", {"maxValue": "2024-03"}, "2024-04-01", ERROR),
        ("date", {"maxValue": "2024-03"}, "2025", ERROR),
        ("date", {"maxValue": "2024-03"}, "2024", UNCHECKED),
        ("dateTime", {"maxValue": "2024-03-01T12:00:00Z"}, "2024-03-01T12:30:00Z", ERROR),
        ("dateTime", {"maxValue": "2024-03-01T12:00:00Z"}, "2024-03-01T13:00:00+02:00", []),
        ("dateTime", {"maxValue": "2024-03-01T12:00:00Z"}, "2024-03-02", ERROR),
        ("dateTime", {"maxValue": "2024-03-01T12:00:00Z"}, "2024-03-01", UNCHECKED),
        ("time", {"maxValue": "12:00:00"}, "12:00:01", ERROR),
        ("time", {"minValue": "12:00:00"}, "12:00:01", []),
    ],
)
def test_the_limits_of_dates_and_times(
    kind: str, limit: dict[str, str], value: str, expected: list[tuple[str, str]]
) -> None:
    key = kind[0].upper() + kind[1:]
    [(name, bound)] = limit.items()
    question = [ask("a", kind, extension=[has(name, **{f"value{key}": bound})])]
    assert told(question, [say("a", value, kind=key)]) == expected


def coding(code: str) -> dict[str, Any]:
    return say("a", {"system": "urn:x:colours", "code": code}, kind="Coding")


RED = [{"valueCoding": {"system": "urn:x:colours", "code": "red"}}]


@pytest.mark.parametrize("version", ["4.0.1", "5.0.0"])
@pytest.mark.parametrize(
    ("constraint", "other", "words"),
    [
        ("optionsOnly", "KB734", "KB733"),
        ("optionsOrType", "", "KB733"),
        ("optionsOrString", "KB734", ""),
        ("", "KB734", "KB733"),
    ],
)
def test_what_is_allowed_besides_the_options(
    version: str, constraint: str, other: str, words: str
) -> None:
    more: dict[str, Any] = {}
    if constraint and version == "5.0.0":
        more = {"answerConstraint": constraint}
    elif constraint:
        more = {"extension": [{"url": CONSTRAINT, "valueCode": constraint}]}
    question = [ask("a", "coding", answerOption=RED, **more)]
    assert found(question, [coding("red")], version=version) == []
    codes = [code for code, _ in found(question, [coding("blue")], version=version)]
    assert codes == ([other] if other else [])
    codes = [code for code, _ in found(question, [say("a", "green")], version=version)]
    assert codes == ([words] if words else [])


def test_open_choice_allows_words_and_no_other_code() -> None:
    question = [ask("a", "open-choice", answerOption=RED)]
    assert found(question, [say("a", "green")]) == []
    assert found(question, [coding("blue")]) == [("KB734", PLACE)]
    words = say("a", {"display": "green"}, kind="Coding")
    assert found(question, [words]) == [("KB734", PLACE)]


def test_options_that_are_resources() -> None:
    question = [ask("a", "choice", answerOption=[{"valueReference": {"reference": "Group/1"}}])]
    one, other = (say("a", {"reference": f"Group/{number}"}, kind="Reference") for number in (1, 2))
    assert found(question, [one]) == []
    assert found(question, [other]) == [("KB734", PLACE)]


def test_a_value_set_inside_the_questionnaire() -> None:
    include = {"system": "urn:x:colours", "concept": [{"code": "red"}]}
    value_set = {"resourceType": "ValueSet", "id": "v", "compose": {"include": [include]}}
    question = [ask("a", "choice", answerValueSet="#v")]
    assert told(question, [coding("red")], contained=[value_set]) == []
    assert told(question, [coding("blue")], contained=[value_set]) == [("KB734", "error")]
    assert told(question, [coding("red")]) == [("KB744", "warning")]


def test_a_value_set_that_is_not_at_hand_is_named_once() -> None:
    question = [ask("a", "choice", repeats=True, answerValueSet="urn:x:none")]
    answers = say("a", *({"system": "urn:x:colours", "code": code} for code in ("red", "blue")),
                  kind="Coding")  # fmt: skip
    assert told(question, [answers]) == [("KB744", "warning")]


EXPRESSION = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression"


@pytest.mark.parametrize(
    "expression",
    [
        {"language": "text/fhirpath", "expression": "%launched.name = 'x'"},
        {"language": "text/fhirpath", "expression": "no-such-function()"},
        {"language": "text/cql", "expression": "true"},
    ],
)
@pytest.mark.parametrize("answers", [["x"], []])
def test_a_condition_that_cannot_be_evaluated(
    expression: dict[str, str], answers: list[str]
) -> None:
    condition = {"url": EXPRESSION, "valueExpression": expression}
    question = [ask("a", required=True, extension=[condition])]
    items = [say("a", *answers)] if answers else []
    assert told(question, items) == [("KB744", "warning")]


def test_a_condition_whose_units_cannot_be_compared() -> None:
    kilogram = {"value": 5, "system": "http://unitsofmeasure.org", "code": "kg"}
    condition = {"question": "w", "operator": ">", "answerQuantity": kilogram}
    questions = [ask("w", "quantity"), ask("a", required=True, enableWhen=[condition])]

    def weight(**quantity: Any) -> list[tuple[str, str]]:
        return told(questions, [say("w", {**kilogram, **quantity}, kind="Quantity")])

    assert weight(value=6) == [("KB731", "error")]
    assert weight(value=6000, code="g") == [("KB731", "error")]
    assert weight(value=4000, code="g") == []
    assert weight(value=6, code="m") == [("KB744", "warning")]


def test_rules_that_are_never_checked_are_listed() -> None:
    sdc = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression"
    calculated = {"url": sdc, "valueExpression": {"language": "text/fhirpath", "expression": "1"}}
    questions = [
        ask("a", "integer", extension=[calculated]),
        ask("b", "integer", extension=[calculated, has("maxValue", valueQuantity={"value": 1})]),
    ]
    rule = {"url": CORE + "questionnaire-constraint", "extension": []}
    assert told(questions, [], extension=[rule]) == [("KB745", "information")] * 3
    assert told([ask("a", "integer", extension=[has("minLength", valueInteger=1)])], []) == []
