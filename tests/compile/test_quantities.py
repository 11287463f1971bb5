"""Quantities, ranges, ratios and times, as people write them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from compiling import clean, compiled, plan

UCUM = "http://unitsofmeasure.org"


def dose_of(folder: Path, dose: str) -> dict[str, object]:
    topic = f"activities: {{give: {{title: Give, dosage: [{{dose: {dose!r}}}]}}}}\n"
    activity = clean(folder, topic)["ActivityDefinition/sepsis.give"]
    return activity["dosage"][0]["doseAndRate"][0]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("500 mg", {"value": Decimal(500), "unit": "mg", "system": UCUM, "code": "mg"}),
        ("500mg", {"value": Decimal(500), "unit": "mg", "system": UCUM, "code": "mg"}),
        ("1.50 g", {"value": Decimal("1.50"), "unit": "g", "system": UCUM, "code": "g"}),
        ("2", {"value": Decimal(2)}),
        (
            ">= 2 mg/L",
            {
                "value": Decimal(2),
                "comparator": ">=",
                "unit": "mg/L",
                "system": UCUM,
                "code": "mg/L",
            },
        ),
        ("1 {tablet}", {"value": Decimal(1), "unit": "tablet", "system": UCUM, "code": "{tablet}"}),
        ("7 d", {"value": Decimal(7), "unit": "days", "system": UCUM, "code": "d"}),
        ("-2 %", {"value": Decimal(-2), "unit": "%", "system": UCUM, "code": "%"}),
    ],
)
def test_a_number_with_its_unit(tmp_path: Path, written: str, expected: object) -> None:
    assert dose_of(tmp_path, written) == {"doseQuantity": expected}


def test_numbers_stay_as_they_were_written(tmp_path: Path) -> None:
    assert str(dose_of(tmp_path, "1.50 g")["doseQuantity"]["value"]) == "1.50"


@pytest.mark.parametrize("written", ["0.6-0.8 g/kg", "0.6 - 0.8 g/kg"])
def test_a_range(tmp_path: Path, written: str) -> None:
    unit = {"unit": "g/kg", "system": UCUM, "code": "g/kg"}
    assert dose_of(tmp_path, written) == {
        "doseRange": {
            "low": {"value": Decimal("0.6"), **unit},
            "high": {"value": Decimal("0.8"), **unit},
        }
    }


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("5 tablets", "KB351"),
        ("5 Mgs", "KB351"),
        ("5 mg/", "KB351"),
        ("8-6 mg", "KB350"),
        ("<5-6 mg", "KB350"),
    ],
)
def test_what_is_no_quantity_is_found_where_it_stands(
    tmp_path: Path, written: str, code: str
) -> None:
    topic = f"activities:\n  give:\n    title: Give\n    quantity: {written!r}\n"
    (found,) = compiled(tmp_path, topic).diagnostics
    assert (found.code, found.span.line) == (code, 7)
    assert found.span.file.endswith("sepsis/topic.yaml")


def test_the_most_in_a_time_is_a_ratio(tmp_path: Path) -> None:
    topic = "activities: {give: {title: Give, dosage: [{max-dose: 4 g per 1 d}]}}\n"
    activity = clean(tmp_path, topic)["ActivityDefinition/sepsis.give"]
    (most,) = activity["dosage"][0]["maxDosePerPeriod"]
    assert (most["numerator"]["code"], most["denominator"]["unit"]) == ("g", "day")


def timing_of(folder: Path, timing: str) -> dict[str, object]:
    topic = f"activities: {{give: {{title: Give, timing: {timing}}}}}\n"
    return clean(folder, topic)["ActivityDefinition/sepsis.give"]["timingTiming"]


def test_three_times_a_day_for_a_week(tmp_path: Path) -> None:
    assert timing_of(tmp_path, "{times: 3, every: 1 d, for: 7-10 d}") == {
        "repeat": {
            "boundsRange": {
                "low": {"value": Decimal(7), "unit": "days", "system": UCUM, "code": "d"},
                "high": {"value": Decimal(10), "unit": "days", "system": UCUM, "code": "d"},
            },
            "frequency": 3,
            "period": Decimal(1),
            "periodUnit": "d",
        }
    }


def test_every_eight_hours_means_once_in_each(tmp_path: Path) -> None:
    assert timing_of(tmp_path, "{every: 8 h}") == {
        "repeat": {"frequency": 1, "period": Decimal(8), "periodUnit": "h"}
    }


def test_an_event_of_the_day_with_an_offset_in_minutes(tmp_path: Path) -> None:
    assert timing_of(tmp_path, "{when: [before-breakfast], offset: 0.5 h}") == {
        "repeat": {"when": ["ACM"], "offset": 30}
    }


def test_words_alone(tmp_path: Path) -> None:
    assert timing_of(tmp_path, "at bedtime") == {"code": {"text": "at bedtime"}}


@pytest.mark.parametrize(
    "timing",
    ["{when: [night], offset: 10-20 min}", "{when: [night], offset: 5 s}", "{offset: 5 min}"],
)
def test_an_offset_that_fhir_cannot_say(tmp_path: Path, timing: str) -> None:
    topic = f"activities: {{give: {{title: Give, timing: {timing}}}}}\n"
    assert {one.code for one in compiled(tmp_path, topic).diagnostics} == {"KB352"}


def test_a_target_is_due_after_one_time(tmp_path: Path) -> None:
    goal = (
        "plan: {goals: {less: {description: Less pain, "
        "targets: [{measure: {text: Pain}, due: %s}]}}}\n"
    )
    target = plan(tmp_path, goal % "6 wk")["goal"][0]["target"][0]
    assert target["due"]["code"] == "wk"
    assert [one.code for one in compiled(tmp_path, goal % "6-8 wk").diagnostics] == ["KB352"]


@pytest.mark.parametrize(
    ("timing", "words"),
    [
        ("{every: 1 d}", "once a day"),
        ("{every: 1 h}", "once an hour"),
        ("{times: 3, every: 1 d}", "3 times a day"),
        ("{times: 1, every: 12 h, for: 60 d}", "every 12 hours, for 60 days"),
        ("{times: 2, every: 1-2 d}", "2 times every 1 to 2 days"),
    ],
)
def test_how_often_in_words(timing: str, words: str, tmp_path: Path) -> None:
    topic = f"activities: {{give: {{title: Give, timing: {timing}}}}}\n"
    made = clean(tmp_path, topic)["ActivityDefinition/sepsis.give"]
    assert f"<p><b>When:</b> {words}</p>" in made["text"]["div"]


@pytest.mark.parametrize(
    ("dosage", "words"),
    [
        ("text: 500 mg by mouth every 12 hours, dose: 500 mg", "500 mg by mouth every 12 hours"),
        ("text: 15 mg, dose: 5 mg", "15 mg; 5 mg"),
        ("text: 0.5 mg, dose: 5 mg", "0.5 mg; 5 mg"),
        ("text: 5.5 mg, dose: 5 mg", "5.5 mg; 5 mg"),
        ("text: Twice, route: {text: By mouth}", "Twice; By mouth"),
        ("text: Every 12 hours, timing: {every: 12 h, for: 2 d}", None),
    ],
)
def test_a_dosage_says_once_what_its_words_say(
    dosage: str, words: str | None, tmp_path: Path
) -> None:
    topic = f"activities: {{give: {{title: Give, dosage: {{{dosage}}}}}}}\n"
    div = clean(tmp_path, topic)["ActivityDefinition/sepsis.give"]["text"]["div"]
    expected = words or "Every 12 hours; every 12 hours, for 2 days"
    assert f"<p><b>Dosage:</b> {expected}</p>" in div
