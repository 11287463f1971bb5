"""Short ways to see that an invariant surely holds; where they don't, FHIRPath is asked.

Each is named by the expression that it stands for. It may say no to a value that is right, but must
never say yes to one that is wrong, whatever the value is; the tests hold it against FHIRPath.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.datatypes.dates import is_date_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NAME = re.compile(r"[A-Z][A-Za-z0-9_]{1,254}")
_URL = re.compile(r"[^|# \n]+")
#: More digits than these are left to the full evaluation.
_DIGITS: Final = 12
_DAY: Final = len("2026-05-31")


def _is_named(value: Mapping[str, Any]) -> bool:
    name = value.get("name")
    return type(name) is str and _NAME.fullmatch(name) is not None


def _is_plain_url(value: Any) -> bool:
    return type(value) is str and len(value) < 1000 and _URL.fullmatch(value) is not None


def _is_forward(value: Mapping[str, Any]) -> bool:
    """A Period from an earlier day to a later one or the same, or in one time zone."""
    start, end = value.get("start"), value.get("end")
    if type(start) is not str or type(end) is not str or is_date_time(start) or is_date_time(end):
        return False
    length = min(len(start), len(end))
    if length <= _DAY and max(len(start), len(end)) <= _DAY:
        return start[:length] <= end[:length]
    # Zones could turn round what is less than two days apart, unless it is the same zone.
    return len(start) == len(end) and start[19:] == end[19:] and start <= end


def _is_range(value: Mapping[str, Any]) -> bool:
    low, high = value.get("low"), value.get("high")
    if not isinstance(low, dict) or not isinstance(high, dict):
        return False
    least: Any = low.get("value")
    most: Any = high.get("value")
    if not _is_short(least) or not _is_short(most) or least > most:
        return False
    if "comparator" in low or "comparator" in high:
        return False
    return all(low.get(name) == high.get(name) for name in ("unit", "code"))


def _is_short(value: Any) -> bool:
    """A number of few digits, written plainly."""
    if type(value) is Decimal:
        text = str(value)
    elif type(value) is int and -(10**_DIGITS) < value < 10**_DIGITS:
        return True
    elif type(value) is float:
        text = repr(value)
    else:
        return False
    return len(text) <= _DIGITS and text.lstrip("-")[:1].isdecimal() and "E" not in text.upper()


def _is_whole_day(value: Any) -> bool:
    """A dateTime of a day at least."""
    return type(value) is str and len(value) >= _DAY and is_date_time(value) is None


_NAMED: Final = "name.exists() implies name.matches"
#: Expression -> whether it surely holds, for objects of the types that state it.
OF_OBJECTS: Final[dict[str, Callable[[Mapping[str, Any]], bool]]] = {
    _NAMED + "('^[A-Z]([A-Za-z0-9_]){1,254}$')": _is_named,
    _NAMED + "('[A-Z]([A-Za-z0-9_]){0,254}')": _is_named,
    "start.hasValue().not() or end.hasValue().not() or "
    "(start.lowBoundary() <= end.highBoundary())": _is_forward,
    "low.value.empty() or high.value.empty() or "
    "low.lowBoundary().comparable(high.highBoundary()).not() or "
    "(low.lowBoundary() <= high.highBoundary())": _is_range,
}
#: The same for simple values.
OF_VALUES: Final[dict[str, Callable[[Any], bool]]] = {
    "exists() implies matches('^[^|# ]+$')": _is_plain_url,
}
#: The same for values of one type.
OF_TYPES: Final[dict[tuple[str, str], Callable[[Any], bool]]] = {
    ("dateTime", "($this as dateTime).toString().length() >= 8"): _is_whole_day,
}
