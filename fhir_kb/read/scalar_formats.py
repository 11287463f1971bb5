"""The formats of scalars: what an id, a date, a URI or a quantity looks like."""

from __future__ import annotations

import re
from calendar import monthrange
from typing import TYPE_CHECKING, Final, NamedTuple

from fhir_kb.model.text import CodeText, Country, Date, Duration, Id, Language, Quantity, Text, Uri

if TYPE_CHECKING:
    from collections.abc import Callable


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
COUNTRY: Final = ScalarFormat(
    r"[A-Za-z]{2}|world", "a country", "two letters of ISO 3166-1, or 'world': 'GB', 'ch'"
)
LANGUAGE: Final = ScalarFormat(
    r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", "a language tag", "as BCP 47 has it: 'en', 'pt-BR'"
)
CODE: Final = ScalarFormat(
    r"[^\s|]+( [^\s|]+)*( ?\|[^|\n]*[^|\s][^|\n]*\|)?",
    "a code",
    "the code, and its display in bars or without it: '279039007 |Low back pain|'",
)
SCALAR_FORMATS: Final[dict[type[Text], ScalarFormat]] = {
    Id: ID,
    Date: DATE,
    Uri: URI,
    Quantity: QUANTITY,
    Duration: DURATION,
    CodeText: CODE,
    Country: COUNTRY,
    Language: LANGUAGE,
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
    beyond = _BEYOND_REGEX.get(kind)
    return beyond(value) if beyond is not None else None


def _day(date: str) -> ScalarFormat | None:
    if len(date) < 10:
        exists = int(date[:4]) > 0
    else:
        year, month, day = (int(part) for part in date.split("-"))
        exists = year > 0 and day <= monthrange(year, month)[1]
    return None if exists else ScalarFormat(DATE.regex, "a day that exists", DATE.help)


def _country(code: str) -> ScalarFormat | None:
    from fhir_kb.model.iso_codes import COUNTRIES, COUNTRY_ALIASES

    if code == "world" or code.upper() in COUNTRIES:
        return None
    usual = COUNTRY_ALIASES.get(code.upper())
    advice = f"write '{usual}'" if usual else COUNTRY.help
    return ScalarFormat(COUNTRY.regex, "a country of ISO 3166-1", advice)


def _language(tag: str) -> ScalarFormat | None:
    """RFC 5646, section 2.2.1: the shortest code of a language is its subtag."""
    from fhir_kb.model.iso_codes import TWO_LETTER_LANGUAGES

    language, hyphen, rest = tag.partition("-")
    known = set(TWO_LETTER_LANGUAGES.values())
    if len(language) == 2 and language.lower() not in known:
        return ScalarFormat(LANGUAGE.regex, "a language of ISO 639-1", LANGUAGE.help)
    short = TWO_LETTER_LANGUAGES.get(language.lower())
    if short is None:
        return None
    advice = f"write '{short}{hyphen}{rest}'"
    return ScalarFormat(LANGUAGE.regex, "a language tag of BCP 47", advice)


_BEYOND_REGEX: Final[dict[type[Text], Callable[[str], ScalarFormat | None]]] = {
    Date: _day,
    Country: _country,
    Language: _language,
}
