"""FHIRPath: the current time, parts of dates and times, boundaries, precision and intervals."""

from __future__ import annotations

from decimal import Decimal

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.evaluation.items import EMPTY, Item, value_of
from fhir_kb.fhirpath.evaluation.scope import Scope, single
from fhir_kb.fhirpath.functions.registry import function
from fhir_kb.fhirpath.functions.subsets import integer
from fhir_kb.fhirpath.functions.text import text_of
from fhir_kb.fhirpath.values import temporal_math
from fhir_kb.fhirpath.values.system import Date, DateTime, Quantity, System, Temporal, Time


@function("now", returns="DateTime")
def now(scope: Scope, _: list[Item]) -> list[Item]:
    """This moment."""
    return [scope.env.now()]


@function("today", returns="Date")
def today(scope: Scope, _: list[Item]) -> list[Item]:
    """The date of now()."""
    return [Date(scope.env.now().fields[:3])]


@function("timeOfDay", returns="Time")
def time_of_day(scope: Scope, _: list[Item]) -> list[Item]:
    """The time of now()."""
    return [Time(scope.env.now().fields[3:])]


def _value(focus: list[Item], what: str) -> System | None:
    item = single(focus, what)
    return None if item is None else value_of(item)


def _part(name: str, unit: str, kinds: tuple[type[Temporal], ...]) -> None:
    @function(name, returns="Integer")
    def run(_: Scope, focus: list[Item]) -> list[Item]:
        value = _value(focus, f"{name}()")
        if not isinstance(value, kinds) or unit not in value.units[: len(value.fields)]:
            return EMPTY
        return [int(value.fields[value.units.index(unit)])]


_part("yearOf", "year", (Date, DateTime))
_part("monthOf", "month", (Date, DateTime))
_part("dayOf", "day", (Date, DateTime))
_part("hourOf", "hour", (DateTime, Time))
_part("minuteOf", "minute", (DateTime, Time))
_part("secondOf", "second", (DateTime, Time))


@function("millisecondOf", returns="Integer")
def millisecond_of(_: Scope, focus: list[Item]) -> list[Item]:
    """The milliseconds, where they are known."""
    value = _value(focus, "millisecondOf()")
    if not isinstance(value, DateTime | Time) or value.precision != "second":
        return EMPTY
    seconds = Decimal(value.fields[-1])
    return [int(seconds % 1 * 1000)] if seconds.as_tuple().exponent else EMPTY


@function("timezoneOffsetOf", returns="Decimal")
def timezone_offset_of(_: Scope, focus: list[Item]) -> list[Item]:
    """The offset from UTC in hours."""
    value = _value(focus, "timezoneOffsetOf()")
    if not isinstance(value, DateTime) or value.offset is None:
        return EMPTY
    hours = Decimal(value.offset) / 3600
    return [hours.quantize(Decimal("0.1")) if hours == int(hours) else hours]


@function("dateOf", returns="Date")
def date_of(_: Scope, focus: list[Item]) -> list[Item]:
    """The date of a dateTime."""
    value = _value(focus, "dateOf()")
    return [Date(value.fields[:3])] if isinstance(value, Date | DateTime) else EMPTY


@function("timeOf", returns="Time")
def time_of(_: Scope, focus: list[Item]) -> list[Item]:
    """The time of a dateTime."""
    value = _value(focus, "timeOf()")
    has_time = isinstance(value, DateTime) and len(value.fields) > 3
    return [Time(value.fields[3:])] if isinstance(value, DateTime) and has_time else EMPTY


def _boundary(name: str, *, high: bool) -> None:
    @function(name, "value?", returns="=")
    def run(_: Scope, focus: list[Item], precision: list[Item] | None = None) -> list[Item]:
        value = _value(focus, f"{name}()")
        digits = None if precision is None else integer(precision, f"{name}()")
        bound: System | None = None
        if isinstance(value, Temporal):
            bound = temporal_math.boundary(value, digits, high=high)
        elif isinstance(value, Quantity):
            number = temporal_math.decimal_boundary(value.value, digits, high=high)
            bound = None if number is None else Quantity(number, value.unit)
        elif isinstance(value, int | Decimal) and not isinstance(value, bool):
            bound = temporal_math.decimal_boundary(Decimal(value), digits, high=high)
        elif value is not None:
            raise FHIRPathExecutionError(f"{name}() needs a number, date or time")
        return EMPTY if bound is None else [bound]


_boundary("lowBoundary", high=False)
_boundary("highBoundary", high=True)


@function("precision", returns="Integer")
def precision(_: Scope, focus: list[Item]) -> list[Item]:
    """The digits after the point of a number, all digits of a date or time."""
    value = _value(focus, "precision()")
    if value is None:
        return EMPTY
    if isinstance(value, Temporal):
        return [temporal_math.precision(value)]
    if isinstance(value, Quantity):
        value = value.value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise FHIRPathExecutionError("precision() needs a number, date or time")
    exponent = Decimal(value).as_tuple().exponent
    return [max(0, -exponent) if isinstance(exponent, int) else 0]


def _interval(name: str, *, crossed: bool) -> None:
    @function(name, "value", "value", returns="Integer")
    def run(_: Scope, focus: list[Item], other: list[Item], unit: list[Item]) -> list[Item]:
        start, end = _value(focus, f"{name}()"), _value(other, f"{name}()")
        word = text_of(unit, f"the unit of {name}()")
        if start is None or end is None or word is None:
            return EMPTY
        if not isinstance(start, Temporal) or not isinstance(end, Temporal):
            raise FHIRPathExecutionError(f"{name}() needs dates or times")
        count = temporal_math.between(start, end, word.removesuffix("s"), crossed=crossed)
        return EMPTY if count is None else [count]


_interval("duration", crossed=False)
_interval("difference", crossed=True)
