"""Several outcomes of one comparison are a table, as GRADE's summaries of findings are."""

from __future__ import annotations

from pathlib import Path

import pytest
from compiling import clean, compiled

FINDING = """\
  {id}:
    title: {outcome}
    statement: It differs.
    study: meta-analysis
    population: {{title: Adults}}
    exposure: {{title: Needling}}
    comparator: {{title: {comparator}}}
    outcome: {{title: {outcome}}}
    from: []
    certainty: {{rating: {certainty}, by: Us}}
    statistics:
      - measure: risk-ratio
        value: {value}
        interval: {{low: 0.5, high: 1.2}}
        i-squared: 37 %
        assumed-risk: 20 %
        corresponding-risk: {{value: 14 %, interval: {{low: 10 %, high: 24 %}}}}
        participants: 1200
        studies: 7
"""
PAGE = {"page.md": "# Needles\n\n## Uses {#uses}\n\nThey are used.\n"}


def findings(*comparators: str) -> str:
    rows = [
        FINDING.format(
            id=f"finding-{number}",
            outcome=outcome,
            comparator=comparator,
            certainty=certainty,
            value=value,
        )
        for number, (outcome, certainty, value, comparator) in enumerate(
            zip(("Pain", "Harm"), ("low", "high"), ("0.7", "1.1"), comparators, strict=False), 1
        )
    ]
    return "evidence:\n" + "".join(rows)


def test_the_numbers_are_in_the_evidence(tmp_path: Path) -> None:
    made = clean(tmp_path, findings("Rest"))["Evidence/sepsis.finding-1"]
    ratio, assumed, corresponding = made["statistic"]
    kinds = [one["type"]["coding"][0]["code"] for one in ratio["attributeEstimate"]]
    assert kinds == ["C53324", "0000420"]
    assert ratio["sampleSize"] == {"numberOfStudies": 7, "numberOfParticipants": 1200}
    assert [one["statisticType"]["coding"][0]["code"] for one in (assumed, corresponding)] == [
        "predictedRisk",
        "predictedRisk",
    ]
    assert assumed["description"] == "Assumed risk, with the comparator"
    assert corresponding["attributeEstimate"][0]["range"]["high"]["value"] == 24


def test_two_outcomes_of_one_comparison_are_a_table(tmp_path: Path) -> None:
    made = clean(tmp_path, findings("Rest", "Rest"), files=PAGE)
    sections = {one["title"]: one for one in made["Composition/sepsis"]["section"]}
    table = sections["Summary of findings: Needling compared with Rest: Adults"]
    assert [one["reference"] for one in table["entry"]] == [
        "Evidence/sepsis.finding-1",
        "Evidence/sepsis.finding-2",
    ]
    row = (
        "<tr><td>Pain</td><td>20 %</td><td>14 % (10 % to 24 %)</td>"
        "<td>Risk ratio 0.7 (0.5 to 1.2)</td><td>1200 (7 studies)</td><td>⨁⨁◯◯ Low</td></tr>"
    )
    assert row in table["text"]["div"]
    assert row in made["PlanDefinition/sepsis"]["text"]["div"]


def test_findings_of_different_comparisons_are_not(tmp_path: Path) -> None:
    made = clean(tmp_path, findings("Rest", "Massage"), files=PAGE)
    assert "<table>" not in made["PlanDefinition/sepsis"]["text"]["div"]


def test_a_column_without_a_cell_is_left_out(tmp_path: Path) -> None:
    text = findings("Rest", "Rest").replace("        assumed-risk: 20 %\n", "")
    narrative = clean(tmp_path, text, files=PAGE)["PlanDefinition/sepsis"]["text"]["div"]
    assert "<th>Risk with the exposure</th>" in narrative
    assert "<th>Risk with the comparator</th>" not in narrative


@pytest.mark.parametrize(
    "measure",
    ["sensitivity", "specificity", "number-needed-to-treat", "positive-likelihood-ratio"],
)
def test_a_kind_without_a_code_is_text(tmp_path: Path, measure: str) -> None:
    text = findings("Rest").replace("risk-ratio", measure)
    statistic = clean(tmp_path, text)["Evidence/sepsis.finding-1"]["statistic"][0]
    assert statistic["statisticType"] == {"text": measure.replace("-", " ").capitalize()}


@pytest.mark.parametrize("value", ["137 %", "37 mg", "-1 %"])
def test_an_impossible_heterogeneity_is_told(tmp_path: Path, value: str) -> None:
    (finding,) = compiled(tmp_path, findings("Rest").replace("37 %", value)).diagnostics
    assert (finding.code, finding.message) == ("KB356", f"'{value}' is no I²")
