"""The numbers of a finding agree with each other, or are told at their place."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from compiling import clean, compiled

HEAD = """evidence:
  less-pain:
    title: Less pain
    statement: Pain is less.
    study: randomized-trial
    population: {title: Adults}
    exposure: {title: Needling}
    outcome: {title: Pain}
    from: []
    statistics:
      - """  # what follows is line 14, column 9
MISTAKES = {
    "a fraction for percent": (
        "{measure: mean-difference, value: 1, interval: {low: 0, high: 2, level: 0.95}}",
        "a level of '0.95' would be 0.95 %",
        "a level is in percent: write 95",
    ),
    "all of it": (
        "{measure: mean-difference, value: 1, interval: {low: 0, high: 2, level: 100}}",
        "a level of '100' would be 100 %",
        "a level is in percent: write 95",
    ),
    "an estimate outside": (
        "{measure: mean-difference, value: 6.1, interval: {low: 0.4, high: 0.9}}",
        "the estimate 6.1 is not within its interval, 0.4 to 0.9",
        "look the three numbers up again",
    ),
    "mixed units": (
        "{measure: proportion, value: 50 %, interval: {low: 0.4, high: 0.75}}",
        "the bound '0.4' and the estimate are not in the same unit",
        "write all three with the same unit",
    ),
    "a reversed interval": (
        "{measure: mean-difference, value: 1, interval: {low: 2, high: 0.5}}",
        "the interval goes from 2 down to 0.5",
        "write the smaller number as 'low'",
    ),
    "a p value in percent": (
        "{measure: mean-difference, value: 1, p-value: 5}",
        "'5' is no p value",
        "it is between 0 and 1: 0.03",
    ),
}


@pytest.mark.parametrize(("text", "message", "advice"), MISTAKES.values(), ids=MISTAKES)
def test_a_contradiction_is_told_at_its_line(
    tmp_path: Path, text: str, message: str, advice: str
) -> None:
    (finding,) = compiled(tmp_path, HEAD + text + "\n").diagnostics
    assert (finding.code, finding.message, finding.help) == ("KB356", message, advice)
    assert finding.span is not None
    assert finding.span.line == 14


@pytest.mark.parametrize("level", ["nan", "sNaN", "high"])
def test_a_level_that_is_no_number_is_told(tmp_path: Path, level: str) -> None:
    interval = f"{{low: 0, high: 2, level: {level}}}"
    text = f"{{measure: mean-difference, value: 1, interval: {interval}}}\n"
    (finding,) = compiled(tmp_path, HEAD + text).diagnostics
    assert (finding.code, finding.message) == ("KB350", f"'{level}' is no level in percent")


def test_numbers_that_agree(tmp_path: Path) -> None:
    interval = "{low: -1.4 cm, high: -0.4 cm, level: 90}"
    text = f"{{measure: mean-difference, value: -0.9 cm, interval: {interval}}}\n"
    made = clean(tmp_path, HEAD + text)["Evidence/sepsis.less-pain"]
    (estimate,) = made["statistic"][0]["attributeEstimate"]
    assert estimate["level"] == Decimal("0.9")
    assert estimate["range"]["low"]["value"] == Decimal("-1.4")


@pytest.mark.parametrize(
    ("dose", "advice"),
    [
        ("18 years", "write 'a'"),
        ("12 months", "write 'mo'"),
        ("10 mg/kg/dose", "write 'mg/kg/{dose}'"),
        ("5 IU", "write '[IU]'"),
        ("120 mmHg", "write 'mm[Hg]'"),
        ("2 tablets", "if it is something counted: {tablets}"),
    ],
)
def test_a_word_for_a_unit_is_answered_with_the_unit(
    tmp_path: Path, dose: str, advice: str
) -> None:
    topic = (
        f"activities: {{give: {{title: Give, product: {{text: X}}, dosage: {{dose: {dose}}}}}}}\n"
    )
    found = compiled(tmp_path, topic.replace("{dose: 10 mg/kg/dose}", "{dose: 10 mg/kg/dose}"))
    assert [one.help for one in found.diagnostics if one.code == "KB351"] == [advice]
