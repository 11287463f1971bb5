"""Arrays: of values, and beside them the arrays of their extensions.

http://hl7.org/fhir/json.html#primitive
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.validate.core.issue import Finding, combine, json_type, report, under, under_step
from fhir_kb.validate.finding_codes import EMPTY, MISALIGNED, NULL, TOO_MANY, WRONG_JSON_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings


def array_of(
    check_item: Checker, *, max_items: int | None = None, allow_null: bool = False
) -> Checker:
    """A check of an array and its items; `allow_null`: items may be null."""

    def check(value: Any, context: Context) -> Findings:
        if not isinstance(value, list):
            return _not_an_array(value)
        findings: Findings = None
        for index, item in enumerate(value):
            if more := check_item(item, context):
                if allow_null and item is None:
                    continue
                findings = combine(findings, under(more, index))
        if not value:
            return report(
                EMPTY, "the list is empty", "leave the property out", "ARRAY_CANNOT_BE_EMPTY"
            )
        if max_items is not None and len(value) > max_items:
            message = f"there are {len(value)} items; at most {max_items} are allowed"
            findings = combine(findings, report(TOO_MANY, message))
        return findings

    return check


def _not_an_array(value: object) -> list[Finding]:
    if value is None:
        return report(NULL, "null is not a value in FHIR", "leave the property out")
    return report(
        WRONG_JSON_TYPE,
        f"this element can repeat, so its value is a list, not {json_type(value)}",
        "put it into [ ]",
        "This_property_must_be_an_Array_not_",
    )


def without_allowed_nulls(
    findings: Findings, value: Mapping[str, Any], pairs: tuple[tuple[str, str], ...]
) -> list[Finding]:
    """The findings without nulls for which the underscored array has an object at that index.

    Args:
        findings: All findings in the object.
        value: The object.
        pairs: Its arrays with their underscored arrays: (name, underscored name).
    """
    underscored = {name: value[other_name] for name, other_name in pairs if name in value}
    return [finding for finding in findings or () if not _is_allowed_null(finding, underscored)]


def _is_allowed_null(finding: Finding, underscored: Mapping[str, Any]) -> bool:
    if finding.code is not NULL or len(finding.path_steps) != 2:
        return False
    (index, _), (name, _) = finding.path_steps
    others = underscored.get(str(name))
    return (
        isinstance(others, list)
        and isinstance(index, int)
        and index < len(others)
        and isinstance(others[index], dict)
    )


def check_alignment(
    value: Mapping[str, Any],
    pairs: tuple[tuple[str, str], ...],
    fhirpath_step: Callable[[str], str],
) -> list[Finding]:
    """Whether arrays and their underscored arrays have the same length.

    Args:
        value: The object.
        pairs: Its arrays with their underscored arrays: (name, underscored name).
        fhirpath_step: Gives a property as a step of a FHIRPath path.
    """
    findings: list[Finding] = []
    for name, underscored in pairs:
        values, others = value.get(name), value[underscored]
        if not isinstance(others, list):
            continue
        message = None
        if values is None:
            if others and all(item is None for item in others):
                message = f"'{underscored}' contains only null"
        elif isinstance(values, list) and len(values) != len(others):
            message = (
                f"'{name}' has {len(values)} and '{underscored}' {len(others)} items; "
                "both must have the same number"
            )
        if message is not None:
            more = report(MISALIGNED, message)
            findings += under_step(more, underscored, fhirpath_step(underscored))
    return findings
