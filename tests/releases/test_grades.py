"""Grades of recommendations on the actions of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

STRENGTH = "http://hl7.org/fhir/StructureDefinition/cqf-strengthOfRecommendation"
QUALITY = "http://hl7.org/fhir/StructureDefinition/cqf-qualityOfEvidence"
DIRECTION = "http://hl7.org/fhir/uv/cpg/StructureDefinition/cpg-directionOfRecommendation"
COMPUTABLE = "http://hl7.org/fhir/uv/cpg/StructureDefinition/cpg-computableplandefinition"
OWN = {"system": "https://kb.test/grades", "code": "2B"}
STRONG = {
    "system": "http://terminology.hl7.org/CodeSystem/recommendation-strength",
    "code": "strong",
    "display": "Strong",
}
AGAINST = {
    "system": "http://hl7.org/fhir/uv/cpg/CodeSystem/cpg-recommendation-direction-cs",
    "code": "against",
    "display": "Against",
}
MODERATE = {
    "url": QUALITY,
    "valueCodeableConcept": {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/evidence-quality",
                "code": "moderate",
            }
        ]
    },
}


def strength(*codings: dict[str, Any], **concept: Any) -> dict[str, Any]:
    content = {"coding": list(codings), **concept} if codings else concept
    return {"url": STRENGTH, "valueCodeableConcept": content}


def direction(*codings: dict[str, Any]) -> dict[str, Any]:
    return {"url": DIRECTION, "valueCodeableConcept": {"coding": list(codings)}}


def plan(*extensions: dict[str, Any], **content: Any) -> dict[str, Any]:
    step = {"linkId": "a", "title": "A", "extension": list(extensions)}
    return {"resourceType": "PlanDefinition", "id": "p", "action": [step], **content}


def test_r4_has_strength_direction_and_certainty_in_codes(in_r4: Callable[..., Any]) -> None:
    """The three slices of cpg-computableplandefinition, each with the codes of its own."""
    result = in_r4(plan(strength(OWN, STRONG, AGAINST, text="Strong, against"), MODERATE))
    assert result.resource["action"][0]["extension"] == [
        strength(OWN, STRONG, text="Strong, against"),
        direction(AGAINST),
        MODERATE,
    ]
    assert "documentation" not in result.resource["action"][0]
    assert result.losses == ()


def test_r4_has_them_on_steps_within_steps(in_r4: Callable[..., Any]) -> None:
    inner = plan(strength(STRONG, AGAINST))["action"]
    result = in_r4(plan(MODERATE) | {"action": [{"linkId": "outer", "action": inner}]})
    (step,) = result.resource["action"][0]["action"]
    assert step["extension"] == [strength(STRONG), direction(AGAINST)]


@pytest.mark.parametrize(
    ("grade", "expected"),
    [
        (strength(STRONG, text="either way"), [strength(STRONG, text="either way")]),
        (strength(text="Good practice statement"), [strength(text="Good practice statement")]),
        (strength(AGAINST, text="against"), [strength(text="against"), direction(AGAINST)]),
        (strength(AGAINST), [direction(AGAINST)]),
    ],
    ids=["no-direction", "words-alone", "no-strength", "direction-alone"],
)
def test_r4_says_in_codes_what_has_a_code(
    grade: dict[str, Any], expected: list[dict[str, Any]], in_r4: Callable[..., Any]
) -> None:
    result = in_r4(plan(grade))
    assert result.resource["action"][0]["extension"] == expected
    assert result.losses == ()


def test_r4_leaves_other_extensions_where_they_are(in_r4: Callable[..., Any]) -> None:
    other = {"url": "https://a.example/e", "valueCodeableConcept": {"coding": [AGAINST]}}
    result = in_r4(plan(other, strength(STRONG, AGAINST)))
    assert result.resource["action"][0]["extension"] == [
        other,
        strength(STRONG),
        direction(AGAINST),
    ]


def test_r4b_has_no_extension_for_the_direction(in_r4b: Callable[..., Any]) -> None:
    """CPG is published for R4 alone: the direction stays a coding of the strength, as in R5."""
    grade = strength(STRONG, AGAINST, text="Strong, against")
    result = in_r4b(plan(grade, MODERATE))
    assert result.resource["action"][0]["extension"] == [grade, MODERATE]
    assert result.losses == ()


ECA_RULE = {"coding": [{"code": "eca-rule"}]}
METADATA = {"url": "u", "version": "1", "title": "T", "description": "D", "date": "2026"}


def test_r4_claims_profiles_for_plans_without_grades(in_r4: Callable[..., Any]) -> None:
    result = in_r4(plan(type=ECA_RULE, **METADATA) | {"action": [{"linkId": "a"}]})
    profiles = result.resource["meta"]["profile"]
    assert COMPUTABLE in profiles
    assert len(profiles) == 3


@pytest.mark.parametrize("grade", [strength(STRONG), strength(text="Good practice"), MODERATE])
@pytest.mark.parametrize("inner", [False, True])
def test_r4_claims_no_profile_for_a_plan_with_grades(
    inner: bool, grade: dict[str, Any], in_r4: Callable[..., Any]
) -> None:
    """HL7's validator 6.9.4 refuses strength and quality on an action as soon as one is claimed."""
    graded = plan(grade, type=ECA_RULE, **METADATA)
    if inner:
        graded["action"] = [{"linkId": "outer", "action": graded["action"]}]
    assert "meta" not in in_r4(graded).resource
