"""Doses by weight and age, maxima, and adjustments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from compiling import clean, compiled, read

from fhir_kb.model.fhir_release import FHIR_RELEASES
from fhir_kb.pipeline import build

BANDS = "[{weight: < 5 kg, text: not given}, {weight: 5-14 kg, dose: 250 mg}, {who: adults, age: '>= 18 a', dose: 10 mg/kg, text: in water}]"  # noqa: E501
FULL = f"""\
    - text: By weight
      bands: {BANDS}
      max-single-dose: 1 g
      max-dose: 4 g per 1 d
      renal: "eGFR < 30: half the dose"
      hepatic: no change
"""


def topic(dosage: str) -> str:
    return f"activities:\n  drug:\n    title: A drug\n    kind: medication\n    dosage:\n{dosage}"


def test_bands_are_words_of_one_dosage_and_no_doses(tmp_path: Path) -> None:
    made = clean(tmp_path, topic(FULL))
    (dosage,) = made["ActivityDefinition/sepsis.drug"]["dosage"]
    assert dosage["text"] == (
        "By weight; weight < 5 kg: not given; weight 5 to 14 kg: 250 mg; "
        "adults, age >= 18 years: 10 mg/kg, in water"
    )
    assert "doseAndRate" not in dosage
    assert "sequence" not in dosage


def test_maxima_and_adjustments(tmp_path: Path) -> None:
    made = clean(tmp_path, topic(FULL))
    (dosage,) = made["ActivityDefinition/sepsis.drug"]["dosage"]
    most = dosage["maxDosePerAdministration"]
    assert (str(most["value"]), most["code"]) == ("1", "g")
    assert [one["text"] for one in dosage["additionalInstruction"]] == [
        "Kidney function: eGFR < 30: half the dose",
        "Liver function: no change",
    ]
    div = made["ActivityDefinition/sepsis.drug"]["text"]["div"]
    for words in ("weight 5 to 14 kg: 250 mg", "at most 1 g at a time", "eGFR &lt; 30: half"):
        assert words in div


def test_loading_then_maintenance_stand_in_their_order(tmp_path: Path) -> None:
    two = "    - {text: Loading, dose: 1 g}\n    - {text: Maintenance, dose: 500 mg}\n"
    dosages = clean(tmp_path, topic(two))["ActivityDefinition/sepsis.drug"]["dosage"]
    assert [(one["sequence"], one["text"]) for one in dosages] == [
        (1, "Loading"),
        (2, "Maintenance"),
    ]


@pytest.mark.parametrize(
    ("dosage", "codes"),
    [
        ("{dose: 1 g, bands: [{weight: 5-14 kg, dose: 250 mg}]}", ["KB357"]),
        ("{rate: 1 mL/h, bands: [{weight: 5-14 kg, dose: 250 mg}]}", ["KB357"]),
        ("{bands: [{dose: 250 mg}]}", ["KB357"]),
        ("{bands: [{weight: 5-14 kg}]}", ["KB357"]),
        ("{bands: [{weight: 5-15 kg, dose: 1 g}, {weight: 15-25 kg, dose: 2 g}]}", ["KB358"]),
        ("{bands: [{age: < 2 a, dose: 1 g}, {age: < 5 a, dose: 2 g}]}", ["KB358"]),
        ("{bands: [{age: <= 2 a, dose: 1 g}, {age: 2-5 a, dose: 2 g}]}", ["KB358"]),
        ("{bands: [{age: < 2 a, dose: 1 g}, {age: '>= 2 a', dose: 2 g}]}", []),
        ("{bands: [{age: < 2 a, dose: 1 g}, {age: 2-5 a, dose: 2 g}]}", []),
        ("{bands: [{age: < 2 a, dose: 1 g}, {weight: '> 5 kg', dose: 2 g}]}", []),
        (
            "{bands: [{age: < 2 a, weight: < 5 kg, dose: 1 g}, {age: 1 a, weight: 6 kg, text: x}]}",
            [],
        ),
        ("{bands: [{who: boys, age: < 2 a, dose: 1 g}, {who: girls, age: < 2 a, dose: 2 g}]}", []),
    ],
)
def test_whose_dose_it_is_is_plain(tmp_path: Path, dosage: str, codes: list[str]) -> None:
    made = compiled(tmp_path, topic(f"    - {dosage}\n"))
    assert [one.code for one in made.diagnostics] == codes


def test_each_release_has_them(tmp_path: Path) -> None:
    read(tmp_path, topic(FULL) + "plan: {steps: [{id: give, does: drug}]}\n")
    output = tmp_path / "output"
    made = build(tmp_path, output=output, releases=[release.name for release in FHIR_RELEASES])
    assert [one for one in made.diagnostics if one.severity.value == "error"] == []
    for release in FHIR_RELEASES:
        file = output / release.name / "ActivityDefinition-sepsis.drug.json"
        (dosage,) = json.loads(file.read_bytes())["dosage"]
        assert "weight 5 to 14 kg: 250 mg" in dosage["text"]
        assert dosage["maxDosePerAdministration"]["code"] == "g"
        assert len(dosage["additionalInstruction"]) == 2
