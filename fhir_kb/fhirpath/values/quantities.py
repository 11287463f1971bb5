"""Arithmetic and order of quantities, with UCUM units and calendar units."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

from fhir_kb.fhirpath.values import ucum
from fhir_kb.fhirpath.values.system import Quantity

PRECISION = 34
MAX_DIGITS = 60
CONTEXT = Context(prec=PRECISION)

_CALENDAR_IN_UCUM = {
    "week": "wk",
    "day": "d",
    "hour": "h",
    "minute": "min",
    "second": "s",
    "millisecond": "ms",
}
"""The calendar words that equal a UCUM unit; a year and a month do not."""

_APPROXIMATE = {"year": "a", "month": "mo"}

_CALENDAR_SECONDS = {
    "year": Fraction(365 * 86400),
    "month": Fraction(30 * 86400),
    "week": Fraction(7 * 86400),
    "day": Fraction(86400),
    "hour": Fraction(3600),
    "minute": Fraction(60),
    "second": Fraction(1),
    "millisecond": Fraction(1, 1000),
}


def to_decimal(value: Fraction) -> Decimal:
    """The number, rounded to PRECISION digits where it needs more."""
    with localcontext(CONTEXT):
        return Decimal(value.numerator) / Decimal(value.denominator)


@lru_cache(maxsize=1024)
def _factor(source: str, target: str, *, loosely: bool) -> Fraction | None:
    """The factor between two units; `loosely` takes 1 year for 1 'a' and 1 month for 1 'mo'."""
    if source == target:
        return Fraction(1)
    both = (source in _CALENDAR_SECONDS, target in _CALENDAR_SECONDS)
    if all(both):
        if {source, target} == {"year", "month"}:
            return Fraction(12) if source == "year" else Fraction(1, 12)
        return _CALENDAR_SECONDS[source] / _CALENDAR_SECONDS[target]
    if any(both):
        words = {**_CALENDAR_IN_UCUM, **_APPROXIMATE} if loosely else _CALENDAR_IN_UCUM
        if source in _CALENDAR_SECONDS and source not in words:
            return None
        if target in _CALENDAR_SECONDS and target not in words:
            return None
        return ucum.factor(words.get(source, source), words.get(target, target))
    return ucum.factor(source, target)


def convert(quantity: Quantity, unit: str) -> Quantity | None:
    """The quantity in another unit (toQuantity); None where it cannot be converted.

    Between a calendar word and UCUM, the conversion is done among the units of the source, and then
    the matching unit is taken: 182.5 days is 0.5 'a'.
    """
    target = Quantity.of(quantity.value, unit).unit
    if quantity.unit == target:
        return quantity
    if quantity.unit == "1":
        return Quantity(quantity.value, target)
    words = {**_CALENDAR_IN_UCUM, **_APPROXIMATE}
    back = {code: word for word, code in words.items()}
    within = target
    if quantity.unit in words and target not in words:
        within = back.get(target, target)
    elif target in words and quantity.unit not in words:
        within = words[target]
    by = _factor(quantity.unit, within, loosely=True)
    if by is None or not _is_reasonable(quantity.value):
        return None
    return Quantity(to_decimal(Fraction(quantity.value) * by), target)


def _is_reasonable(value: Decimal) -> bool:
    return value.is_finite() and abs(value.adjusted()) < MAX_DIGITS


def _aligned(left: Quantity, right: Quantity, *, loosely: bool) -> tuple[Fraction, Fraction] | None:
    """Both values in the unit of the left quantity."""
    by = _factor(right.unit, left.unit, loosely=loosely)
    if by is None or not (_is_reasonable(left.value) and _is_reasonable(right.value)):
        return None
    return Fraction(left.value), Fraction(right.value) * by


def order(left: Quantity, right: Quantity) -> int | None:
    """-1, 0 or 1 as `left` is less than, equal to or more than `right`; None where incomparable."""
    if left.unit == right.unit and _is_reasonable(left.value) and _is_reasonable(right.value):
        return (left.value > right.value) - (left.value < right.value)
    aligned = _aligned(left, right, loosely=False)
    if aligned is None:
        return None
    return (aligned[0] > aligned[1]) - (aligned[0] < aligned[1])


def equivalent(left: Quantity, right: Quantity) -> bool | None:
    """Whether they are equal to the precision of the less precise one, in the larger unit."""
    by = _factor(right.unit, left.unit, loosely=True)
    if by is None or not (_is_reasonable(left.value) and _is_reasonable(right.value)):
        return None
    if by > 1:  # the right one's unit is the larger
        return rounded_equal(to_decimal(Fraction(left.value) / by), right.value, *_digits(right))
    return rounded_equal(left.value, to_decimal(Fraction(right.value) * by), *_digits(left))


def _digits(coarse: Quantity) -> tuple[int]:
    return (decimals(coarse.value),)


def decimals(value: Decimal) -> int:
    """The number of digits after the point, without trailing zeros."""
    exponent = value.normalize(CONTEXT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def rounded_equal(left: Decimal, right: Decimal, most: int = MAX_DIGITS) -> bool:
    """Whether the numbers agree, rounded to the digits of the less precise one (at most `most`)."""
    digits = min(decimals(left), decimals(right), most)
    step = Decimal(1).scaleb(-digits)
    with localcontext(Context(prec=2 * MAX_DIGITS)):
        return left.quantize(step, ROUND_HALF_UP) == right.quantize(step, ROUND_HALF_UP)


def add(left: Quantity, right: Quantity, sign: int) -> Quantity | None:
    """The sum or difference in the more granular of the units; a number takes the other's unit.

    Years and months are added to all calendar durations by the factors of toQuantity():
    https://hl7.org/fhirpath/#math.
    """
    if left.unit != right.unit and "1" in (left.unit, right.unit):
        unit = right.unit if left.unit == "1" else left.unit
        return _finite(CONTEXT.add(left.value, sign * right.value), unit)
    by = _factor(right.unit, left.unit, loosely=False)
    if by is None or not (_is_reasonable(left.value) and _is_reasonable(right.value)):
        return None
    first, second = Fraction(left.value), sign * Fraction(right.value)
    if by < 1:  # the unit of the right one is the more granular
        return _finite(to_decimal(first / by + second), right.unit)
    return _finite(to_decimal(first + second * by), left.unit)


def multiply(left: Quantity, right: Quantity, *, divide: bool = False) -> Quantity | None:
    """The product or quotient, with the unit that UCUM gives it; None where there is none."""
    if divide and not right.value:
        return None
    if divide and (left.is_calendar or right.is_calendar) and right.unit != "1":
        aligned = _aligned(left, right, loosely=False)
        return None if aligned is None else _finite(to_decimal(aligned[0] / aligned[1]), "1")
    operation = CONTEXT.divide if divide else CONTEXT.multiply
    value = operation(left.value, right.value)
    if right.unit == "1":
        return _finite(value, left.unit)
    if left.is_calendar or right.is_calendar:
        return None
    unit = _combined(left.unit, right.unit, -1 if divide else 1)
    return None if unit is None else _finite(value, unit)


def _finite(value: Decimal, unit: str) -> Quantity | None:
    return Quantity(value, unit) if _is_reasonable(value) else None


@lru_cache(maxsize=512)
def _combined(left: str, right: str, sign: int) -> str | None:
    """The product of two units, powers added up: 'cm' times 'cm' is 'cm2'."""
    if ucum.unit(left) is None or ucum.unit(right) is None:
        return None
    powers: dict[str, int] = {}
    for code, direction in ((left, 1), (right, sign)):
        parts = ucum.parts(code)
        if parts is None:
            return None
        for name, power in parts:
            powers[name] = powers.get(name, 0) + direction * power
    above = [_written(name, power) for name, power in powers.items() if power > 0]
    below = [_written(name, -power) for name, power in powers.items() if power < 0]
    return (".".join(above) + "".join("/" + name for name in below)) or "1"


def _written(name: str, power: int) -> str:
    return name if power == 1 else f"{name}{power}"
