"""Contraindications, cautions, interactions, adverse effects and harms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from compiling import clean, read

from fhir_kb.model.fhir_release import FHIR_RELEASES
from fhir_kb.pipeline import build

TOPIC = """\
disclaimer: Ask a physician.
activities:
  needling: {title: Dry needling, text: Insert the needle., kind: service}
  stretching: {title: Stretching, kind: service}
cautions:
  pneumothorax:
    kind: adverse-effect
    text: Over the chest, **pneumothorax** is possible.
    for: needling
    from: doe-2001
  bleeding:
    kind: contraindication
    text: Not in those who take anticoagulants.
    for: [needling, stretching]
    because: trial
  pregnancy: {kind: caution, text: Take care in pregnancy.}
evidence:
  trial: {title: A trial, statement: It bled., from: doe-2001, study: randomized-trial,
    population: adult, exposure: adult, outcome: adult}
plan:
  steps:
    - {id: needle, does: needling, when: There is pain}
"""
FILES = {
    "page.md": "# Sepsis\n\n## Before\n\nText.\n",
    "references.yaml": "doe-2001: {type: book, title: A book, authors: [Doe J], published: 2001}\n",
}


@pytest.fixture
def resources(tmp_path: Path):
    return clean(tmp_path, TOPIC, files=FILES)


def test_they_are_a_section_of_the_page_by_kind_before_the_end(resources) -> None:
    page = resources["Composition/sepsis"]
    titles = [section["title"] for section in page["section"]]
    assert titles[:2] == ["Before", "Contraindications and cautions"]
    section = page["section"][1]
    div = section["text"]["div"].replace("\n", "")
    kinds = [div.index(f"<b>{kind}</b>") for kind in ("Contraindications", "Cautions")]
    assert kinds == sorted(kinds)
    assert "<p>Dry needling; Stretching:</p><p>Not in those who take anticoagulants.</p>" in div
    assert "<b>Evidence:</b> A trial" in div
    assert "<strong>pneumothorax</strong> is possible.</p><p><b>From:</b> Doe 2001</p>" in div
    assert [one["reference"] for one in section["entry"]] == [
        "ActivityDefinition/sepsis.needling",
        "ActivityDefinition/sepsis.stretching",
        "Evidence/sepsis.trial",
        "Citation/sepsis.doe-2001",
    ]


def test_they_stand_before_the_steps_in_the_narrative(resources) -> None:
    div = resources["PlanDefinition/sepsis"]["text"]["div"]
    assert div.index("Contraindications and cautions</h3>") < div.index("Steps</h3>")


def test_the_step_says_what_is_about_its_activity(resources) -> None:
    (action,) = resources["PlanDefinition/sepsis"]["action"]
    assert action["description"] == (
        "When: There is pain\n\n"
        "Contraindication: Not in those who take anticoagulants.\n\n"
        "Adverse effect: Over the chest, **pneumothorax** is possible. (Doe 2001)\n\n"
        "Insert the needle."
    )


def test_usage_has_them_before_the_disclaimer(resources) -> None:
    assert resources["PlanDefinition/sepsis"]["usage"] == (
        "Contraindication (Dry needling; Stretching): Not in those who take anticoagulants."
        "\n\nCaution: Take care in pregnancy."
        "\n\nAdverse effect (Dry needling): Over the chest, **pneumothorax** is possible."
        " (Doe 2001)"
        "\n\nAsk a physician."
    )


def test_an_activity_says_its_own(resources) -> None:
    stretching = resources["ActivityDefinition/sepsis.stretching"]
    words = "Contraindication: Not in those who take anticoagulants."
    assert stretching["usage"].endswith("anticoagulants.\n\nAsk a physician.")
    assert f"<p>{words}</p>" in stretching["text"]["div"]
    assert "pregnancy" not in stretching["usage"]


def test_without_cautions_nothing_changes(tmp_path: Path) -> None:
    made = clean(tmp_path, "disclaimer: Ask a physician.\n")
    assert made["PlanDefinition/sepsis"]["usage"] == "Ask a physician."
    assert "kb.cautions" not in str(made)


def test_each_release_has_them(tmp_path: Path) -> None:
    read(tmp_path, TOPIC, files=FILES)
    output = tmp_path / "output"
    build(tmp_path, output=output, releases=[release.name for release in FHIR_RELEASES])
    for release in FHIR_RELEASES:
        plan = json.loads((output / release.name / "PlanDefinition-sepsis.json").read_bytes())
        assert "Caution: Take care in pregnancy." in plan["usage"]
        assert "Contraindication: Not in those" in plan["action"][0]["description"]


def test_a_name_that_is_none_is_reported_at_its_line(tmp_path: Path) -> None:
    source, _ = read(tmp_path, "cautions: {a: {kind: caution, text: x, for: nedling}}\n")
    found = build(tmp_path, output=None).diagnostics
    assert [(one.span.line, one.severity.value) for one in found if "nedling" in one.message] == [
        (4, "error")
    ]
    assert source.topic.cautions[0].id == "a"


def test_a_caution_alone_does_not_use_an_activity(tmp_path: Path) -> None:
    topic = TOPIC.replace("[needling, stretching]", "[stretching]")
    read(tmp_path, topic, files=FILES)
    found = build(tmp_path, output=None).diagnostics
    assert "no step refers to the activity 'stretching'" in [one.message for one in found]
