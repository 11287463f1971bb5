"""Fixed values and patterns: http://hl7.org/fhir/elementdefinition.html#fixed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_kb.validate.core.issue import combine, has_problems, quoted, report
from fhir_kb.validate.finding_codes import FIXED_VALUE

if TYPE_CHECKING:
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings


def fixed_to(fixed: Any, inner: Checker) -> Checker:
    """A check that the value is exactly `fixed`."""

    def check(value: Any, context: Context) -> Findings:
        findings = inner(value, context)
        if has_problems(findings) or _equals(value, fixed):
            return findings
        message = f"the value must be {quoted(fixed)}, not {quoted(value)}"
        return combine(findings, report(FIXED_VALUE, message))

    return check


def like_pattern(pattern: Any, inner: Checker) -> Checker:
    """A check that the value has at least all that `pattern` has."""

    def check(value: Any, context: Context) -> Findings:
        findings = inner(value, context)
        if has_problems(findings) or _matches(value, pattern):
            return findings
        message = f"the value must contain {quoted(pattern)}, not {quoted(value)}"
        return combine(findings, report(FIXED_VALUE, message))

    return check


def _equals(value: Any, fixed: Any) -> bool:
    if isinstance(value, dict) and isinstance(fixed, dict):
        return value.keys() == fixed.keys() and all(
            _equals(value[key], fixed[key]) for key in fixed
        )
    if isinstance(value, list) and isinstance(fixed, list):
        return len(value) == len(fixed) and all(map(_equals, value, fixed))
    return equal(value, fixed)


def _matches(value: Any, pattern: Any) -> bool:
    if isinstance(value, dict) and isinstance(pattern, dict):
        return all(key in value and _matches(value[key], pattern[key]) for key in pattern)
    if isinstance(value, list) and isinstance(pattern, list):
        return all(any(_matches(item, part) for item in value) for part in pattern)
    return equal(value, pattern)


def equal(value: Any, other: Any) -> bool:
    """Whether two primitive values are the same; numbers as they are written in JSON."""
    if isinstance(value, bool) or isinstance(other, bool):
        return value is other
    if isinstance(value, float) and isinstance(other, Decimal | float):
        return Decimal(repr(value)) == Decimal(str(other))
    if isinstance(value, Decimal) and isinstance(other, float):
        return value == Decimal(repr(other))
    return bool(value == other)
