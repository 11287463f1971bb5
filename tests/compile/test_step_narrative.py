"""The steps of a plan as a clinician reads them in the narrative."""

from __future__ import annotations

from pathlib import Path

import pytest
from compiling import clean, plan

ACTIVITIES = """\
activities:
  tablet:
    title: Tablet
    text: With water.
    kind: medication
    product: {text: Aspirin 100 mg}
    quantity: 30 {tablet}
    dosage: {text: 100 mg every day, dose: 100 mg, route: {text: By mouth}}
    timing: At breakfast
    body-site: {text: Mouth}
    priority: asap
    participants: [patient]
  leave:
    title: Leaving the needle
    prohibited: true
"""


def narrative(folder: Path, steps: str, more: str = "") -> str:
    return str(plan(folder, f"plan:\n  steps:\n{steps}{ACTIVITIES}{more}")["text"]["div"])


def test_a_step_names_its_activity_dose_and_timing(tmp_path: Path) -> None:
    found = narrative(tmp_path, "    - {id: one, title: Treat, does: tablet}\n")
    assert "<b>Treat</b><p>With water.</p>" in found
    lines = [
        "Activity: Tablet",
        "Product: Aspirin 100 mg",
        "Quantity: 30 {tablet}",
        "Dosage: 100 mg every day; By mouth",
        "Where on the body: Mouth",
        "Timing: At breakfast",
        "Priority: as soon as possible",
        "Who: patient",
    ]
    assert "".join(f"<li>{line}</li>" for line in lines).replace("{tablet}", "tablet") in found


def test_an_activity_is_not_named_twice(tmp_path: Path) -> None:
    assert "Activity" not in narrative(tmp_path, "    - {id: one, title: tablet, does: tablet}\n")


def test_the_timing_of_the_step_goes_before_that_of_its_activity(tmp_path: Path) -> None:
    found = narrative(tmp_path, "    - {id: one, does: tablet, timing: At night}\n")
    assert "<li>Timing: At night</li>" in found
    assert "At breakfast" not in found


def test_conditions_come_first(tmp_path: Path) -> None:
    step = "    - {id: one, does: tablet, when: Ill, once: Awake, until: Well}\n"
    expected = "<ul><li>When: Ill</li><li>Once: Awake</li><li>Until: Well</li><li>Product"
    assert expected in narrative(tmp_path, step)


def test_how_a_step_stands_to_another_in_time(tmp_path: Path) -> None:
    steps = (
        "    - {id: one, does: tablet}\n    - id: two\n      title: Two\n"
        "      after: {step: one, relation: after-start, by: 2 wk}\n      alongside: [one]\n"
    )
    found = narrative(tmp_path, steps)
    assert "After: Tablet (after its start, 2 weeks)" in found
    assert "At the same time as: Tablet" in found


def test_aims_evidence_and_need_of_a_step(tmp_path: Path) -> None:
    found = narrative(
        tmp_path,
        "    - {id: one, title: One, goals: [well], because: [trial], required: must}\n"
        "  goals: {well: To be well}\n",
        "evidence:\n  trial:\n    title: A trial\n    statement: It helps.\n    study: cohort\n"
        "    population: adult\n    exposure: adult\n    outcome: adult\n    from: []\n",
    )
    assert "<li>Aims: To be well</li><li>Evidence: A trial</li>" in found
    assert "<li>Required: has to be done</li>" in found


@pytest.mark.parametrize("title", ["Do not leave it", "Never leave it", "Don't leave it"])
def test_a_title_that_prohibits_says_so_once(title: str, tmp_path: Path) -> None:
    found = narrative(tmp_path, f"    - {{id: one, title: {title}, does: leave}}\n")
    assert f"<b>{title}</b>" in found
    assert "not to be done" not in found.casefold()
    assert "Leaving" not in found


@pytest.mark.parametrize("title", ["Needle", "Leave nothing in place", "Nadel nicht belassen"])
def test_what_is_prohibited_stands_under_other_titles(title: str, tmp_path: Path) -> None:
    found = narrative(tmp_path, f"    - {{id: one, title: {title}, does: leave}}\n")
    assert f"<b>{title}</b><ul><li>Not to be done: Leaving the needle</li></ul>" in found


@pytest.mark.parametrize("title", ["", "title: Leaving the needle, "])
def test_the_title_of_a_prohibited_activity_is_never_read_as_advice(
    title: str, tmp_path: Path
) -> None:
    topic = f"plan: {{steps: [{{id: one, {title}does: leave}}]}}\n{ACTIVITIES}"
    made = plan(tmp_path, topic)
    assert "<b>Not to be done: Leaving the needle</b>" in made["text"]["div"]
    assert made["action"][0]["title"] == "Not to be done: Leaving the needle"


def test_an_activity_whose_title_prohibits_says_so_once(tmp_path: Path) -> None:
    topic = (
        "plan: {steps: [{id: one, title: Needle, does: no}, {id: two, does: no}]}\n"
        "activities: {no: {title: Do not leave it, prohibited: true}}\n"
    )
    made = clean(tmp_path, topic)
    first, second = made["PlanDefinition/sepsis"]["action"]
    assert (first["title"], first["description"]) == ("Needle", "Do not leave it")
    assert second["title"] == "Do not leave it"
    for kind in ("PlanDefinition/sepsis", "ActivityDefinition/sepsis.no"):
        assert "ot to be done" not in made[kind]["text"]["div"]


def test_the_page_of_a_prohibited_activity_says_so_in_its_heading(tmp_path: Path) -> None:
    made = clean(tmp_path, ACTIVITIES)["ActivityDefinition/sepsis.leave"]
    assert "<h2>Not to be done: Leaving the needle</h2>" in made["text"]["div"]


def test_conditions_that_hold_together_are_joined(tmp_path: Path) -> None:
    found = narrative(tmp_path, "    - {id: one, title: One, prefix: A, when: [Old, Ill]}\n")
    assert "<b>A. One</b><ul><li>When: Old; and Ill</li>" in found


def test_a_timing_in_words_is_not_said_again_in_numbers(tmp_path: Path) -> None:
    step = "    - {id: one, title: One, timing: {text: At once for 60 days, for: 60 d}}\n"
    assert "<li>Timing: At once for 60 days</li>" in narrative(tmp_path, step)


def test_a_goal_without_a_value_has_no_empty_label(tmp_path: Path) -> None:
    goal = "  goals: {well: {description: Well, targets: [{measure: {text: Pain}, due: 2 wk}]}}\n"
    assert "<li>Pain, within 2 weeks</li>" in narrative(
        tmp_path, f"    - {{id: one, title: One}}\n{goal}"
    )
