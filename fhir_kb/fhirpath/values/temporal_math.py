"""Adding durations to dates and times, the boundaries of partial values, and differences."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.values.temporal import (
    DAY,
    Date,
    DateTime,
    Number,
    Temporal,
    Time,
    fields_of,
    last_fields,
    seconds_of,
)

Moment: TypeAlias = Date | DateTime | Time

UNITS = {
    "wk": "week",
    "d": "day",
    "h": "hour",
    "min": "minute",
    "s": "second",
    "ms": "millisecond",
}
"""UCUM units that date arithmetic takes; 'a' and 'mo' are refused, being no calendar units."""

_SECONDS = {"week": 7 * DAY, "day": DAY, "hour": 3600, "minute": 60, "second": 1}
_DATE_UNITS = ("year", "month", "week", "day")
_TIME_UNITS = ("hour", "minute", "second", "millisecond")
_PARTIAL_DAYS = {"year": 365, "month": 30}
_MAX_AMOUNT = 10**12
_LAST_DAY = date.max.toordinal()


def add(moment: Temporal, amount: Decimal, unit: str, sign: int) -> Moment | None:
    """The moment plus or minus a duration.

    Args:
        moment: A date or time, possibly partial.
        amount: The number of units.
        unit: A calendar unit or a UCUM unit.
        sign: 1 to add, -1 to subtract.

    Returns:
        The moment; None where it is outside the years 1 to 9999.

    Raises:
        FHIRPathExecutionError: The unit is no duration, or does not fit the type.
    """
    word = UNITS.get(unit, unit)
    if word not in _DATE_UNITS and word not in _TIME_UNITS:
        raise FHIRPathExecutionError(f"'{unit}' cannot be added to a date or time")
    if isinstance(moment, Date) and word in _TIME_UNITS:
        raise FHIRPathExecutionError(f"a Date has no {word}s to add to")
    if isinstance(moment, Time) and word in _DATE_UNITS:
        raise FHIRPathExecutionError(f"a Time has no {word}s to add to")
    if word == "millisecond":
        word, amount = "second", amount.scaleb(-3)
    if word != "second":
        amount = amount.to_integral_value("ROUND_DOWN")
    if abs(amount) > _MAX_AMOUNT:
        return None
    amount *= sign
    if isinstance(moment, Time):
        return _add_to_time(moment, amount, word)
    return _add_to_date(moment, amount, word)


def _add_to_time(moment: Time, amount: Decimal, word: str) -> Time:
    filled: list[Number] = [*moment.fields, *(0, 0, Decimal(0))[len(moment.fields) :]]
    hour, minute, second = filled
    if word == "second" and len(moment.fields) < 3:
        amount, word = _truncated(amount / 60), "minute"
    if word == "minute" and len(moment.fields) < 2:
        amount, word = _truncated(amount / 60), "hour"
    seconds = (hour * 3600 + minute * 60 + second + amount * _SECONDS[word]) % DAY
    seconds += DAY if seconds < 0 else 0  # Decimal's remainder has the sign of the dividend
    fields = (int(seconds // 3600), int(seconds % 3600 // 60), _like(seconds % 60, second, amount))
    return Time(fields[: len(moment.fields)])


def _truncated(amount: Decimal) -> Decimal:
    return amount.to_integral_value("ROUND_DOWN")


def _like(seconds: Number, before: Number, amount: Decimal) -> Decimal:
    """The seconds, with as many digits as those that they were computed from."""
    digits = min(_exponent(Decimal(before)), _exponent(amount), 0)
    return Decimal(seconds).quantize(Decimal(1).scaleb(max(digits, -12)))


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _add_to_date(moment: Temporal, amount: Decimal, word: str) -> Moment | None:
    count = len(moment.fields)
    amount, word = _in_units_of(amount, word, count)
    if word in ("year", "month"):
        fields = _add_months(moment.fields, int(amount) * (12 if word == "year" else 1))
    else:
        seconds = seconds_of(moment.fields) + amount * _SECONDS[word]
        if not DAY <= seconds < (_LAST_DAY + 1) * DAY:
            return None
        fields = fields_of(seconds)
        if count == 6:
            fields = (*fields[:5], _like(fields[5], moment.fields[5], amount))
        fields = fields[:count]
    if fields is None:
        return None
    return DateTime(fields, moment.zone) if isinstance(moment, DateTime) else Date(fields)


def _in_units_of(amount: Decimal, word: str, count: int) -> tuple[Decimal, str]:
    """The amount in units of the partial value: 24 months are 2 years; a remainder is dropped."""
    finest = DateTime.units[count - 1]
    if count >= 3:
        if word in ("hour", "minute", "second") and word not in DateTime.units[:count]:
            return _truncated(amount * _SECONDS[word] / _SECONDS[finest]), finest
        return amount, word
    if word in ("year", finest):
        return amount, word
    if word == "month":
        return _truncated(amount / 12), "year"
    days = _truncated(amount * _SECONDS[word] / DAY)
    return _truncated(days / _PARTIAL_DAYS[finest]), finest


def _add_months(fields: tuple[Number, ...], months: int) -> tuple[Number, ...] | None:
    month = int(fields[0]) * 12 + (int(fields[1]) - 1 if len(fields) > 1 else 0) + months
    year, month = divmod(month, 12)
    if not 1 <= year <= 9999:
        return None
    if len(fields) == 1:
        return (year,)
    if len(fields) == 2:
        return (year, month + 1)
    day = min(int(fields[2]), monthrange(year, month + 1)[1])
    return (year, month + 1, day, *fields[3:])


_DIGITS = {4: 1, 6: 2, 8: 3, 10: 4, 12: 5, 14: 6, 17: 6}
_TIME_DIGITS = {2: 1, 4: 2, 6: 3, 9: 3}
_MOST = {Date: 8, DateTime: 17, Time: 9}


def precision(moment: Temporal) -> int:
    """The number of digits that are known: 4 for a year, 17 for milliseconds."""
    table = _TIME_DIGITS if isinstance(moment, Time) else _DIGITS
    count = len(moment.fields)
    digits = next(number for number, parts in table.items() if parts == count)
    if moment.precision == "second" and (places := -_exponent(Decimal(moment.fields[-1]))) > 0:
        return digits + max(places, 3)
    return digits


def boundary(moment: Temporal, digits: int | None, *, high: bool) -> Moment | None:
    """The first or last moment that a partial value can mean.

    A dateTime without an offset gets the one that makes it the earliest (+14:00) or the latest
    (-12:00).

    Args:
        moment: The partial value.
        digits: The number of digits of the result, as `precision` counts them; all by default.
        high: Whether the last moment is meant.

    Returns:
        The moment; None where the type cannot have that number of digits.
    """
    if digits is None:
        digits = _MOST[type(moment)]
    table = _TIME_DIGITS if isinstance(moment, Time) else _DIGITS
    if digits not in table or digits > _MOST[type(moment)]:
        return None
    count = len(moment.fields)
    if isinstance(moment, Time):
        ends: tuple[Number, ...] = (23, 59, Decimal(59)) if high else (0, 0, Decimal(0))
        fields = (*moment.fields, *ends[count:])
    elif high:
        fields = (*last_fields(moment)[:5], moment.fields[5] if count == 6 else Decimal(59))
    else:
        fields = (*moment.fields, *(1, 1, 1, 0, 0, Decimal(0))[count:])
    fields = fields[: table[digits]]
    if digits in (9, 17):
        fields = (*fields[:-1], _milliseconds(fields[-1], moment, high=high))
    if isinstance(moment, DateTime):
        zone = moment.zone or ("-12:00" if high else "+14:00")
        return DateTime(fields, zone if len(fields) > 3 else "")
    return Time(fields) if isinstance(moment, Time) else Date(fields)


def _milliseconds(seconds: Number, moment: Temporal, *, high: bool) -> Decimal:
    """Seconds with three digits; unknown ones are 9 or 0."""
    value = Decimal(seconds)
    unknown = moment.precision != "second" or _exponent(value) > -3
    if high and unknown:
        places = 0 if moment.precision != "second" else -_exponent(value)
        value += Decimal("0.999") % Decimal(1).scaleb(-places)
    return value.quantize(Decimal("0.001"), "ROUND_DOWN")


def decimal_boundary(value: Decimal, digits: int | None, *, high: bool) -> Decimal | None:
    """The least or greatest number that rounds to a value.

    Away from zero the boundary is rounded, towards zero it is truncated: that of 1.587 with two
    digits is 1.58 and 1.59.

    Args:
        value: The number.
        digits: The digits after the point of the result; at least 8 by default.
        high: Whether the greatest number is meant.

    Returns:
        The boundary; None for fewer than 0 or more than 31 digits.
    """
    if digits is None:
        digits = max(8, 1 - _exponent(value))
    if not 0 <= digits <= 31:
        return None
    half = Decimal(5).scaleb(min(_exponent(value), 0) - 1)
    negative = value < 0
    outwards = high != negative
    if value == 0:
        edge, negative, outwards = half, not high, True
    else:
        edge = abs(value) + half if outwards else abs(value) - half
    step = Decimal(1).scaleb(-digits)
    if edge.adjusted() + digits > 60:
        return None
    rounding = "ROUND_HALF_UP" if outwards else "ROUND_DOWN"
    bound = edge.quantize(step, rounding)
    return -bound if negative else bound


def between(left: Temporal, right: Temporal, unit: str, *, crossed: bool) -> int | None:
    """The number of periods between two moments.

    Args:
        left: The start.
        right: The end.
        unit: The calendar unit of the periods.
        crossed: Whether boundaries in between are counted, instead of whole periods.

    Returns:
        The number; None where either moment is less precise than the unit.

    Raises:
        FHIRPathExecutionError: The unit does not fit the types.
    """
    allowed: tuple[str, ...] = _DATE_UNITS + _TIME_UNITS
    if isinstance(left, Time):
        allowed = _TIME_UNITS
    elif isinstance(left, Date) or isinstance(right, Date):
        allowed = _DATE_UNITS
    if unit not in allowed or isinstance(left, Time) != isinstance(right, Time):
        raise FHIRPathExecutionError(
            f"between these, the unit has to be one of {', '.join(allowed)}"
        )
    finest = {"week": "day", "millisecond": "second"}.get(unit, unit)
    for moment in (left, right):
        if moment.units.index(finest) >= len(moment.fields):
            return None
    if unit in ("year", "month"):
        return _months_between(left, right, unit, crossed=crossed)
    start, end = _clock(left, unit), _clock(right, unit)
    step = Fraction(1, 1000) if unit == "millisecond" else Fraction(_SECONDS[unit])
    if crossed:  # day 7 is a Sunday, so that weeks begin on Sundays
        return int(end // step) - int(start // step)
    return int((end - start) / step)


def _clock(moment: Temporal, unit: str) -> Fraction:
    fields: tuple[Number, ...] = moment.fields
    if isinstance(moment, Time):
        filled: list[Number] = [*fields, *(0, 0, 0)[len(fields) :]]
        hour, minute, second = filled
        return Fraction(hour * 3600 + minute * 60) + Fraction(second)
    offset = moment.offset if isinstance(moment, DateTime) and unit in _TIME_UNITS else None
    return Fraction(seconds_of(fields)) - (offset or 0)


def _months_between(left: Temporal, right: Temporal, unit: str, *, crossed: bool) -> int:
    a, b = _month_number(left, unit), _month_number(right, unit)
    size = 12 if unit == "year" else 1
    if crossed:
        return b // size - a // size
    months = b - a
    rest_a, rest_b = left.fields[2:], right.fields[2:]
    if months > 0 and rest_b < rest_a:
        months -= 1
    elif months < 0 and rest_b > rest_a:
        months += 1
    return int(months / size)


def _month_number(moment: Temporal, unit: str) -> int:
    month = int(moment.fields[1]) - 1 if len(moment.fields) > 1 else 0
    return int(moment.fields[0]) * 12 + (month if unit == "month" or month else 0)
