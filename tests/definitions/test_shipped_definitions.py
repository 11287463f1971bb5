"""The shipped definitions are what the project says of them: readable, experimental, credited."""

from __future__ import annotations

import pytest
from shipped import DEFINITIONS, everything, topic

from fhir_kb.diagnostics import Severity
from fhir_kb.model.walk import name_uses
from fhir_kb.pipeline import build

FOLDERS = [
    "anthrax-prophylaxis",
    "anthrax-vaccination",
    "dry-needling",
    "hepatitis-a-exposure",
    "protein-in-ckd",
    "tennis-elbow",
]


def test_they_read_without_findings() -> None:
    _, _, topics, findings = everything()
    assert findings == []
    assert sorted(topics) == FOLDERS


def test_they_build_without_findings_but_notes_on_conditions_for_people() -> None:
    result = build(DEFINITIONS, output=None)
    assert {found.code for found in result.diagnostics} <= {"KB331"}
    assert all(found.severity is Severity.INFORMATION for found in result.diagnostics)
    assert result.topics == len(FOLDERS)


def test_they_are_examples_and_say_so() -> None:
    settings, _, topics, _ = everything()
    assert settings is not None
    assert settings.experimental
    assert settings.status == "draft"
    assert {(source.topic.experimental, source.topic.status) for source in topics.values()} == {
        (None, None)
    }


@pytest.mark.parametrize("folder", FOLDERS)
def test_nobody_is_said_to_endorse_them(folder: str) -> None:
    assert topic(folder).topic.endorsers == ()


@pytest.mark.parametrize("folder", [name for name in FOLDERS if name != "dry-needling"])
def test_what_is_done_names_its_source(folder: str) -> None:
    uncredited = [str(one.id) for one in topic(folder).topic.activities if not one.from_]
    assert uncredited == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_reference_is_used(folder: str) -> None:
    source = topic(folder)
    used = {str(use.name) for use in name_uses(source.topic) if use.kind == "reference"}
    assert source.page is not None
    sections = list(source.page.sections)
    links = [*source.page.links, *(link for section in sections for link in section.links)]
    used |= {link.target for link in links if link.kind == "reference"}
    assert {str(one.id) for one in source.references} == used


def test_the_graded_recommendation_says_what_its_source_says() -> None:
    step = topic("protein-in-ckd").steps[0]
    activity = topic("protein-in-ckd").topic.activities[0]
    graded = step.recommendation
    assert graded is not None
    assert (graded.strength, graded.direction, graded.certainty) == ("weak", "for", None)
    assert step.when[0].cql_identifier == "Has CKD stage 3 or 4"
    dosage = activity.dosage[0]
    assert dosage.dose == "0.6-0.8 g/kg"
    assert dosage.timing is not None
    assert dosage.timing.every == "1 d"


@pytest.mark.parametrize(
    ("drug", "dose", "every", "amount"),
    [
        ("ciprofloxacin", "500 mg", "12 h", "120 {tablet}"),
        ("doxycycline", "100 mg", "12 h", "120 {tablet}"),
        ("levofloxacin", "750 mg", "1 d", "60 {tablet}"),
        ("moxifloxacin", "400 mg", "1 d", "60 {tablet}"),
        ("clindamycin", "600 mg", "8 h", "360 {capsule}"),
    ],
)
def test_the_protocol_gives_the_doses_of_its_source(
    drug: str, dose: str, every: str, amount: str
) -> None:
    activities = {str(one.id): one for one in topic("anthrax-prophylaxis").topic.activities}
    dosage = activities[drug].dosage[0]
    assert dosage.dose == dose
    assert dosage.timing is not None
    assert (dosage.timing.every, dosage.timing.for_) == (every, "60 d")
    assert activities[drug].quantity == amount


def test_the_protocol_has_alternatives_a_sub_plan_and_value_sets_of_its_own() -> None:
    source = topic("anthrax-prophylaxis")
    alternatives = [step for step in source.steps if step.choose == "at-most-one"]
    assert [str(step.id) for step in alternatives] == ["antimicrobial", "first-line", "second-line"]
    assert [str(step.plan) for step in source.steps if step.plan] == ["anthrax-vaccination"]
    assert len(source.topic.value_sets) == 4
