"""Evidence before R5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROLES = "http://terminology.hl7.org/CodeSystem/variable-role"
XVER = "http://hl7.org/fhir/5.0/StructureDefinition/extension-"
ROLE_CODE = "http://hl7.org/fhir/uv/ebm/StructureDefinition/variable-definition-variable-role-code"


def evidence(**content: Any) -> dict[str, Any]:
    base = {"resourceType": "Evidence", "id": "e", "status": "draft"}
    return {**base, "variableDefinition": [variable("population", "low-back-pain")], **content}


def variable(role: str, name: str, slot: str = "observed") -> dict[str, Any]:
    concept = {"coding": [{"system": ROLES, "code": role}]}
    return {"variableRole": concept, slot: {"reference": f"EvidenceVariable/{name}"}}


def extensions(resource: Any, element: str) -> list[Any]:
    return [one for one in resource.get("extension", ()) if one["url"] == XVER + element]


def test_r4_has_a_place_for_each_role(in_r4: Callable[..., Any]) -> None:
    variables = [
        variable("population", "pain"),
        variable("exposure", "needling"),
        variable("referenceExposure", "sham"),
        variable("measuredVariable", "relief", "intended"),
        variable("confounder", "age"),
    ]
    result = in_r4(evidence(variableDefinition=variables))
    assert result.resource["exposureBackground"] == {"reference": "EvidenceVariable/pain"}
    assert result.resource["exposureVariant"] == [
        {"reference": "EvidenceVariable/needling"},
        {"reference": "EvidenceVariable/sham"},
    ]
    assert result.resource["outcome"] == [{"reference": "EvidenceVariable/relief"}]
    assert len(extensions(result.resource, "Evidence.variableDefinition")) == 5
    assert result.codes == ["KB402 information variableDefinition"]


def test_the_role_may_be_given_as_ebm_on_fhir_does(in_r4: Callable[..., Any]) -> None:
    given = {
        "extension": [{"url": ROLE_CODE, "valueCode": "outcome"}],
        "variableRole": {"text": "Use extension:variableRoleCode instead."},
        "observed": {"reference": "EvidenceVariable/relief"},
    }
    population = variable("population", "pain")
    result = in_r4(evidence(variableDefinition=[population, given]))
    assert result.resource["outcome"] == [{"reference": "EvidenceVariable/relief"}]
    assert not any(code.startswith("KB410") for code in result.codes)


def test_r4_demands_a_background(in_r4: Callable[..., Any]) -> None:
    result = in_r4(evidence(variableDefinition=[variable("exposure", "needling")]))
    assert result.resource["exposureBackground"] == {"display": "Not stated"}
    assert "KB412 information " in result.codes


def test_a_background_must_be_a_variable_in_r4(in_r4: Callable[..., Any]) -> None:
    group = {**variable("population", "x"), "observed": {"reference": "Group/g", "display": "G"}}
    result = in_r4(evidence(variableDefinition=[group]))
    assert result.resource["exposureBackground"] == {"display": "G"}


def test_what_r4_cannot_say_stands_in_notes(in_r4: Callable[..., Any]) -> None:
    content = evidence(
        note=[{"text": "Quoted."}],
        assertion="Needling relieves pain.",
        synthesisType={"text": "meta-analysis"},
        studyDesign=[{"text": "RCT"}, {"text": "parallel"}],
    )
    result = in_r4(content)
    assert [one["text"] for one in result.resource["note"]] == [
        "Quoted.",
        "Assertion: Needling relieves pain.",
        "Synthesis type: meta-analysis",
        "Study design: RCT; parallel",
    ]
    assert result.resource["note"][1]["extension"] == [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/annotationType",
            "valueCodeableConcept": {"text": "assertion"},
        }
    ]


def test_notes_stand_whatever_order_the_source_has(in_r4: Callable[..., Any]) -> None:
    content = {**evidence(assertion="A"), "note": [{"text": "Own"}]}
    assert len(in_r4(content).resource["note"]) == 2


def test_certainty_is_kept_and_readable_in_r4(in_r4: Callable[..., Any]) -> None:
    rating = {"coding": [{"code": "low", "display": "Low quality"}]}
    bias = {"type": {"text": "Risk of bias"}, "rating": {"text": "serious"}}
    certainty = {"rating": rating, "rater": "the authors", "subcomponent": [bias]}
    result = in_r4(evidence(certainty=[certainty]))
    assert result.resource["note"][0]["text"] == (
        "Certainty: Low quality (rated by the authors); Risk of bias: serious"
    )
    whole, part = extensions(result.resource, "Evidence.certainty")
    assert whole["extension"] == [
        {"url": "rating", "valueCodeableConcept": rating},
        {"url": "rater", "valueString": "the authors"},
    ]
    assert [one["url"] for one in part["extension"]] == ["type", "rating"]
    assert "KB404 information certainty[0].subcomponent" in result.codes


def test_results_are_kept_and_readable_in_r4(in_r4: Callable[..., Any]) -> None:
    statistic = {
        "statisticType": {"text": "Odds ratio"},
        "quantity": {"value": 0.67},
        "sampleSize": {"numberOfStudies": 35, "numberOfParticipants": 2861},
        "attributeEstimate": [
            {
                "type": {"text": "95% CI"},
                "range": {"low": {"value": 0.5}, "high": {"value": 0.9}},
            }
        ],
    }
    result = in_r4(evidence(statistic=[statistic]))
    assert result.resource["note"][0]["text"] == (
        "Result: Odds ratio 0.67; 95% CI 0.5 to 0.9; 35 studies; 2861 participants"
    )
    (kept,) = extensions(result.resource, "Evidence.statistic")
    assert {"statisticType", "quantity", "sampleSize", "attributeEstimate"} == {
        one["url"] for one in kept["extension"]
    }


def test_r4b_says_most_of_it(in_r4b: Callable[..., Any]) -> None:
    content = evidence(
        assertion="A",
        synthesisType={"text": "meta-analysis"},
        certainty=[{"rating": {"text": "low"}, "description": "d"}],
        statistic=[{"quantity": {"value": 1}}],
    )
    result = in_r4b(content)
    assert result.resource == content
    assert result.losses == ()


def test_a_study_design_is_the_study_type_in_words_in_r4b(in_r4b: Callable[..., Any]) -> None:
    result = in_r4b(evidence(studyDesign=[{"text": "RCT"}, {"text": "parallel"}]))
    assert result.resource["studyType"] == {"text": "RCT; parallel"}
    assert result.codes == ["KB404 information studyDesign"]


@pytest.mark.parametrize("name", ["r4", "r4b"])
def test_a_copyright_is_never_lost(name: str, lower: Callable[..., Any]) -> None:
    resource = lower(name, evidence(copyright="(c) A")).resource
    assert "(c) A" in (resource.get("copyright") or resource["note"][0]["text"])
