"""Reports against their measures: http://hl7.org/fhir/measurereport.html."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.codes import REPORT_COUNT, REPORT_GROUP, REPORT_SCORE
from fhir_kb.validate.core.json_values import objects
from fhir_kb.validate.resources.item_paths import at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Finding, Findings, Pointer

_POPULATION: Final = "http://terminology.hl7.org/CodeSystem/measure-population"
_LISTING: Final = "subject-list"
_COLLECTING: Final = ("data-collection", "data-exchange")


def check_report(value: Mapping[str, Any], context: Context) -> Findings:
    """What a MeasureReport says that its Measure does not, or the other way round."""
    url = value.get("measure")
    if not isinstance(url, str) or context.canonicals is None:
        return None
    measure = context.canonicals.find(url, "Measure")
    if measure is None:
        return None
    stated = [one for _, one in objects(measure, "group")]
    given = list(objects(value, "group"))
    if not stated:
        return None
    if len(stated) == 1 and len(given) == 1:
        way: Pointer = ("group", given[0][0])
        return _only_group(value, measure, stated[0], given[0][1], way) or None
    return _groups(value, measure, stated, given) or None


def _only_group(
    measure_report: Mapping[str, Any],
    measure: Mapping[str, Any],
    stated: Mapping[str, Any],
    group: Mapping[str, Any],
    way: Pointer,
) -> list[Finding]:
    found: list[Finding] = []
    if "code" in stated and "code" in group and not _same(group["code"], stated["code"]):
        message = "the code of the group is not that of the measure's group"
        found += at(way, REPORT_GROUP, message, None, "MEASURE_MR_GRP_NO_WRONG_CODE")
    return found + _group(measure_report, measure, stated, group, way)


def _groups(
    measure_report: Mapping[str, Any],
    measure: Mapping[str, Any],
    stated: list[dict[str, Any]],
    given: list[tuple[int, dict[str, Any]]],
) -> list[Finding]:
    found: list[Finding] = []
    met: list[int] = []
    for index, group in given:
        way: Pointer = ("group", index)
        number = _matching(group.get("code"), stated)
        if "code" not in group:
            message = "the group has no code by which the measure's group could be told"
            found += at(way, REPORT_GROUP, message, None, "MEASURE_MR_GRP_NO_CODE")
        elif number is None:
            found += at(way, REPORT_GROUP, "the measure has no group with this code")
        elif number in met:
            message = "the group is there already"
            found += at(way, REPORT_GROUP, message, None, "MEASURE_MR_GRP_DUPL_CODE")
        else:
            met.append(number)
            found += _group(measure_report, measure, stated[number], group, way)
    if measure_report.get("type") not in _COLLECTING:
        for number, one in enumerate(stated):
            if number not in met:
                found += _missing((), "group", one)
    return found


def _group(
    measure_report: Mapping[str, Any],
    measure: Mapping[str, Any],
    stated: Mapping[str, Any],
    group: Mapping[str, Any],
    way: Pointer,
) -> list[Finding]:
    found = _parts(stated, group, way, "population")
    for index, one in objects(group, "population"):
        found += _subjects(measure_report, one, (*way, "population", index))
    found += _score(measure_report, measure, group, way)
    return found + _parts(stated, group, way, "stratifier")


def _parts(
    stated: Mapping[str, Any], group: Mapping[str, Any], way: Pointer, name: str
) -> list[Finding]:
    """Populations or stratifiers: each of the measure's once, told by its code."""
    known = [one for _, one in objects(stated, name)]
    found: list[Finding] = []
    met: list[int] = []
    for index, one in objects(group, name):
        here = (*way, name, index)
        number = _matching(one.get("code"), known)
        if "code" not in one:
            message = f"the {name} has no code by which the measure's could be told"
            found += at(here, REPORT_GROUP, message, None, "MEASURE_MR_GRP_POP_NO_CODE")
        elif number is None:
            message = f"the measure has no {name} with this code"
            found += at(here, REPORT_GROUP, message, None, "MEASURE_MR_GRP_POP_UNK_CODE")
        elif number in met:
            message = f"the {name} is there already"
            found += at(here, REPORT_GROUP, message, None, "MEASURE_MR_GRP_POP_DUPL_CODE")
        else:
            met.append(number)
    for number, one in enumerate(known):
        if number not in met and not _is_observation(one.get("code")):
            found += _missing(way, name, one)
    return found


def _missing(way: Pointer, name: str, stated: Mapping[str, Any]) -> list[Finding]:
    message = f"the {name} {_said(stated)} of the measure is not in the report"
    return at(way, REPORT_GROUP, message, None, "MEASURE_MR_GRP_MISSING_BY_CODE")


def _said(stated: Mapping[str, Any]) -> str:
    codes = [one.get("code") for _, one in objects(stated.get("code"), "coding")]
    return f"'{codes[0] if codes else stated.get('id', '')}'"


def _subjects(
    measure_report: Mapping[str, Any], population: Mapping[str, Any], way: Pointer
) -> list[Finding]:
    listed = population.get("subjectResults")
    if measure_report.get("type") != _LISTING:
        if not listed:
            return []
        return at(way, REPORT_COUNT, "only reports of the type subject-list list subjects")
    number = len(listed) if isinstance(listed, list) else int(bool(listed))
    count = population.get("count")
    if not isinstance(count, int) or count == number:
        return []
    message = f"{count} subjects are counted, and {number} listed"
    return at(way, REPORT_COUNT, message, None, "MEASURE_MR_GRP_POP_COUNT_MISMATCH")


def _score(
    measure_report: Mapping[str, Any],
    measure: Mapping[str, Any],
    group: Mapping[str, Any],
    way: Pointer,
) -> list[Finding]:
    score = group.get("measureScore", group.get("measureScoreQuantity"))
    name = "measureScore" if "measureScore" in group else "measureScoreQuantity"
    scoring = next((str(o.get("code")) for _, o in objects(measure.get("scoring"), "coding")), "")
    if measure_report.get("type") in _COLLECTING or scoring == "cohort":
        if score is None:
            return []
        why = "a cohort has none" if scoring == "cohort" else "it only collects data"
        return at((*way, name), REPORT_SCORE, f"there is no score here: {why}")
    if scoring == "proportion" and isinstance(score, dict):
        value = score.get("value")
        if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
            return []
        if not 0 <= value <= 1:
            message = f"a proportion is a number from 0 to 1, not {value}"
            return at((*way, name, "value"), REPORT_SCORE, message, None,
                      "MEASURE_MR_SCORE_VALUE_INVALID_01")  # fmt: skip
    return []


def _matching(code: Any, stated: list[dict[str, Any]]) -> int | None:
    """The number of the one of the measure that has the code."""
    return next((n for n, one in enumerate(stated) if _same(code, one.get("code"))), None)


def _same(code: Any, other: Any) -> bool:
    """Whether two concepts have a coding in common, or else the same text."""
    if isinstance(code, list):  # a stratifier's, in R4
        return any(_same(one, other) for one in code)
    if not isinstance(code, dict) or not isinstance(other, dict):
        return False
    ours = {(str(one.get("system")), str(one.get("code"))) for _, one in objects(code, "coding")}
    theirs = {(str(one.get("system")), str(one.get("code"))) for _, one in objects(other, "coding")}
    if ours and theirs:
        return not ours.isdisjoint(theirs)
    return not ours and not theirs and code.get("text") == other.get("text")


def _is_observation(code: Any) -> bool:
    return any(
        one.get("system") == _POPULATION and one.get("code") == "measure-observation"
        for _, one in objects(code, "coding")
    )
