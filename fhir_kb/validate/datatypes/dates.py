"""The forms of dates and times: http://hl7.org/fhir/datatypes.html#dateTime.

Each function gives the message of what is wrong, or None.
"""

from __future__ import annotations

import re
from calendar import monthrange
from typing import Final

_DATE: Final = r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?"
_TIME: Final = r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?"
_ZONE: Final = r"(?:Z|[+\-]([0-9]{2}):([0-9]{2}))"
_IS_DATE = re.compile(_DATE)
_IS_TIME = re.compile(_TIME)
_IS_DATE_TIME = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})T({_TIME})({_ZONE})?")
_LATEST_ZONE: Final = 14 * 60


def date_problem(value: str) -> str | None:
    """A date: year, year and month, or a whole date."""
    match = _IS_DATE.fullmatch(value)
    if match is None:
        return f"'{value:.40}' is not a date such as 2026, 2026-05 or 2026-05-31"
    return _no_such_day(value, *match.groups())


def date_time_problem(value: str) -> str | None:
    """A date, or a date with a time to the second and a time zone."""
    if "T" not in value:
        return date_problem(value)
    match = _IS_DATE_TIME.fullmatch(value)
    if match is None:
        return f"'{value:.40}' is not a dateTime such as 2026-05-31T09:30:00+02:00"
    return _no_such_moment(value, match)


def instant_problem(value: str) -> str | None:
    """A moment: date, time to the second at least, and time zone."""
    match = _IS_DATE_TIME.fullmatch(value)
    if match is None:
        return f"'{value:.40}' is not an instant such as 2026-05-31T09:30:00.000+02:00"
    return _no_such_moment(value, match)


def time_problem(value: str) -> str | None:
    """A time of day to the second, without a time zone."""
    match = _IS_TIME.fullmatch(value)
    if match is None:
        return f"'{value:.40}' is not a time such as 09:30:00"
    return _no_such_time(value, *match.groups())


def _no_such_moment(value: str, match: re.Match[str]) -> str | None:
    day, time, hour, minute, second, zone, zone_hour, zone_minute = match.groups()
    if zone is None:
        return f"'{value:.40}' has a time but no time zone"
    if zone_hour is not None and (
        int(zone_minute) > 59 or int(zone_hour) * 60 + int(zone_minute) > _LATEST_ZONE
    ):
        return f"'{value:.40}': there is no time zone '{zone}'"
    return date_problem(day) or _no_such_time(time, hour, minute, second)


def _no_such_day(value: str, year: str, month: str | None, day: str | None) -> str | None:
    if year == "0000":
        return f"'{value:.40}': there is no year 0000"
    if month is not None and not 1 <= int(month) <= 12:
        return f"'{value:.40}': there is no month {month}"
    if day is not None and month is not None:
        last = monthrange(int(year), int(month))[1]
        if not 1 <= int(day) <= last:
            return f"'{value:.40}': that month has no day {int(day)}"
    return None


def _no_such_time(value: str, hour: str, minute: str, second: str) -> str | None:
    # 60 is a leap second.
    if int(hour) > 23 or int(minute) > 59 or int(second) > 60:
        return f"'{value:.40}': there is no such time of day"
    return None
