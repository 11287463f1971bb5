"""An order that an engine makes of an activity says what is ordered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from compiling import clean, compiled


def made(folder: Path, lines: str) -> dict[str, Any]:
    topic = f"activities:\n  act:\n    title: Do it\n{lines}"
    return clean(folder, topic)["ActivityDefinition/sepsis.act"]


def test_the_title_says_what_is_done_where_there_is_no_code(tmp_path: Path) -> None:
    assert made(tmp_path, "    kind: service\n")["code"] == {"text": "Do it"}


def test_a_code_without_words_gets_the_title_as_its_words(tmp_path: Path) -> None:
    lines = "    code: {codes: [{system: 'https://c.test', code: x}]}\n"
    assert made(tmp_path, lines)["code"] == {
        "coding": [{"system": "https://c.test", "code": "x"}],
        "text": "Do it",
    }


def test_what_a_communication_says_is_in_the_words_of_its_code(tmp_path: Path) -> None:
    lines = "    kind: communication\n    text: Come back if it bleeds.\n"
    assert made(tmp_path, lines)["code"] == {"text": "Come back if it bleeds."}


def test_what_a_communication_is_about_comes_before_what_it_says(tmp_path: Path) -> None:
    lines = "    kind: communication\n    text: Come back.\n    code: {text: Red flags}\n"
    assert made(tmp_path, lines)["code"] == {"text": "Red flags: Come back."}


@pytest.mark.parametrize("kind", ["medication", "immunization"])
def test_what_is_given_is_the_product_and_else_what_is_done(kind: str, tmp_path: Path) -> None:
    found = made(tmp_path, f"    kind: {kind}\n    code: {{text: Aspirin}}\n")
    assert found["productCodeableConcept"] == {"text": "Aspirin"}


def test_a_service_has_no_product_that_is_not_named(tmp_path: Path) -> None:
    assert "productCodeableConcept" not in made(tmp_path, "    kind: service\n")


def test_several_dosages_are_numbered_in_their_order(tmp_path: Path) -> None:
    lines = "    dosage: [{text: Two at once}, {text: Then one a day}]\n"
    assert made(tmp_path, lines)["dosage"] == [
        {"sequence": 1, "text": "Two at once"},
        {"sequence": 2, "text": "Then one a day"},
    ]


def test_a_single_dosage_has_no_number(tmp_path: Path) -> None:
    assert made(tmp_path, "    dosage: {text: One}\n")["dosage"] == [{"text": "One"}]


def test_a_diet_is_set_in_the_order(tmp_path: Path) -> None:
    lines = "    kind: nutrition\n    product: {text: Milk}\n    dosage: {text: 'Don''t \\ boil'}\n"
    found = made(tmp_path, lines)["dynamicValue"]
    assert found == [
        {
            "path": "oralDiet.type.text",
            "expression": {"language": "text/fhirpath", "expression": "'Do it'"},
        },
        {
            "path": "oralDiet.instruction",
            "expression": {
                "language": "text/fhirpath",
                "expression": r"'Milk. Don\'t \\ boil'",
            },
        },
    ]


def test_the_authors_own_values_of_a_diet_are_left_alone(tmp_path: Path) -> None:
    own = "    dynamic-values: {enteralFormula.administrationInstruction: {fhirpath: \"'Drip'\"}}\n"
    found = made(tmp_path, f"    kind: nutrition\n{own}")["dynamicValue"]
    assert [value["path"] for value in found] == ["enteralFormula.administrationInstruction"]


@pytest.mark.parametrize(
    "kind",
    ["immunization", "nutrition", "device", "supply", "appointment", "care-plan", "vision"],
)
def test_what_is_forbidden_is_no_order_that_cannot_forbid(kind: str, tmp_path: Path) -> None:
    topic = f"activities: {{act: {{title: Live vaccine, kind: {kind}, prohibited: true}}}}\n"
    found = compiled(tmp_path, topic)
    (activity,) = (one for one in found.resources if one["resourceType"] == "ActivityDefinition")
    assert (activity["kind"], activity["doNotPerform"]) == ("ServiceRequest", True)
    assert "dynamicValue" not in activity
    assert [one.code for one in found.diagnostics] == ["KB413"]


@pytest.mark.parametrize("kind", ["service", "medication", "communication", "task"])
def test_what_is_forbidden_keeps_its_kind_where_that_can_forbid(kind: str, tmp_path: Path) -> None:
    found = made(tmp_path, f"    kind: {kind}\n    prohibited: true\n")
    assert found["doNotPerform"]
    assert not found["kind"].startswith("Service") or kind == "service"
