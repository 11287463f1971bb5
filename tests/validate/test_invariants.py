"""The rules that FHIR states as FHIRPath, and those of them that are written out in Python."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.diagnostics import Severity
from fhir_kb.fhirpath import compile_expression
from fhir_kb.model.fhir_release import BY_VERSION
from fhir_kb.packages import definitions
from fhir_kb.validate import Validator
from fhir_kb.validate.invariants.fast_path import IN_PYTHON
from fhir_kb.validate.invariants.policy import CHECKED_ELSEWHERE, CORRECTED, NOT_ON_CONTAINED

NARRATIVE = {
    "status": "generated",
    "div": '<div xmlns="http://www.w3.org/1999/xhtml">Dry needling</div>',
}
PLAN: dict[str, Any] = {"resourceType": "PlanDefinition", "status": "draft", "text": NARRATIVE}


def _found(resource: dict[str, Any], version: str = "5.0.0") -> list[tuple[str, str, str]]:
    issues = Validator(version).check(resource)
    return [(issue.code, issue.path, issue.message.partition(":")[0]) for issue in issues]


def test_all_is_well() -> None:
    for version in BY_VERSION:
        assert _found(PLAN, version) == []


@pytest.mark.parametrize(
    ("version", "resource", "found"),
    [
        # a rule on a resource
        ("5.0.0", PLAN | {"name": "dry needling"}, ("KB591", "PlanDefinition", "cnl-0")),
        ("4.0.1", PLAN | {"name": "dry needling"}, ("KB591", "PlanDefinition", "pdf-0")),
        # a rule on an element of a simple type
        (
            "5.0.0",
            PLAN | {"url": "http://example.org/a#b"},
            ("KB591", "PlanDefinition.url", "cnl-1"),
        ),
        # a rule on a data type
        (
            "5.0.0",
            PLAN
            | {"approvalDate": "2026-01-01", "effectivePeriod": {"start": "2026", "end": "2020"}},
            ("KB590", "PlanDefinition.effectivePeriod", "per-1"),
        ),
        # a rule on an inner element
        (
            "4.0.1",
            {"resourceType": "Patient", "text": NARRATIVE, "contact": [{"gender": "male"}]},
            ("KB590", "Patient.contact[0]", "pat-1"),
        ),
        # rules that hold for all resources, which R5's own snapshots leave out
        (
            "5.0.0",
            {"resourceType": "PlanDefinition", "status": "draft"},
            ("KB591", "PlanDefinition", "dom-6"),
        ),
        # mended in the definitions: R4 says "more than one" and counts more than two
        (
            "4.0.1",
            {
                "resourceType": "Questionnaire",
                "status": "draft",
                "text": NARRATIVE,
                "item": [
                    {"linkId": "b", "type": "string"},
                    {"linkId": "c", "type": "string"},
                    {
                        "linkId": "a",
                        "type": "string",
                        "enableWhen": [
                            {"question": "b", "operator": "exists", "answerBoolean": True},
                            {"question": "c", "operator": "exists", "answerBoolean": True},
                        ],
                    },
                ],
            },
            ("KB590", "Questionnaire.item[2]", "que-12"),
        ),
    ],
)
def test_a_broken_rule(version: str, resource: dict[str, Any], found: tuple[str, str, str]) -> None:
    assert _found(resource, version) == [found]


def test_a_broken_rule_says_which_as_the_official_validator_does() -> None:
    [issue] = Validator("5.0.0").check(PLAN | {"effectivePeriod": {"start": "2026", "end": "2020"}})
    assert issue.message_id == "http://hl7.org/fhir/StructureDefinition/Period#per-1"
    assert issue.severity is Severity.ERROR
    assert issue.issue_type == "invariant"


def test_invariants_can_be_left_out() -> None:
    resource = PLAN | {"name": "dry needling"}
    assert Validator("5.0.0", invariants=False).check(resource) == []


def test_contained_resources_need_no_narrative() -> None:
    group = {"resourceType": "Group", "id": "g", "type": "person", "membership": "definitional"}
    resource = PLAN | {"contained": [group], "subjectReference": {"reference": "#g"}}
    assert _found(resource) == []


def test_content_that_a_rule_cannot_cope_with_is_no_traceback() -> None:
    for value in (5, "x", ["x"], [[]], [None], {"a": 1}, True):
        for name in ("contained", "action", "goal", "url", "meta", "text", "name", "library"):
            Validator("5.0.0").check(
                {"resourceType": "PlanDefinition", "status": "draft", name: value}
            )


@pytest.mark.parametrize("version", BY_VERSION)
def test_rules_checked_elsewhere_exist(version: str) -> None:
    known = definitions(version)
    keys = {
        invariant.key
        for name in ("Extension", "Reference", "Patient")
        for invariant in known.invariants(name)
    } | {one.key for element in known.type("Narrative").elements for one in element.invariants}
    assert keys >= CHECKED_ELSEWHERE.keys()


ACTIONS = {"action": [{"id": "a"}, {"action": [{"id": "b", "relatedAction": [{"targetId": "a"}]}]}]}
CONTAINED: dict[str, Any] = {"contained": [{"resourceType": "Group", "id": "g"}]}
CODES = {"concept": [{"code": "a", "concept": [{"code": "b", "concept": [{"code": "c"}]}]}]}
SAMPLES: list[dict[str, Any]] = [
    PLAN,
    PLAN | ACTIONS,
    PLAN | {"action": [{"id": "a", "relatedAction": [{"targetId": "b"}]}]},
    PLAN | {"goal": [{"id": "g"}], "action": [{"action": [{"goalId": ["g"]}]}]},
    PLAN | {"goal": [{"id": "g"}], "action": [{"action": [{"goalId": ["h"]}]}]},
    {"resourceType": "PlanDefinition", "status": "draft"},
    PLAN | CONTAINED,
    PLAN | {"contained": [CONTAINED["contained"][0] | CONTAINED]},
    PLAN | {"contained": [{"resourceType": "Group", "meta": {"versionId": "1"}}]},
    PLAN | {"contained": [{"resourceType": "Group", "meta": {"lastUpdated": "2026"}}]},
    PLAN | {"contained": [{"resourceType": "Group", "meta": {"security": [{"code": "x"}]}}]},
    {"resourceType": "CodeSystem"},
    {"resourceType": "CodeSystem"} | CODES,
    {"resourceType": "CodeSystem", "concept": [{"code": "a"}, {"code": "a"}]},
    {"resourceType": "CodeSystem", "concept": [{"code": "a", "concept": [{"code": "a"}]}]},
    {"resourceType": "Questionnaire", "item": [{"linkId": "a"}, {"item": [{"linkId": "b"}]}]},
    {"resourceType": "Questionnaire", "item": [{"linkId": "a"}, {"item": [{"linkId": "a"}]}]},
]


@pytest.mark.parametrize("version", BY_VERSION)
@pytest.mark.parametrize("expression", sorted(IN_PYTHON))
def test_python_says_what_fhirpath_says(expression: str, version: str) -> None:
    compiled = compile_expression(expression, definitions(version))
    truths = set()
    for sample in SAMPLES:
        if not _is_about(expression, sample, version):
            continue
        item = compiled.element(sample)
        truth = compiled.test(sample, type_path=sample["resourceType"], resource=item, root=item)
        assert IN_PYTHON[expression](sample) == (truth is True), sample
        truths.add(truth)
    if not ("goal" in expression or "targetId" in expression) or version == "5.0.0":
        # R4 has no targetId, and its snapshots no rule on goals.
        assert truths == {True, False}, "the samples show both"


def _is_about(expression: str, sample: dict[str, Any], version: str) -> bool:
    words = {"concept": "CodeSystem", "linkId": "Questionnaire", "action": "PlanDefinition"}
    wanted = [name for word, name in words.items() if word in expression]
    if wanted:
        about_plans = wanted == ["PlanDefinition"]
        return sample["resourceType"] in wanted and (version == "5.0.0" or not about_plans)
    return True


def test_policies_are_about_invariants_of_a_release() -> None:
    """What is corrected or not demanded exists: a release that changes it is noticed."""
    invariants = [
        invariant
        for version in BY_VERSION
        for name in definitions(version).resource_types
        for invariant in definitions(version).invariants(name)
    ]
    assert {one.expression for one in invariants} >= CORRECTED.keys()
    assert {one.key for one in invariants} >= NOT_ON_CONTAINED


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"resourceType": "CodeSystem"} | CODES, True),
        (
            {
                "resourceType": "CodeSystem",
                "concept": [{"code": "a"}, {"code": "b", "concept": [{"code": "a"}]}],
            },
            False,
        ),
        (PLAN | {"goal": [{"id": "g"}, {"id": "h"}], "action": [{"goalId": ["g", "h"]}]}, True),
        (PLAN | {"goal": [{"id": "g"}], "action": [{"goalId": ["g", "h"]}]}, False),
    ],
)
def test_corrected_invariants(resource: dict[str, Any], expected: bool) -> None:
    """Codes are unique at all levels, and an action may have several goals."""
    word = "concept" if resource["resourceType"] == "CodeSystem" else "goal"
    [corrected] = [text for text in CORRECTED.values() if word in text]
    for fast_paths in (True, False):
        found = Validator("5.0.0", fast_paths=fast_paths).check(resource)
        broken = {issue.message.partition(":")[0] for issue in found if issue.code != "KB514"}
        assert ({"csd-1", "pld-3"} & broken == set()) is expected
    assert IN_PYTHON[corrected](resource) is expected


DOM_3 = next(
    i.expression for i in definitions("5.0.0").invariants("PlanDefinition") if i.key == "dom-3"
)


@pytest.mark.parametrize(
    "sample",
    [
        PLAN | CONTAINED,
        PLAN | CONTAINED | {"subjectReference": {"reference": "#g"}},
        PLAN | CONTAINED | {"library": ["#g"]},
        PLAN | CONTAINED | {"action": [{"definitionUri": "#g"}]},
        PLAN
        | {
            "contained": [
                {"resourceType": "Group", "id": "g", "managingEntity": {"reference": "#"}}
            ]
        },
        PLAN
        | {
            "contained": [
                {"resourceType": "Group", "id": "g", "managingEntity": {"reference": "#h"}}
            ]
        },
    ],
)
def test_unused_contained_resources_are_those_of_dom_3(sample: dict[str, Any]) -> None:
    compiled = compile_expression(DOM_3, definitions("5.0.0"))
    item = compiled.element(sample)
    truth = compiled.test(sample, type_path="PlanDefinition", resource=item, root=item)
    codes = {issue.code for issue in Validator("5.0.0").check(sample)}
    assert ("KB557" not in codes) == (truth is True)
