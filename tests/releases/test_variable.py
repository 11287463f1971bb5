"""EvidenceVariable before R5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

R4_AND_R4B = pytest.mark.parametrize("name", ["r4", "r4b"])
PAIN, NECK = {"text": "low back pain"}, {"text": "neck pain"}


def variable(*characteristics: dict[str, Any], **content: Any) -> dict[str, Any]:
    base = {"resourceType": "EvidenceVariable", "id": "v", "status": "draft", **content}
    return {**base, "characteristic": list(characteristics)} if characteristics else base


def combination(code: str, *concepts: dict[str, Any]) -> dict[str, Any]:
    inner = [{"definitionCodeableConcept": one} for one in concepts]
    return {"definitionByCombination": {"code": code, "characteristic": inner}}


@R4_AND_R4B
def test_a_concept_stays(name: str, lower: Callable[..., Any]) -> None:
    result = lower(name, variable({"definitionCodeableConcept": PAIN, "exclude": True}))
    expected = [{"definitionCodeableConcept": PAIN, "exclude": True}]
    assert result.resource["characteristic"] == expected
    assert result.losses == ()


@pytest.mark.parametrize(("code", "older"), [("any-of", "union"), ("all-of", "intersection")])
def test_r4b_can_combine_all_that_there_is(
    code: str, older: str, in_r4b: Callable[..., Any]
) -> None:
    result = in_r4b(variable(combination(code, PAIN, NECK)))
    assert result.resource["characteristicCombination"] == older
    assert result.resource["characteristic"] == [
        {"definitionCodeableConcept": PAIN},
        {"definitionCodeableConcept": NECK},
    ]
    assert result.losses == ()


def test_r4_means_all_of_them_anyway(in_r4: Callable[..., Any]) -> None:
    result = in_r4(variable(combination("all-of", PAIN, NECK)))
    assert result.resource["characteristic"] == [
        {"definitionCodeableConcept": PAIN},
        {"definitionCodeableConcept": NECK},
    ]
    assert result.losses == ()


def test_any_of_them_is_said_in_words_in_r4(in_r4: Callable[..., Any]) -> None:
    result = in_r4(variable(combination("any-of", PAIN, NECK)))
    expected = [{"definitionCodeableConcept": {"text": "any of: low back pain; neck pain"}}]
    assert result.resource["characteristic"] == expected
    assert result.codes == ["KB404 warning characteristic[0].definitionByCombination"]


@R4_AND_R4B
def test_a_combination_beside_others_is_said_in_words(name: str, lower: Callable[..., Any]) -> None:
    excluded = {"definitionCodeableConcept": {"text": "cancer"}, "exclude": True}
    result = lower(name, variable(combination("any-of", PAIN, NECK), excluded))
    assert result.resource["characteristic"][1] == excluded
    assert result.resource["characteristic"][0]["definitionCodeableConcept"]["text"] == (
        "any of: low back pain; neck pain"
    )
    assert "characteristicCombination" not in result.resource


@R4_AND_R4B
def test_a_type_and_value_keep_the_codes_of_the_value(name: str, lower: Callable[..., Any]) -> None:
    coding = [{"system": "http://snomed.info/sct", "code": "279039007"}]
    pair = {"type": {"text": "Diagnosis"}, "valueCodeableConcept": {"coding": coding, **PAIN}}
    result = lower(name, variable({"definitionByTypeAndValue": pair}))
    (lowered,) = result.resource["characteristic"]
    assert lowered["definitionCodeableConcept"] == {
        "coding": coding,
        "text": "Diagnosis: low back pain",
    }
    assert result.codes == ["KB404 warning characteristic[0].definitionByTypeAndValue"]


@R4_AND_R4B
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"valueQuantity": {"value": 18, "comparator": ">", "unit": "a"}}, "Age: > 18 a"),
        ({"valueRange": {"low": {"value": 18}, "high": {"value": 65}}}, "Age: 18 to 65"),
        ({"valueRange": {"low": {"value": 18, "unit": "a"}}}, "Age: at least 18 a"),
        ({"valueBoolean": True}, "Age: yes"),
    ],
)
def test_values_are_said_in_words(
    value: dict[str, Any], words: str, name: str, lower: Callable[..., Any]
) -> None:
    pair = {"type": {"text": "Age"}, **value}
    result = lower(name, variable({"definitionByTypeAndValue": pair}))
    assert result.resource["characteristic"][0]["definitionCodeableConcept"] == {"text": words}


def test_r4b_has_a_method_and_a_device(in_r4b: Callable[..., Any]) -> None:
    pair = {
        "type": {"text": "Pressure"},
        "valueBoolean": True,
        "method": [{"text": "algometry"}],
        "device": {"reference": "Device/d"},
    }
    (lowered,) = in_r4b(variable({"definitionByTypeAndValue": pair})).resource["characteristic"]
    assert lowered["method"] == {"text": "algometry"}
    assert lowered["device"] == {"reference": "Device/d"}


def test_r4_demands_a_characteristic(in_r4: Callable[..., Any]) -> None:
    result = in_r4(variable(title="Pain relief"))
    expected = [{"definitionCodeableConcept": {"text": "Pain relief"}}]
    assert result.resource["characteristic"] == expected
    assert result.codes == ["KB412 information "]


def test_r4b_demands_none(in_r4b: Callable[..., Any]) -> None:
    assert "characteristic" not in in_r4b(variable(title="Pain relief")).resource


@R4_AND_R4B
def test_a_characteristic_demands_a_definition(name: str, lower: Callable[..., Any]) -> None:
    result = lower(name, variable({"description": "adults"}))
    (lowered,) = result.resource["characteristic"]
    assert lowered["definitionCodeableConcept"] == {"text": "adults"}
    assert result.codes == ["KB412 information characteristic[0]"]


@pytest.mark.parametrize(
    ("r5", "older"),
    [
        ("continuous", "continuous"),
        ("dichotomous", "dichotomous"),
        ("ordinal", "descriptive"),
        ("polychotomous", "descriptive"),
    ],
)
def test_r4_has_other_types_of_variable(r5: str, older: str, in_r4: Callable[..., Any]) -> None:
    result = in_r4(variable({"definitionCodeableConcept": PAIN}, handling=r5))
    assert result.resource["type"] == older
    assert ("_type" in result.resource) == (r5 != older)


def test_a_variable_among_the_characteristics_is_named_in_r4(
    in_r4: Callable[..., Any],
) -> None:
    reference = {"reference": "EvidenceVariable/x", "display": "adults"}
    result = in_r4(variable({"definitionReference": reference}))
    (lowered,) = result.resource["characteristic"]
    assert lowered == {"definitionReference": {"display": "adults"}}
    assert result.codes == ["KB405 information characteristic[0].definitionReference.reference"]


@R4_AND_R4B
def test_what_is_new_of_a_characteristic_is_said_in_its_description(
    name: str, lower: Callable[..., Any]
) -> None:
    characteristic = {
        "linkId": "pain",
        "description": "pain",
        "definitionCodeableConcept": PAIN,
        "instancesQuantity": {"value": 3},
        "durationQuantity": {"value": 12, "unit": "wk"},
        "note": [{"text": "chronic"}],
    }
    (lowered,) = lower(name, variable(characteristic)).resource["characteristic"]
    assert lowered["id"] == "pain"
    assert lowered["description"] == (
        "pain; instances quantity: 3; duration quantity: 12 wk; note: chronic"
    )


@R4_AND_R4B
def test_a_time_from_an_event_is_kept_in_the_extension(
    name: str, lower: Callable[..., Any]
) -> None:
    event = {"eventCodeableConcept": {"text": "operation"}, "quantity": {"value": 4, "unit": "wk"}}
    characteristic = {"definitionCodeableConcept": PAIN, "timeFromEvent": [event]}
    (lowered,) = lower(name, variable(characteristic)).resource["characteristic"]
    (extension,) = lowered["extension"]
    assert extension["extension"] == [
        {"url": "event[x]", "valueCodeableConcept": {"text": "operation"}},
        {"url": "quantity", "valueQuantity": {"value": 4, "unit": "wk"}},
    ]
