"""The formats of scalars: what an id, a date, a URI or a quantity looks like."""

from __future__ import annotations

import re
from calendar import monthrange
from typing import Final, NamedTuple

from fhir_kb.model.text import Date, Duration, Id, Quantity, Text, Uri


class ScalarFormat(NamedTuple):
    """The format of a scalar."""

    regex: str
    """Its regular expression, also in the JSON Schema."""

    called: str
    """What people call a value of it: "a date"."""

    help: str
    """What it looks like, with an example."""


ID: Final = ScalarFormat(
    r"[a-z][a-z0-9]*(-[a-z0-9]+)*",
    "a name",
    "small letters, digits and single hyphens, starting with a letter: 'needle-insertion'",
)
DATE: Final = ScalarFormat(
    r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?",
    "a date",
    "as precise as it is known: 2026, 2026-11 or 2026-11-23",
)
URI: Final = ScalarFormat(
    r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}\\^`]+", "an absolute URI", "for instance https://…"
)
_NUMBER: Final = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?"
QUANTITY: Final = ScalarFormat(
    rf"((<|<=|>|>=) ?)?{_NUMBER}( ?- ?{_NUMBER})?( ?\S+)?",
    "a quantity",
    "a number or a range, then a UCUM unit: '500 mg', '0.6-0.8 g/kg', '>= 2 mg/L'",
)
DURATION: Final = ScalarFormat(
    r"[0-9]+(\.[0-9]+)?( ?- ?[0-9]+(\.[0-9]+)?)? ?(s|min|h|d|wk|mo|a)",
    "a length of time",
    "a number or a range, then s, min, h, d, wk, mo or a: '20 min', '7-10 d'",
)
SCALAR_FORMATS: Final[dict[type[Text], ScalarFormat]] = {
    Id: ID,
    Date: DATE,
    Uri: URI,
    Quantity: QUANTITY,
    Duration: DURATION,
}
_COMPILED: Final = {kind: re.compile(scalar.regex) for kind, scalar in SCALAR_FORMATS.items()}
MAX_ID: Final = 64


def mismatch(kind: type[Text], value: str) -> ScalarFormat | None:
    """The format that `value` does not have; None where it has it, or the kind has no format."""
    compiled = _COMPILED.get(kind)
    if compiled is None:
        return None
    if compiled.fullmatch(value) is None or (kind is Id and len(value) > MAX_ID):
        return SCALAR_FORMATS[kind]
    if kind is Date and not _exists(value):
        return ScalarFormat(DATE.regex, "a day that exists", DATE.help)
    return None


def _exists(date: str) -> bool:
    if len(date) < 10:
        return int(date[:4]) > 0
    year, month, day = (int(part) for part in date.split("-"))
    return year > 0 and day <= monthrange(year, month)[1]
