"""Grades of recommendations and of evidence."""

from __future__ import annotations

from pathlib import Path

import pytest
from compiling import clean, plan

RECOMMENDED = """\
plan:
  steps:
    - id: give
      title: Give it
      recommendation:
        strength: {strength}
        direction: {direction}
        certainty: low
        system: GRADE
        from: guideline
        because: finding
evidence:
  finding:
    title: A finding
    statement: It helps.
    study: {study}
    population: adult
    exposure: {{title: It}}
    outcome: [{{title: Less pain}}]
    from: guideline
    certainty: {{rating: low, by: Us}}
"""
FILES = {"references.yaml": "guideline: {type: guideline, title: The guideline}\n"}
STRENGTH = "http://hl7.org/fhir/StructureDefinition/cqf-strengthOfRecommendation"
QUALITY = "http://hl7.org/fhir/StructureDefinition/cqf-qualityOfEvidence"


def topic(strength: str = "weak", direction: str = "against", study: str = "cohort") -> str:
    return RECOMMENDED.format(strength=strength, direction=direction, study=study)


def test_strength_direction_and_quality_are_on_the_action(tmp_path: Path) -> None:
    action = plan(tmp_path, topic(), files=FILES)["action"][0]
    values = {one["url"]: one["valueCodeableConcept"] for one in action["extension"]}
    assert values[STRENGTH]["text"] == "Weak recommendation against (GRADE)"
    assert [one["code"] for one in values[STRENGTH]["coding"]] == ["weak", "against"]
    assert values[QUALITY]["coding"][0]["code"] == "low"


@pytest.mark.parametrize(
    ("recommendation", "text", "codes"),
    [
        ("strength: strong, direction: for", "Strong recommendation in favour", ["strong", "for"]),
        (
            "strength: conditional, direction: against, system: GRADE",
            "Conditional recommendation against (GRADE)",
            ["weak", "against"],
        ),
        (
            "strength: conditional, direction: either",
            "Conditional recommendation for either option",
            ["weak"],
        ),
        ("statement: good-practice", "Good practice statement", []),
        ("statement: insufficient-evidence", "Insufficient evidence for a recommendation", []),
        ("statement: no-recommendation", "No recommendation", []),
        ("statement: research-only", "Recommended only in research", []),
    ],
)
def test_what_a_guideline_says_is_on_the_action(
    tmp_path: Path, recommendation: str, text: str, codes: list[str]
) -> None:
    steps = f"[{{id: a, title: A, recommendation: {{{recommendation}, from: guideline}}}}]"
    action = plan(tmp_path, f"plan: {{steps: {steps}}}\n", files=FILES)["action"][0]
    (grade,) = action["extension"]
    assert grade["valueCodeableConcept"]["text"] == text
    assert [one["code"] for one in grade["valueCodeableConcept"].get("coding", ())] == codes


def test_the_narrative_says_the_certainty_with_the_grade(tmp_path: Path) -> None:
    narrative = plan(tmp_path, topic(), files=FILES)["text"]["div"]
    assert "Weak recommendation against, low certainty of the evidence (GRADE)" in narrative


DECISION = """\
        decision:
          problem: {rating: yes, text: It is common.}
          benefits: {rating: moderate, text: Less pain.}
          harms: Bruises.
          certainty: {rating: low}
          values: They vary.
          balance: {rating: probably favors it}
          resources: {rating: moderate costs}
          cost-effectiveness: {rating: not known}
          equity: {rating: probably no impact}
          acceptability: {rating: probably yes}
          feasibility: {rating: yes}
"""


def test_the_way_from_evidence_to_decision(tmp_path: Path) -> None:
    text = topic().replace("        because: finding\n", "        because: finding\n" + DECISION)
    grade = clean(tmp_path, text, files=FILES)["ArtifactAssessment/sepsis.recommendation.give"]
    kinds = {
        content["type"]["coding"][0]["code"]: [
            part["type"]["coding"][0]["code"] for part in content["component"]
        ]
        for content in grade["content"][1:]
    }
    assert kinds == {
        "evidence": ["desirable-effects", "undesirable-effects", "discussion"],
        "net-effect": ["preferences", "discussion"],
        "judgments": [
            "problem-importance",
            "costs",
            "cost-effectiveness",
            "equity",
            "acceptability",
            "feasibility",
        ],
    }
    benefits, harms, _ = grade["content"][1]["component"]
    assert (benefits["classifier"], benefits["summary"]) == ([{"text": "moderate"}], "Less pain.")
    assert (harms["informationType"], harms["summary"]) == ("comment", "Bruises.")
    assert "Benefits: moderate. Less pain." in grade["text"]["div"]


def test_the_guideline_and_the_evidence_are_its_documentation(tmp_path: Path) -> None:
    action = plan(tmp_path, topic(), files=FILES)["action"][0]
    found = {one["type"]: one for one in action["documentation"]}
    assert found["citation"]["citation"] == "The guideline."
    assert found["justification"]["resource"].endswith("/Evidence/sepsis.finding|1.0.0")


def test_each_grade_is_an_assessment_too(tmp_path: Path) -> None:
    made = clean(tmp_path, topic(), files=FILES)
    grade = made["ArtifactAssessment/sepsis.recommendation.give"]
    assert grade["artifactReference"]["reference"] == "PlanDefinition/sepsis"
    (specification,) = grade["content"]
    assert specification["informationType"] == "container"
    parts = {one["type"]["coding"][0]["code"]: one for one in specification["component"]}
    assert parts["rating-system"]["classifier"] == [{"text": "GRADE"}]
    strength = parts["strength-of-recommendation"]["classifier"][0]
    assert [one["code"] for one in strength["coding"]] == ["weak"]
    direction = parts["direction-of-recommendation"]["classifier"][0]
    assert [one["code"] for one in direction["coding"]] == ["against"]
    rating = made["ArtifactAssessment/sepsis.certainty.finding"]
    assert rating["artifactReference"]["reference"] == "Evidence/sepsis.finding"
    assert rating["content"][0]["classifier"][0]["coding"][0]["code"] == "low"
    assert rating["content"][0]["author"] == {"display": "Us"}


@pytest.mark.parametrize(
    ("study", "element", "codes"),
    [
        ("systematic-review", "synthesisType", []),
        ("randomized-trial", "studyDesign", ["SEVCO:01003", "RCT"]),
        ("expert-opinion", "studyDesign", []),
    ],
)
def test_a_kind_of_study_has_codes_only_where_they_mean_that(
    tmp_path: Path, study: str, element: str, codes: list[str]
) -> None:
    made = clean(tmp_path, topic(study=study), files=FILES)["Evidence/sepsis.finding"]
    found = made[element] if element == "synthesisType" else made[element][0]
    assert [one["code"] for one in found.get("coding", ())] == codes
    assert found["text"]


def test_variables_have_roles_and_resources(tmp_path: Path) -> None:
    made = clean(tmp_path, topic(), files=FILES)
    variables = made["Evidence/sepsis.finding"]["variableDefinition"]
    assert [one["variableRole"]["coding"][0]["code"] for one in variables] == [
        "population",
        "exposure",
        "measuredVariable",
    ]
    assert all(one["observed"]["reference"] in made for one in variables)
    adult = made["EvidenceVariable/sepsis.adult"]  # named after its concept: others may use it
    assert adult["characteristic"] == [{"definitionCodeableConcept": {"text": "Adult"}}]


def test_a_certainty_that_nobody_rated_is_words(tmp_path: Path) -> None:
    words = topic().replace("{rating: low, by: Us}", "{text: Not graded}")
    made = clean(tmp_path, words, files=FILES)
    (certainty,) = made["Evidence/sepsis.finding"]["certainty"]
    assert certainty["description"] == "Not graded"
    assert "rating" not in certainty
    assert "ArtifactAssessment/sepsis.certainty.finding" not in made
