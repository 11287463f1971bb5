"""Date, DateTime and Time of FHIRPath: possibly partial, and compared as far as they are known."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar, Self, TypeAlias

_DATE = r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?"
_TIME = r"(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?"
_DATE_FORM = re.compile(_DATE, re.ASCII)
_DATETIME_FORM = re.compile(rf"{_DATE}(?:T(?:{_TIME}(Z|[+-]\d\d:\d\d)?)?)?", re.ASCII)
_TIME_FORM = re.compile(_TIME, re.ASCII)

DAY = 86400
# A dateTime without an offset may stand for any of those in use on earth (±, in seconds).
EARLIEST_ZONE, LATEST_ZONE = 14 * 3600, -12 * 3600

Number: TypeAlias = "int | Decimal"


@dataclass(frozen=True, slots=True)
class Temporal:
    """A date or time that may be partial."""

    fields: tuple[Number, ...]
    """The known parts, coarsest first; seconds are a Decimal."""

    units: ClassVar[tuple[str, ...]] = ()

    @property
    def precision(self) -> str:
        """The finest unit that is known: "month", "second"."""
        return self.units[len(self.fields) - 1]


@dataclass(frozen=True, slots=True)
class Date(Temporal):
    """A date, or its year, or year and month."""

    units: ClassVar[tuple[str, ...]] = ("year", "month", "day")

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The date that `text` is ("2024", "2024-05", "2024-05-31"), or None."""
        match = _DATE_FORM.fullmatch(text)
        fields = _date_fields(match) if match else None
        return cls(fields) if fields else None

    def __str__(self) -> str:
        return _date_text(self.fields)


@dataclass(frozen=True, slots=True)
class DateTime(Temporal):
    """A date with a time, as far as known."""

    zone: str = ""
    """"", "Z" or "+02:00"."""

    units: ClassVar[tuple[str, ...]] = ("year", "month", "day", "hour", "minute", "second")

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The dateTime that `text` is, or None."""
        match = _DATETIME_FORM.fullmatch(text)
        dates = _date_fields(match) if match else None
        if match is None or dates is None:
            return None
        if match[4] is None:
            return cls(dates)
        times = _time_fields(match, 4)
        if times is None or len(dates) < 3 or not _is_zone(match[7]):
            return None
        return cls(dates + times, match[7] or "")

    @property
    def offset(self) -> int | None:
        """The offset from UTC in seconds, None where there is none."""
        return zone_seconds(self.zone)

    def __str__(self) -> str:
        if len(self.fields) <= 3:
            return _date_text(self.fields)
        return f"{_date_text(self.fields[:3])}T{_time_text(self.fields[3:])}{self.zone}"


@dataclass(frozen=True, slots=True)
class Time(Temporal):
    """A time of day."""

    units: ClassVar[tuple[str, ...]] = ("hour", "minute", "second")

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The time that `text` is ("14:30"; a T in front is allowed), or None."""
        match = _TIME_FORM.fullmatch(text.removeprefix("T"))
        fields = _time_fields(match, 1) if match else None
        return cls(fields) if fields else None

    def __str__(self) -> str:
        return _time_text(self.fields)


def zone_seconds(zone: str) -> int | None:
    """The seconds of "Z" or "+02:00"; None for an empty zone."""
    if not zone:
        return None
    if zone == "Z":
        return 0
    seconds = int(zone[1:3]) * 3600 + int(zone[4:6]) * 60
    return -seconds if zone[0] == "-" else seconds


def _is_zone(zone: str | None) -> bool:
    return zone in (None, "Z") or (int(zone[1:3]) <= 14 and int(zone[4:6]) < 60)


def _date_fields(match: re.Match[str]) -> tuple[Number, ...] | None:
    fields = tuple(int(match[i]) for i in (1, 2, 3) if match[i] is not None)
    if fields[0] == 0 or (len(fields) > 1 and not 1 <= fields[1] <= 12):
        return None
    if len(fields) == 3 and not 1 <= fields[2] <= monthrange(fields[0], fields[1])[1]:
        return None
    return fields


def _time_fields(match: re.Match[str], first: int) -> tuple[Number, ...] | None:
    hour, minute, second = match[first], match[first + 1], match[first + 2]
    if int(hour) > 23 or (minute and int(minute) > 59):
        return None
    if not minute:
        return (int(hour),)
    if not second:
        return (int(hour), int(minute))
    seconds = Decimal(second)
    return (int(hour), int(minute), seconds) if seconds < 61 else None  # 60: a leap second


def _date_text(fields: tuple[Number, ...]) -> str:
    return "-".join((f"{fields[0]:04d}", *(f"{part:02d}" for part in fields[1:])))


def _time_text(fields: tuple[Number, ...]) -> str:
    parts = [f"{part:02d}" for part in fields[:2]]
    if len(fields) == 3:
        whole, point, fraction = format(fields[2], "f").partition(".")
        parts.append(whole.zfill(2) + point + fraction)
    return ":".join(parts)


def order(left: Temporal, right: Temporal) -> int | None:
    """-1, 0 or 1 as `left` is before, at or after `right`; None where that is unknown.

    Unknown: the values are equal as far as both go and one goes further, or only one has an
    offset and the other may be before or after it. The types must fit (a Date may meet a
    DateTime); see comparable_types.
    """
    if isinstance(left, DateTime) or isinstance(right, DateTime):
        left_zone = left.offset if isinstance(left, DateTime) else None
        right_zone = right.offset if isinstance(right, DateTime) else None
        if (left_zone is None) != (right_zone is None):
            return _order_of_ranges(_possible_instants(left), _possible_instants(right))
        if left_zone is not None and right_zone is not None and left_zone != right_zone:
            return _order_of_fields(_in_utc(left, left_zone), _in_utc(right, right_zone))
    return _order_of_fields(left.fields, right.fields)


def comparable_types(left: Temporal, right: Temporal) -> bool:
    """Whether both are times of day, or neither is."""
    return isinstance(left, Time) == isinstance(right, Time)


def _order_of_fields(left: tuple[Number, ...], right: tuple[Number, ...]) -> int | None:
    for a, b in zip(left, right, strict=False):
        if a != b:
            return -1 if a < b else 1
    return 0 if len(left) == len(right) else None


def _order_of_ranges(left: tuple[Number, Number], right: tuple[Number, Number]) -> int | None:
    if left[1] < right[0]:
        return -1
    return 1 if right[1] < left[0] else None


def seconds_of(fields: tuple[Number, ...]) -> Number:
    """The seconds from the year 1 to the beginning of a (partial) date with time."""
    filled = [*fields, *(0, 1, 1, 0, 0, 0)[len(fields) :]]
    year, month, day, hour, minute, second = filled
    days = date(int(year), int(month), int(day)).toordinal()
    return days * DAY + hour * 3600 + minute * 60 + second


def _in_utc(moment: Temporal, offset: int) -> tuple[Number, ...]:
    return fields_of(seconds_of(moment.fields) - offset)[: len(moment.fields)]


def fields_of(seconds: Number) -> tuple[Number, ...]:
    """The date and time of `seconds` by the count of seconds_of, within the years 1 to 9999."""
    whole = int(seconds // DAY)
    rest = seconds - whole * DAY
    day = date.fromordinal(min(max(whole, 1), date.max.toordinal()))
    hour, rest = divmod(rest, 3600)
    minute, second = divmod(rest, 60)
    return (day.year, day.month, day.day, int(hour), int(minute), Decimal(second))


def last_fields(moment: Temporal) -> tuple[Number, ...]:
    """The last date and time that a partial value may stand for, to the microsecond."""
    fields = list(moment.fields)
    if len(fields) == 1:
        fields.append(12)
    if len(fields) == 2:
        fields.append(monthrange(int(fields[0]), int(fields[1]))[1])
    return (*fields, *(0, 0, 0, 23, 59, Decimal("59.999999"))[len(fields) :])


def _possible_instants(moment: Temporal) -> tuple[Number, Number]:
    low, high = seconds_of(moment.fields), seconds_of(last_fields(moment))
    if len(moment.fields) == 6:
        high = low
    offset = moment.offset if isinstance(moment, DateTime) else None
    if offset is None:
        return low - EARLIEST_ZONE, high - LATEST_ZONE
    return low - offset, high - offset
