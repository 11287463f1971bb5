"""A finding as a clinician reads it: numbers, certainty, quotation with its source, comparison."""

from __future__ import annotations

from pathlib import Path

import pytest
from compiling import clean

FILES = {
    "references.yaml": "trial: {type: article, title: A trial, authors: [Doe J], published: 2001}\n"
}
FINDING = """\
evidence:
  finding:
    title: The finding
    statement: It helps.
    study: cohort
    population: adult
    exposure: {title: Pills}
    outcome: {title: Pain}
    from: trial
    quote: {text: "It & helped\\nmany", from: trial, locator: p. 3}
    statistics: {measure: risk-ratio, value: "0.8", interval: {low: "0.7", high: "0.9"}, studies: 3}
    certainty:
      rating: low
      aspects:
        risk-of-bias: {text: Nobody was blinded}
        imprecision: {rating: serious-concern, text: Few people}
        inconsistency: no-concern
"""


def resources(folder: Path, more: str = ""):
    return clean(folder, FINDING + more, files=FILES)


@pytest.mark.parametrize("kind", ["PlanDefinition/sepsis", "Evidence/sepsis.finding"])
def test_plan_and_evidence_show_all_of_a_finding(kind: str, tmp_path: Path) -> None:
    div = resources(tmp_path)[kind]["text"]["div"]
    for words in (
        "The finding",
        "<p>It helps.</p>",
        "<blockquote><p>It &amp; helped<br/>many</p></blockquote>",
        "<p>Quoted from: Doe 2001, p. 3</p>",
        "Relative Risk 0.8 (95 % confidence interval 0.7 to 0.9); 3 studies",
        "<li>Low quality</li>",
        "<li>Risk of bias: Nobody was blinded</li>",
        "<li>Imprecision: serious concern: Few people</li>",
        "<li>Inconsistency: no serious concern</li>",
        "<li>Exposure: Pills</li><li>Comparator: none is stated</li><li>Outcome: Pain</li>",
        "Doe J. A trial. 2001.",
    ):
        assert words in div


def test_a_comparator_that_is_stated(tmp_path: Path) -> None:
    topic = FINDING.replace("    outcome:", "    comparator: {title: Rest}\n    outcome:")
    div = clean(tmp_path, topic, files=FILES)["Evidence/sepsis.finding"]["text"]["div"]
    assert "<li>Comparator: Rest</li><li>Outcome: Pain</li>" in div


def test_a_reason_without_a_rating_is_a_subcomponent_without_one(tmp_path: Path) -> None:
    made = resources(tmp_path)
    bias, imprecision, _ = made["Evidence/sepsis.finding"]["certainty"][0]["subcomponent"]
    assert bias["description"] == "Nobody was blinded"
    assert bias["type"]["coding"][0]["code"] == "RiskOfBias"
    assert "rating" not in bias
    assert imprecision["rating"]["coding"][0]["code"] == "serious-concern"


def test_a_reason_without_a_rating_is_a_comment_in_the_assessment(tmp_path: Path) -> None:
    assessment = resources(tmp_path)["ArtifactAssessment/sepsis.certainty.finding"]
    bias, imprecision, _ = assessment["content"][0]["component"]
    assert (bias["informationType"], bias["summary"]) == ("comment", "Nobody was blinded")
    assert "classifier" not in bias
    assert imprecision["informationType"] == "rating"


def test_the_page_shows_what_readers_of_a_reference_have_to_know(tmp_path: Path) -> None:
    works = {"references.yaml": "trial: {type: book, title: A book, note: Read the *rest*.}\n"}
    page = {"page.md": "# T\n\nSee [@trial].\n"}
    made = clean(tmp_path, files=works | page)
    expected = "A book.<p>Read the <em>rest</em>.</p>"
    assert expected in made["PlanDefinition/sepsis"]["text"]["div"]
    assert expected in str(made["Composition/sepsis"]["section"])


def test_one_study_and_no_certainty_are_said_as_they_are(tmp_path: Path) -> None:
    topic = FINDING[: FINDING.index("    certainty:")].replace("studies: 3", "studies: 1")
    div = clean(tmp_path, topic, files=FILES)["Evidence/sepsis.finding"]["text"]["div"]
    assert "0.9); 1 study</p>" in div
    assert "<p><b>Certainty:</b> none is stated</p>" in div
