"""ActivityDefinition and the data types that it uses, before R5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

R4_AND_R4B = pytest.mark.parametrize("name", ["r4", "r4b"])


def activity(**content: Any) -> dict[str, Any]:
    return {"resourceType": "ActivityDefinition", "id": "a", "status": "draft", **content}


@R4_AND_R4B
@pytest.mark.parametrize(
    ("r5", "older"),
    [("ServiceRequest", "ServiceRequest"), ("RequestOrchestration", "RequestGroup")],
)
def test_kinds(r5: str, older: str, name: str, lower: Callable[..., Any]) -> None:
    assert lower(name, activity(kind=r5)).resource["kind"] == older


@R4_AND_R4B
def test_a_kind_without_a_near_one_is_lost_aloud(name: str, lower: Callable[..., Any]) -> None:
    result = lower(name, activity(kind="Transport"))
    assert "kind" not in result.resource
    assert result.codes == ["KB403 warning kind"]


@R4_AND_R4B
def test_prohibitions_stay(name: str, lower: Callable[..., Any]) -> None:
    resource = activity(kind="ServiceRequest", intent="proposal", doNotPerform=True)
    assert lower(name, resource).resource["doNotPerform"] is True


@R4_AND_R4B
@pytest.mark.parametrize(
    ("r5", "older"),
    [
        ({"asNeeded": True}, {"asNeededBoolean": True}),
        ({"asNeeded": False}, {"asNeededBoolean": False}),
        ({"asNeededFor": [{"text": "pain"}]}, {"asNeededCodeableConcept": {"text": "pain"}}),
        (
            {"asNeeded": True, "asNeededFor": [{"text": "pain"}]},
            {"asNeededCodeableConcept": {"text": "pain"}},
        ),
        (
            {"asNeededFor": [{"text": "pain"}, {"text": "fever"}]},
            {
                "asNeededCodeableConcept": {"text": "pain"},
                "additionalInstruction": [{"text": "as needed: fever"}],
            },
        ),
    ],
)
def test_as_needed(
    r5: dict[str, Any], older: dict[str, Any], name: str, lower: Callable[..., Any]
) -> None:
    assert lower(name, activity(dosage=[r5])).resource["dosage"] == [older]


@R4_AND_R4B
def test_more_than_one_highest_dose(name: str, lower: Callable[..., Any]) -> None:
    day = {"numerator": {"value": 4, "unit": "g"}, "denominator": {"value": 1, "unit": "d"}}
    week = {"numerator": {"value": 20, "unit": "g"}, "denominator": {"value": 1, "unit": "wk"}}
    own = {"text": "with water"}
    dosage = {"maxDosePerPeriod": [day, week], "additionalInstruction": [own]}
    (older,) = lower(name, activity(dosage=[dosage])).resource["dosage"]
    assert older["maxDosePerPeriod"] == day
    assert older["additionalInstruction"] == [own, {"text": "at most: 20 g per 1 wk"}]


@R4_AND_R4B
def test_a_comparator_that_is_not_there_is_a_warning(name: str, lower: Callable[..., Any]) -> None:
    result = lower(name, activity(quantity={"value": 1, "comparator": "ad"}))
    assert result.resource["quantity"] == {"value": 1}
    assert result.codes == ["KB403 warning quantity.comparator"]


@R4_AND_R4B
def test_immediately_is_not_a_time_of_day(name: str, lower: Callable[..., Any]) -> None:
    result = lower(name, activity(timingTiming={"repeat": {"when": ["MORN", "IMD"]}}))
    repeat = result.resource["timingTiming"]["repeat"]
    assert repeat["when"] == ["MORN", None]
    assert repeat["_when"][0] is None
    assert repeat["_when"][1]["extension"][0]["valueCodeableConcept"] == {"text": "IMD"}
    assert result.codes == ["KB403 warning timingTiming.repeat.when"]


@R4_AND_R4B
def test_an_expression_demands_a_language(name: str, lower: Callable[..., Any]) -> None:
    value = {"path": "status", "expression": {"expression": "x"}}
    result = lower(name, activity(dynamicValue=[value]))
    expression = result.resource["dynamicValue"][0]["expression"]
    assert expression.keys() & {"language", "_language"}
    assert "KB412" in {loss.code for loss in result.losses}


@R4_AND_R4B
def test_a_name_that_is_no_id_stands_beside(name: str, lower: Callable[..., Any]) -> None:
    value = {"path": "status", "expression": {"name": "a b", "language": "text/cql"}}
    expression = lower(name, activity(dynamicValue=[value])).resource["dynamicValue"][0][
        "expression"
    ]
    assert "name" not in expression
    assert expression["_name"]["extension"][0]["valueCodeableConcept"] == {"text": "a b"}


@R4_AND_R4B
@pytest.mark.parametrize(("r5", "older"), [("3", 3), (3, 3), ("2147483647", 2147483647)])
def test_sizes_are_numbers(r5: Any, older: int, name: str, lower: Callable[..., Any]) -> None:
    work = {"type": "citation", "document": {"url": "https://a.example", "size": r5}}
    (lowered,) = lower(name, activity(relatedArtifact=[work])).resource["relatedArtifact"]
    assert lowered["document"]["size"] == older


@R4_AND_R4B
@pytest.mark.parametrize("size", ["2147483648", "x", "9" * 5000])
def test_a_size_that_is_none_is_lost_aloud(size: str, name: str, lower: Callable[..., Any]) -> None:
    work = {"type": "citation", "document": {"url": "https://a.example", "size": size}}
    result = lower(name, activity(relatedArtifact=[work]))
    assert "size" not in result.resource["relatedArtifact"][0]["document"]
    assert [loss.code for loss in result.losses] == ["KB410"]


@R4_AND_R4B
def test_what_is_required_is_named(name: str, lower: Callable[..., Any]) -> None:
    result = lower(name, activity(specimenRequirement=["https://a.example/s"]))
    assert result.resource["specimenRequirement"] == [{"display": "https://a.example/s"}]
    assert result.codes == ["KB404 information specimenRequirement"]


@R4_AND_R4B
def test_a_place_is_a_reference(name: str, lower: Callable[..., Any]) -> None:
    result = lower(name, activity(location={"concept": {"text": "ward"}}))
    assert result.resource["location"]["display"] == "ward"


def test_r4b_demands_ucum_for_a_duration(in_r4b: Callable[..., Any]) -> None:
    result = in_r4b(activity(timingDuration={"value": 2, "unit": "weeks"}))
    assert result.resource["timingDuration"] == {
        "value": 2,
        "unit": "weeks",
        "system": "http://unitsofmeasure.org",
        "code": "wk",
    }
    unknown = in_r4b(activity(timingDuration={"value": 2, "unit": "moons"}))
    assert "timingDuration" not in unknown.resource
    assert unknown.codes == ["KB410 warning timingDuration"]


@R4_AND_R4B
def test_extensions_with_types_that_are_not_there(name: str, lower: Callable[..., Any]) -> None:
    large = {"url": "https://a.example/n", "valueInteger64": "5"}
    assert lower(name, activity(extension=[large])).resource["extension"] == [
        {"url": "https://a.example/n", "valueInteger": 5}
    ]
    availability = {"url": "https://a.example/v", "valueAvailability": {"id": "x"}}
    result = lower(name, activity(extension=[availability]))
    assert "extension" not in result.resource
    assert result.codes == ["KB410 warning extension[0].valueAvailability"]
