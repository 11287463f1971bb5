"""MeasureReports against their Measures: http://hl7.org/fhir/measurereport.html."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.issue import quoted
from fhir_kb.validate.core.json_values import objects
from fhir_kb.validate.finding_codes import (
    MEASURE_UNKNOWN,
    REPORT_COUNT,
    REPORT_GROUP,
    REPORT_SCORE,
)
from fhir_kb.validate.resources.locations import report_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Finding, Findings, Pointer

_POPULATION: Final = "http://terminology.hl7.org/CodeSystem/measure-population"
_SUBJECT_LIST: Final = "subject-list"
_DATA_COLLECTION: Final = ("data-collection", "data-exchange")


def check_measure_report(value: Mapping[str, Any], context: Context) -> Findings:
    """Groups, populations, stratifiers and scores that differ from those of the Measure."""
    url = value.get("measure")
    if not isinstance(url, str) or context.canonicals is None:
        return None
    measure = context.canonicals.find(url, "Measure")
    if measure is None:
        message = f"not checked: the measure {quoted(url, 120)} is not available"
        return report_at((), MEASURE_UNKNOWN, message)
    measure_groups = [group for _, group in objects(measure, "group")]
    report_groups = list(objects(value, "group"))
    if not measure_groups:
        return None
    if len(measure_groups) == 1 and len(report_groups) == 1:
        pointer: Pointer = ("group", report_groups[0][0])
        return (
            _check_only_group(value, measure, measure_groups[0], report_groups[0][1], pointer)
            or None
        )
    return _check_groups(value, measure, measure_groups, report_groups) or None


def _check_only_group(
    measure_report: Mapping[str, Any],
    measure: Mapping[str, Any],
    measure_group: Mapping[str, Any],
    group: Mapping[str, Any],
    pointer: Pointer,
) -> list[Finding]:
    findings: list[Finding] = []
    if (
        "code" in measure_group
        and "code" in group
        and not _is_same_concept(group["code"], measure_group["code"])
    ):
        message = "the code of the group is not that of the measure's group"
        findings += report_at(pointer, REPORT_GROUP, message, None, "MEASURE_MR_GRP_NO_WRONG_CODE")
    return findings + _check_group(measure_report, measure, measure_group, group, pointer)


def _check_groups(
    measure_report: Mapping[str, Any],
    measure: Mapping[str, Any],
    measure_groups: list[dict[str, Any]],
    report_groups: list[tuple[int, dict[str, Any]]],
) -> list[Finding]:
    findings: list[Finding] = []
    matched: list[int] = []
    for index, group in report_groups:
        pointer: Pointer = ("group", index)
        number = _number_of(group.get("code"), measure_groups)
        if "code" not in group:
            message = "the group has no code that identifies the measure's group"
            findings += report_at(pointer, REPORT_GROUP, message, None, "MEASURE_MR_GRP_NO_CODE")
        elif number is None:
            findings += report_at(pointer, REPORT_GROUP, "the measure has no group with this code")
        elif number in matched:
            message = "the group occurs more than once"
            findings += report_at(pointer, REPORT_GROUP, message, None, "MEASURE_MR_GRP_DUPL_CODE")
        else:
            matched.append(number)
            findings += _check_group(
                measure_report, measure, measure_groups[number], group, pointer
            )
    if measure_report.get("type") not in _DATA_COLLECTION:
        for number, measure_group in enumerate(measure_groups):
            if number not in matched:
                findings += _missing_part((), "group", measure_group)
    return findings


def _check_group(
    measure_report: Mapping[str, Any],
    measure: Mapping[str, Any],
    measure_group: Mapping[str, Any],
    group: Mapping[str, Any],
    pointer: Pointer,
) -> list[Finding]:
    findings = _check_parts(measure_group, group, pointer, "population")
    for index, population in objects(group, "population"):
        findings += _check_subjects(measure_report, population, (*pointer, "population", index))
    findings += _check_score(measure_report, measure, group, pointer)
    return findings + _check_parts(measure_group, group, pointer, "stratifier")


def _check_parts(
    measure_group: Mapping[str, Any], group: Mapping[str, Any], pointer: Pointer, name: str
) -> list[Finding]:
    """Populations or stratifiers: each of the measure's once, identified by its code."""
    measure_parts = [part for _, part in objects(measure_group, name)]
    findings: list[Finding] = []
    matched: list[int] = []
    for index, part in objects(group, name):
        part_pointer = (*pointer, name, index)
        number = _number_of(part.get("code"), measure_parts)
        if "code" not in part:
            message = f"the {name} has no code that identifies the measure's"
            findings += report_at(
                part_pointer, REPORT_GROUP, message, None, "MEASURE_MR_GRP_POP_NO_CODE"
            )
        elif number is None:
            message = f"the measure has no {name} with this code"
            findings += report_at(
                part_pointer, REPORT_GROUP, message, None, "MEASURE_MR_GRP_POP_UNK_CODE"
            )
        elif number in matched:
            message = f"the {name} occurs more than once"
            findings += report_at(
                part_pointer, REPORT_GROUP, message, None, "MEASURE_MR_GRP_POP_DUPL_CODE"
            )
        else:
            matched.append(number)
    for number, part in enumerate(measure_parts):
        if number not in matched and not _is_observation(part.get("code")):
            findings += _missing_part(pointer, name, part)
    return findings


def _missing_part(pointer: Pointer, name: str, measure_part: Mapping[str, Any]) -> list[Finding]:
    message = f"the {name} {_code_text(measure_part)} of the measure is not in the report"
    return report_at(pointer, REPORT_GROUP, message, None, "MEASURE_MR_GRP_MISSING_BY_CODE")


def _code_text(part: Mapping[str, Any]) -> str:
    codes = [coding.get("code") for _, coding in objects(part.get("code"), "coding")]
    return f"'{codes[0] if codes else part.get('id', '')}'"


def _check_subjects(
    measure_report: Mapping[str, Any], population: Mapping[str, Any], pointer: Pointer
) -> list[Finding]:
    listed = population.get("subjectResults")
    if measure_report.get("type") != _SUBJECT_LIST:
        if not listed:
            return []
        return report_at(
            pointer, REPORT_COUNT, "only reports of the type subject-list list subjects"
        )
    listed_count = len(listed) if isinstance(listed, list) else int(bool(listed))
    count = population.get("count")
    if not isinstance(count, int) or count == listed_count:
        return []
    message = f"{count} subjects are counted, and {listed_count} listed"
    return report_at(pointer, REPORT_COUNT, message, None, "MEASURE_MR_GRP_POP_COUNT_MISMATCH")


def _check_score(
    measure_report: Mapping[str, Any],
    measure: Mapping[str, Any],
    group: Mapping[str, Any],
    pointer: Pointer,
) -> list[Finding]:
    score = group.get("measureScore", group.get("measureScoreQuantity"))
    name = "measureScore" if "measureScore" in group else "measureScoreQuantity"
    scoring = next(
        (str(coding.get("code")) for _, coding in objects(measure.get("scoring"), "coding")), ""
    )
    if measure_report.get("type") in _DATA_COLLECTION or scoring == "cohort":
        if score is None:
            return []
        reason = "a cohort has none" if scoring == "cohort" else "it only collects data"
        return report_at((*pointer, name), REPORT_SCORE, f"a score is not allowed: {reason}")
    if scoring == "proportion" and isinstance(score, dict):
        value = score.get("value")
        if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
            return []
        if not 0 <= value <= 1:
            message = f"a proportion is a number from 0 to 1, not {value}"
            return report_at((*pointer, name, "value"), REPORT_SCORE, message, None,
                      "MEASURE_MR_SCORE_VALUE_INVALID_01")  # fmt: skip
    return []


def _number_of(code: Any, parts: list[dict[str, Any]]) -> int | None:
    """The index of the part with the code."""
    return next(
        (number for number, part in enumerate(parts) if _is_same_concept(code, part.get("code"))),
        None,
    )


def _is_same_concept(code: Any, other: Any) -> bool:
    """Whether two concepts have a coding in common, or else the same text."""
    if isinstance(code, list):  # a stratifier's, in R4
        return any(_is_same_concept(concept, other) for concept in code)
    if not isinstance(code, dict) or not isinstance(other, dict):
        return False
    codings = {
        (str(concept.get("system")), str(concept.get("code")))
        for _, concept in objects(code, "coding")
    }
    other_codings = {
        (str(concept.get("system")), str(concept.get("code")))
        for _, concept in objects(other, "coding")
    }
    if codings and other_codings:
        return not codings.isdisjoint(other_codings)
    return not codings and not other_codings and code.get("text") == other.get("text")


def _is_observation(code: Any) -> bool:
    return any(
        coding.get("system") == _POPULATION and coding.get("code") == "measure-observation"
        for _, coding in objects(code, "coding")
    )
