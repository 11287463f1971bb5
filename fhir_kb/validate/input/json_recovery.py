"""Recovery from small mistakes in JSON: comments, commas that are missing or too many, numbers.

Each is an error; with them repaired, the content can be validated in the same run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import orjson

from fhir_kb.validate.core.issue import Finding, report, under
from fhir_kb.validate.finding_codes import BAD_DECIMAL, NOT_JSON

if TYPE_CHECKING:
    from fhir_kb.validate.core.issue import Pointer

#: How many mistakes are repaired before a text is given up.
_MAX_REPAIRS: Final = 20
_MAX_LENGTH: Final = 2_000_000
_STRING: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(_STRING + r"|[\[\]{}:,]", re.DOTALL)
_MAX_NUMBER_LENGTH: Final = 100
_BAD_NUMBER = re.compile(r"-?0[0-9]+(?:\.[0-9]*)?(?![0-9eE])|-?[0-9]+\.(?![0-9eE])")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_COMMAS: Final = {
    "]": "there is a comma after the last item of a list",
    "}": "there is a comma after the last property of an object",
}
_KEY = re.compile(rf"\s*({_STRING})\s*:", re.DOTALL)


def repaired(text: str, at: int) -> tuple[str, list[tuple[Finding, int]]]:
    """Repair small mistakes.

    Args:
        text: JSON that cannot be read.
        at: The offset of the first mistake.

    Returns:
        The text, of the same length, which may still not be JSON, and each repaired mistake with
        its offset.
    """
    findings: list[tuple[Finding, int]] = []
    if len(text) > _MAX_LENGTH or '"resourceType"' not in text:
        return text, findings
    for _ in range(_MAX_REPAIRS):
        repair = _repaired_at(text, at)
        if repair is None:
            break
        text, finding, offset = repair
        findings.append((finding, offset))
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError as error:
            at = error.pos
        except UnicodeEncodeError:
            break
        else:
            break
    return text, findings


def _repaired_at(text: str, at: int) -> tuple[str, Finding, int] | None:
    """The text with the mistake at that offset repaired, if it is a small one."""
    comment = _COMMENT.match(text, at)
    if comment is not None:
        blank = "".join("\n" if character == "\n" else " " for character in comment[0])
        repaired_text = text[:at] + blank + text[comment.end() :]
        finding = _not_json(repaired_text, at, "JSON has no comments", before_property=True)
        return repaired_text, finding, at
    if (number := _number(text, at)) is not None:
        return number
    if text[at : at + 1] == ",":
        after = text[at + 1 :].lstrip()[:1]
        message = _COMMAS.get(after, "there is a comma too many")
        repaired_text = f"{text[:at]} {text[at + 1 :]}"
        return repaired_text, _not_json(repaired_text, at, message), at
    before = len(text[:at].rstrip())
    if (
        text[at : at + 1] in ('"', "{", "[")
        and before < at
        and text[before - 1] in '"}]el0123456789'
    ):
        repaired_text = f"{text[:before]},{text[before + 1 :]}"
        return repaired_text, _not_json(repaired_text, at, "a comma is missing"), at
    return None


def _number(text: str, at: int) -> tuple[str, Finding, int] | None:
    """The text with a number as JSON has it: no leading zero, and digits after the point."""
    start = at
    while start > 0 and text[start - 1] in "-.0123456789" and at - start < _MAX_NUMBER_LENGTH:
        start -= 1
    match = _BAD_NUMBER.match(text, start)
    if match is None:
        return None
    written = match[0]
    plain = written.removesuffix(".")
    sign, digits = ("-", plain[1:]) if plain[:1] == "-" else ("", plain)
    whole, point, decimals = digits.partition(".")
    plain = sign + (whole.lstrip("0") or "0") + point + decimals
    repaired_text = text[:start] + plain.ljust(len(written)) + text[match.end() :]
    findings = report(
        BAD_DECIMAL,
        f"{written} is not a number as JSON has it",
        f"write {plain}",
        "Type_Specific_Checks_DT_Decimal_Valid",
    )
    [finding] = under(findings, *pointer_at(text, start, inside=True))
    return repaired_text, finding, start


def _not_json(text: str, at: int, message: str, *, before_property: bool = False) -> Finding:
    """The finding at the object or array around it, or at the property that follows."""
    pointer = pointer_at(text, at)
    key = _KEY.match(text, at) if before_property else None
    if key is not None and "{" in text[:at]:
        pointer = (*pointer, _property_name(key[1]))
    [finding] = under(report(NOT_JSON, f"the text is not JSON: {message}"), *pointer)
    return finding


def _property_name(literal: str) -> str:
    """A property's name; its characters as they are where that is no JSON either."""
    try:
        return str(orjson.loads(literal))
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return literal[1:-1]


def pointer_at(text: str, at: int, *, inside: bool = False) -> Pointer:
    """The pointer to the object or array around an offset; inside: to the value at the offset."""
    steps: list[str | int] = []
    is_array: list[bool] = []
    last_string = ""
    for token in _TOKEN.finditer(text, 0, at):
        sign = token[0]
        if sign in "{[":
            is_array.append(sign == "[")
            steps.append(0 if sign == "[" else "")
        elif sign in "}]" and steps:
            steps.pop()
            is_array.pop()
        elif sign == "," and is_array and is_array[-1]:
            steps[-1] = int(steps[-1]) + 1
        elif sign == ":" and is_array and not is_array[-1]:
            steps[-1] = last_string
        elif sign[0] == '"':
            last_string = sign[1:-1]
    return tuple(steps if inside else steps[:-1])
