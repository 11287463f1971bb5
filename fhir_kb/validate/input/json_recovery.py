"""JSON with small mistakes: comments, and commas that are missing or too many.

Each is an error; with them mended, what else is wrong can be told in the same run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import orjson

from fhir_kb.validate.codes import BAD_DECIMAL, NOT_JSON
from fhir_kb.validate.core.issue import Finding, report

if TYPE_CHECKING:
    from fhir_kb.validate.core.issue import Pointer

#: How many mistakes are mended before a text is given up.
_MOST: Final = 20
_LONGEST: Final = 2_000_000
_STRING: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(_STRING + r"|[\[\]{}:,]", re.DOTALL)
_LONGEST_NUMBER: Final = 100
_BAD_NUMBER = re.compile(r"-?0[0-9]+(?:\.[0-9]*)?(?![0-9eE])|-?[0-9]+\.(?![0-9eE])")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_COMMAS: Final = {
    "]": "there is a comma after the last item of a list",
    "}": "there is a comma after the last property of an object",
}
_KEY = re.compile(rf"\s*({_STRING})\s*:", re.DOTALL)


def repaired(text: str, at: int) -> tuple[str, list[tuple[Finding, int]]]:
    """The text without small mistakes, of the same length, and each with its offset.

    at: where the first one is. The text may still not be JSON; then the rest is for the caller.
    """
    found: list[tuple[Finding, int]] = []
    if len(text) > _LONGEST or '"resourceType"' not in text:
        return text, found
    for _ in range(_MOST):
        mended = _mended(text, at)
        if mended is None:
            break
        text, finding, place = mended
        found.append((finding, place))
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError as error:
            at = error.pos
        except UnicodeEncodeError:
            break
        else:
            break
    return text, found


def _mended(text: str, at: int) -> tuple[str, Finding, int] | None:
    """The text without the mistake at that place, if it is a small one."""
    comment = _COMMENT.match(text, at)
    if comment is not None:
        blank = "".join("\n" if one == "\n" else " " for one in comment[0])
        mended = text[:at] + blank + text[comment.end() :]
        return mended, _told(mended, at, "JSON has no comments", inside=True), at
    if (number := _number(text, at)) is not None:
        return number
    if text[at : at + 1] == ",":
        after = text[at + 1 :].lstrip()[:1]
        message = _COMMAS.get(after, "there is a comma too many")
        mended = f"{text[:at]} {text[at + 1 :]}"
        return mended, _told(mended, at, message), at
    before = len(text[:at].rstrip())
    if (
        text[at : at + 1] in ('"', "{", "[")
        and before < at
        and text[before - 1] in '"}]el0123456789'
    ):
        mended = f"{text[:before]},{text[before + 1 :]}"
        return mended, _told(mended, at, "a comma is missing"), at
    return None


def _number(text: str, at: int) -> tuple[str, Finding, int] | None:
    """The text with a number as JSON has it: no leading zero, and digits after the point."""
    start = at
    while start > 0 and text[start - 1] in "-.0123456789" and at - start < _LONGEST_NUMBER:
        start -= 1
    found = _BAD_NUMBER.match(text, start)
    if found is None:
        return None
    written = found[0]
    plain = written.removesuffix(".")
    sign, digits = ("-", plain[1:]) if plain[:1] == "-" else ("", plain)
    whole, point, rest = digits.partition(".")
    plain = sign + (whole.lstrip("0") or "0") + point + rest
    mended = text[:start] + plain.ljust(len(written)) + text[found.end() :]
    [finding] = report(
        BAD_DECIMAL,
        f"{written} is not a number as JSON has it",
        f"write {plain}",
        "Type_Specific_Checks_DT_Decimal_Valid",
    )
    finding.path_steps = _trail(where(text, start, inside=True))
    return mended, finding, start


def _trail(pointer: Pointer) -> list[tuple[str | int, str]]:
    return [
        (step, f"[{step}]" if isinstance(step, int) else f".{step}") for step in reversed(pointer)
    ]


def _told(text: str, at: int, message: str, *, inside: bool = False) -> Finding:
    """The finding, placed at what it is in; inside: at the property that follows, if one does."""
    [finding] = report(NOT_JSON, f"the text is not JSON: {message}")
    pointer = where(text, at)
    key = _KEY.match(text, at) if inside else None
    if key is not None and "{" in text[:at]:
        pointer = (*pointer, _name(key[1]))
    finding.path_steps = _trail(pointer)
    return finding


def _name(written: str) -> str:
    """A property's name, as it is written where that is no JSON either."""
    try:
        return str(orjson.loads(written))
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return written[1:-1]


def where(text: str, at: int, *, inside: bool = False) -> Pointer:
    """The way to the object or list that a place is in; inside: to the value that is there."""
    way: list[str | int] = []
    lists: list[bool] = []
    last = ""
    for token in _TOKEN.finditer(text, 0, at):
        sign = token[0]
        if sign in "{[":
            lists.append(sign == "[")
            way.append(0 if sign == "[" else "")
        elif sign in "}]" and way:
            way.pop()
            lists.pop()
        elif sign == "," and lists and lists[-1]:
            way[-1] = int(way[-1]) + 1
        elif sign == ":" and lists and not lists[-1]:
            way[-1] = last
        elif sign[0] == '"':
            last = sign[1:-1]
    return tuple(way if inside else way[:-1])
