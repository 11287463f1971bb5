"""Lists: of values, and beside them the lists of their extensions.

http://hl7.org/fhir/json.html#primitive
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.validate.codes import EMPTY, MISALIGNED, NULL, TOO_MANY, WRONG_JSON_TYPE
from fhir_kb.validate.core.issue import Finding, combine, json_type, report, under, under_step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings


def array_of(check: Checker, *, longest: int | None = None, nulls: bool = False) -> Checker:
    """A check of a list whose items `check` looks at; `nulls` lets null items pass."""

    def check_all(value: Any, context: Context) -> Findings:
        if not isinstance(value, list):
            return _no_list(value)
        found: list[Finding] | None = None
        for index, item in enumerate(value):
            if bad := check(item, context):
                if nulls and item is None:
                    continue
                found = combine(found, under(bad, index))
        if not value:
            return report(
                EMPTY, "the list is empty", "leave the property out", "ARRAY_CANNOT_BE_EMPTY"
            )
        if longest is not None and len(value) > longest:
            more = report(TOO_MANY, f"there are {len(value)} items; at most {longest} are allowed")
            found = combine(found, more)
        return found

    return check_all


def _no_list(value: object) -> list[Finding]:
    if value is None:
        return report(NULL, "null is not a value in FHIR", "leave the property out")
    return report(
        WRONG_JSON_TYPE,
        f"this element can repeat, so its value is a list, not {json_type(value)}",
        "put it into [ ]",
        "This_property_must_be_an_Array_not_",
    )


def without_filled_nulls(
    found: Findings, value: Mapping[str, Any], pairs: tuple[tuple[str, str], ...]
) -> list[Finding]:
    """The findings without those on nulls whose underscored list has an object at that place."""
    lists = {name: value[underscored] for name, underscored in pairs if name in value}
    return [one for one in found or () if not _is_filled(one, lists)]


def _is_filled(found: Finding, lists: Mapping[str, Any]) -> bool:
    if found.code is not NULL or len(found.path_steps) != 2:
        return False
    (index, _), (name, _) = found.path_steps
    others = lists.get(str(name))
    return (
        isinstance(others, list)
        and isinstance(index, int)
        and index < len(others)
        and isinstance(others[index], dict)
    )


def aligned(
    value: Mapping[str, Any], pairs: tuple[tuple[str, str], ...], step: Callable[[str], str]
) -> list[Finding]:
    """What is wrong between lists and their underscored lists."""
    found: list[Finding] = []
    for name, underscored in pairs:
        values, others = value.get(name), value[underscored]
        if not isinstance(others, list):
            continue
        wrong = None
        if values is None:
            if all(one is None for one in others) and others:
                wrong = f"'{underscored}' holds nothing but null"
        elif isinstance(values, list) and len(values) != len(others):
            wrong = (
                f"'{name}' has {len(values)} and '{underscored}' {len(others)} items; "
                "both must have the same number"
            )
        if wrong:
            found += under_step(report(MISALIGNED, wrong), underscored, step(underscored))
    return found
