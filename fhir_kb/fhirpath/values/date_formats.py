"""Dates in other formats than ISO 8601: the format codes of toDate() and toDateTime()."""

from __future__ import annotations

import re

from fhir_kb.fhirpath.values.system import DateTime

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_CODES = {
    "yyyy": r"(?P<year>\d{4})",
    "yy": r"(?P<short_year>\d\d)",
    "MMMM": rf"(?P<month_name>{'|'.join(_MONTHS)})",
    "MMM": rf"(?P<month_name>{'|'.join(month[:3] for month in _MONTHS)})",
    "MM": r"(?P<month>\d\d)",
    "M": r"(?P<month>\d{1,2})",
    "dd": r"(?P<day>\d\d)",
    "d": r"(?P<day>\d{1,2})",
    "HH": r"(?P<hour>\d\d)",
    "H": r"(?P<hour>\d{1,2})",
    "hh": r"(?P<hour>\d\d)",
    "h": r"(?P<hour>\d{1,2})",
    "mm": r"(?P<minute>\d\d)",
    "m": r"(?P<minute>\d{1,2})",
    "ss": r"(?P<second>\d\d)",
    "s": r"(?P<second>\d{1,2})",
    "a": r"(?P<half>[AaPp][Mm]?)",
    "Z": r"(?P<zone>Z|[+-]\d\d:?\d\d)",
}
_FORMAT = re.compile(r"yyyy|yy|M{1,4}|dd?|HH?|hh?|mm?|ss?|S+|a|Z|.", re.DOTALL)


def parse_formatted(text: str, pattern: str) -> DateTime | None:
    """`text` parsed by a format such as "dd-MM-yyyy"; None where it does not match.

    Two-digit years are of 1950 to 2049; the names of months are English.
    """
    if len(pattern) > 100:
        return None
    try:
        form = re.compile(
            "".join(_piece(m[0]) for m in _FORMAT.finditer(pattern)), re.IGNORECASE | re.ASCII
        )
    except re.error:  # a code that appears twice
        return None
    match = form.fullmatch(text)
    return DateTime.parse(_iso(match.groupdict())) if match else None


def _piece(code: str) -> str:
    if code[0] == "S":
        return rf"(?P<fraction>\d{{{len(code)}}})"
    return _CODES.get(code) or re.escape(code)


def _iso(parts: dict[str, str | None]) -> str:
    text = _year(parts)
    month = _month(parts)
    if month is None:
        return text
    text += f"-{month:02d}"
    if (day := parts.get("day")) is None:
        return text
    text += f"-{int(day):02d}"
    if (hour := parts.get("hour")) is None:
        return text
    text += f"T{_hour(int(hour), parts.get('half')):02d}"
    if (minute := parts.get("minute")) is not None:
        text += f":{int(minute):02d}"
        if (second := parts.get("second")) is not None:
            text += f":{int(second):02d}"
            text += f".{parts['fraction']}" if parts.get("fraction") else ""
    zone = parts.get("zone") or ""
    return (
        text + (zone if zone in ("", "Z", "z") or ":" in zone else f"{zone[:3]}:{zone[3:]}").upper()
    )


def _year(parts: dict[str, str | None]) -> str:
    short = parts.get("short_year")
    if short is not None:
        return ("20" if int(short) < 50 else "19") + short
    return parts.get("year") or ""


def _month(parts: dict[str, str | None]) -> int | None:
    name = parts.get("month_name")
    if name is not None:
        return 1 + [month[:3] for month in _MONTHS].index(name[:3].lower())
    month = parts.get("month")
    return None if month is None else int(month)


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    return hour % 12 + (12 if half[0] in "Pp" else 0)
