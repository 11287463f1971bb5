"""Tables of the findings of one comparison: an outcome a row, as GRADE's summaries have them.

Findings belong to one comparison where they name the same population, exposure and comparator. The
columns are those of a GRADE summary of findings table (Cochrane Handbook, chapter 14).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from fhir_kb.compile import narrative as write
from fhir_kb.compile.evidence_variable import variable_title
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.diagnostics import Span
    from fhir_kb.model.evidence import Evidence, Interval, Risk, Statistic

_COLUMNS: Final = (
    "Outcome",
    "Risk with the comparator",
    "Risk with the exposure",
    "Effect (confidence interval)",
    "Participants (studies)",
    "Certainty",
)


class FindingsTable(NamedTuple):
    """The findings of one comparison."""

    title: str
    """What is compared, in whom."""

    content: str
    """The table in XHTML."""

    findings: tuple[str, ...]
    """The names of its evidence."""

    span: Span
    """Where the first of them is written."""


def findings_tables(context: CompileContext) -> Iterator[FindingsTable]:
    """A table for each comparison with at least two findings that have numbers."""
    comparisons: dict[tuple[str, str, str], list[Evidence]] = {}
    for evidence in context.topic.evidence:
        if evidence.statistics:
            comparisons.setdefault(_comparison(context, evidence), []).append(evidence)
    for (population, exposure, comparator), findings in comparisons.items():
        if len(findings) > 1:
            compared = f"{exposure} compared with {comparator}" if comparator else exposure
            rows = [row for evidence in findings for row in _rows(context, evidence)]
            used = [at for at in range(len(_COLUMNS)) if any(row[at] for row in rows)]
            columns = [_COLUMNS[at] for at in used]
            cells = [tuple(row[at] for at in used) for row in rows]
            names = tuple(str(evidence.id) for evidence in findings)
            title = f"{compared}: {population}"
            yield FindingsTable(title, _table(columns, cells), names, findings[0].span)


def _comparison(context: CompileContext, evidence: Evidence) -> tuple[str, str, str]:
    variables = (evidence.population, evidence.exposure, evidence.comparator)
    population, exposure, comparator = (
        variable_title(context, variable) if variable is not None else "" for variable in variables
    )
    return population, exposure, comparator


def _rows(context: CompileContext, evidence: Evidence) -> Iterator[tuple[str, ...]]:
    outcome = "; ".join(variable_title(context, variable) for variable in evidence.outcome)
    for statistic in evidence.statistics:
        yield (
            outcome,
            _risk_text(statistic.assumed_risk),
            _risk_text(statistic.corresponding_risk),
            _effect_text(statistic),
            _sample_text(statistic),
            _certainty_text(evidence),
        )


def _risk_text(risk: Risk | None) -> str:
    return f"{risk.value}{_interval_text(risk.interval)}" if risk is not None else ""


def _effect_text(statistic: Statistic) -> str:
    measure = code_words.in_words(statistic.measure)
    return f"{measure} {statistic.value}{_interval_text(statistic.interval)}"


def _interval_text(interval: Interval | None) -> str:
    return f" ({interval.low} to {interval.high})" if interval is not None else ""


def _sample_text(statistic: Statistic) -> str:
    people = str(statistic.participants) if statistic.participants is not None else ""
    if statistic.studies is None:
        return people
    noun = "study" if statistic.studies == 1 else "studies"
    return f"{people} ({statistic.studies} {noun})".strip()


def _certainty_text(evidence: Evidence) -> str:
    certainty = evidence.certainty
    if certainty is None:
        return ""
    if certainty.rating is None:
        return str(certainty.text or "")
    return f"{_SIGNS[certainty.rating]} {code_words.in_words(certainty.rating)}"


#: GRADE's signs (GRADE handbook, section 5)
_SIGNS: Final = {"high": "⨁⨁⨁⨁", "moderate": "⨁⨁⨁◯", "low": "⨁⨁◯◯", "very-low": "⨁◯◯◯"}
assert set(_SIGNS) == set(code_words.CERTAINTY)


def _table(columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{write.escape(column)}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{write.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
