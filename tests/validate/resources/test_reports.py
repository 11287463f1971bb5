"""Reports against their measures: http://hl7.org/fhir/measurereport.html."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.packages import InMemoryCanonicals
from fhir_kb.validate import Validator

URL = "https://kb.example.org/fhir/Measure/m"
POPULATION = "http://terminology.hl7.org/CodeSystem/measure-population"
SCORING = "http://terminology.hl7.org/CodeSystem/measure-scoring"
ROOT = "MeasureReport"


def code(name: str) -> dict[str, Any]:
    return {"coding": [{"system": POPULATION, "code": name}]}


def part(name: str, **more: Any) -> dict[str, Any]:
    return {"code": code(name), **more}


def group(*populations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"population": list(populations), **more} if populations else more


INITIAL = part("initial-population")
ONE = [group(INITIAL)]


def found(
    measured: list[dict[str, Any]],
    reported: list[dict[str, Any]],
    *,
    kind: str = "summary",
    scoring: str = "",
) -> list[tuple[str, str]]:
    measure = {"resourceType": "Measure", "url": URL, "status": "active", "group": measured}
    if scoring:
        measure["scoring"] = {"coding": [{"system": SCORING, "code": scoring}]}
    report = {
        "resourceType": ROOT,
        "status": "complete",
        "type": kind,
        "measure": URL,
        "period": {"start": "2020", "end": "2021"},
        "group": reported,
    }
    validator = Validator("4.0.1", canonicals=InMemoryCanonicals([measure]))
    return [(one.code, one.path) for one in validator.check(report) if one.code[:4] == "KB73"]


def test_a_single_group_needs_no_code() -> None:
    assert found(ONE, [group(INITIAL)]) == []
    coded = [group(INITIAL, code=code("x"))]
    assert found(coded, [group(INITIAL, code=code("x"))]) == []
    assert found(coded, [group(INITIAL, code=code("y"))]) == [("KB736", f"{ROOT}.group[0]")]


def test_several_groups_are_told_by_their_codes() -> None:
    two = [group(INITIAL, code=code("x")), group(INITIAL, code=code("y"))]
    assert found(two, two) == []
    assert found(two, two[:1]) == [("KB736", ROOT)]
    assert found(two, two[:1], kind="data-collection") == []
    assert found(two, [*two, two[0]]) == [("KB736", f"{ROOT}.group[2]")]
    assert found(two, [*two, group(INITIAL, code=code("z"))]) == [("KB736", f"{ROOT}.group[2]")]
    assert found(two, [*two, group(INITIAL)]) == [("KB736", f"{ROOT}.group[2]")]


def test_populations_and_stratifiers_are_those_of_the_measure() -> None:
    stratified = [group(INITIAL, stratifier=[{"code": {"text": "age"}}])]
    # In R4, the code of a report's stratifier is a list.
    fine = [group(INITIAL, stratifier=[{"code": [{"text": "age"}]}])]
    assert found(stratified, fine) == []
    assert found(stratified, [group(INITIAL)]) == [("KB736", f"{ROOT}.group[0]")]
    other = [group(INITIAL, stratifier=[{"code": [{"text": "sex"}]}, *fine[0]["stratifier"]])]
    assert found(stratified, other) == [("KB736", f"{ROOT}.group[0].stratifier[0]")]
    assert found(ONE, [group(INITIAL, part("numerator"))]) == [
        ("KB736", f"{ROOT}.group[0].population[1]")
    ]
    observed = [group(INITIAL, part("measure-observation"))]
    assert found(observed, [group(INITIAL)]) == []


@pytest.mark.parametrize(
    ("scoring", "kind", "score", "expected"),
    [
        ("cohort", "summary", None, ""),
        ("cohort", "summary", {"value": 1}, "measureScore"),
        ("proportion", "summary", {"value": 0.5}, ""),
        ("proportion", "summary", {"value": 1.5}, "measureScore.value"),
        ("ratio", "summary", {"value": 1.5}, ""),
        ("ratio", "data-collection", {"value": 1.5}, "measureScore"),
    ],
)
def test_scores(scoring: str, kind: str, score: Any, expected: str) -> None:
    reported = [group(INITIAL, **({"measureScore": score} if score else {}))]
    result = found(ONE, reported, scoring=scoring, kind=kind)
    assert result == ([("KB737", f"{ROOT}.group[0].{expected}")] if expected else [])


def test_subjects_are_listed_where_they_are_asked_for() -> None:
    listed = {**INITIAL, "subjectResults": {"reference": "List/1"}}
    place = [("KB738", f"{ROOT}.group[0].population[0]")]
    assert found(ONE, [group({**listed, "count": 1})], kind="subject-list") == []
    assert found(ONE, [group({**listed, "count": 2})], kind="subject-list") == place
    assert found(ONE, [group(listed)]) == place


@pytest.mark.parametrize("odd", [None, 1, "x", [], {}, [None], [{"population": 1, "code": 2}]])
def test_odd_content_is_passed_over(odd: Any) -> None:
    coded = [group({"code": {"coding": [{"system": odd, "code": odd}]}})]
    found(coded, coded)
    found(odd, [group(INITIAL)])
    found(ONE, odd)
