"""JSON as FHIR wants it: strict, with the decimals' own digits, nothing given twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from fhir_kb.packages.json_files import nests_deeper
from fhir_kb.validate.core.issue import Finding, quoted, report
from fhir_kb.validate.datatypes.numbers import number
from fhir_kb.validate.finding_codes import (
    BYTE_ORDER_MARK,
    DUPLICATE_KEY,
    EMPTY,
    NOT_JSON,
    NOT_READ,
    NOT_UTF8,
    TOO_DEEP,
)
from fhir_kb.validate.input.encodings import utf16_codec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.diagnostics import FindingCode
    from fhir_kb.validate.core.issue import Pointer

#: How deep JSON may nest: far more than any resource needs, far less than what exhausts a stack.
MAX_DEPTH: Final = 500
_BOM: Final = b"\xef\xbb\xbf"


class LocatedFinding(NamedTuple):
    """A finding on the text itself, with its line and column."""

    finding: Finding
    line: int = 1
    column: int = 1


class Parsed(NamedTuple):
    """The content of a text."""

    value: Any
    is_read: bool
    """False where the text could not be read at all."""
    text: str
    findings: tuple[LocatedFinding, ...]
    has_duplicates: bool = False
    """Whether a property is given twice."""
    positions: Mapping[Pointer, tuple[int, int]] | None = None
    """Line and column of each value, for texts that are not JSON."""


def parse(data: bytes) -> Parsed:
    """Read one JSON text; never raises. Numbers with a point or exponent become Decimal."""
    findings: list[LocatedFinding] = []
    if data.startswith(_BOM):
        data = data[len(_BOM) :]
        findings += _located(BYTE_ORDER_MARK, "the text begins with a byte order mark")
    obstacle = _obstacle(data)
    if obstacle:
        return _unreadable(findings, obstacle)
    try:
        text = data.decode()
        orjson.loads(data)
    except UnicodeDecodeError as error:
        return _unreadable(findings, _not_utf8(data, error))
    except orjson.JSONDecodeError as error:
        # Imported here, because most texts are JSON.
        from fhir_kb.validate.input.json_recovery import repaired

        text, repairs = repaired(error.doc, error.pos)
        findings += [_at(text, offset, finding) for finding, offset in repairs]
        data = text.encode()
        try:
            orjson.loads(data)
        except orjson.JSONDecodeError as remaining:
            if repairs:
                return _unreadable([], _not_json(error))
            return _unreadable(findings, _not_json(remaining))
    if nests_deeper(data, MAX_DEPTH):
        too_deep = _located(TOO_DEEP, f"the JSON is nested deeper than {MAX_DEPTH} levels")
        return _unreadable(findings, too_deep[0])
    value, has_duplicates = _load(text)
    return Parsed(value, True, text, tuple(findings), has_duplicates)


def _load(text: str) -> tuple[Any, bool]:
    """The value, and whether some property was given twice.

    The text is known to be JSON whose numbers fit a double, so no integer is too long to read.
    """
    has_duplicates = False

    def to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal has_duplicates
        content = dict(pairs)
        if len(content) != len(pairs):
            has_duplicates = True
        return content

    value = json.loads(text, parse_float=number, object_pairs_hook=to_object)
    return value, has_duplicates


def _obstacle(data: bytes) -> LocatedFinding | None:
    """Why a text is no JSON, as far as its beginning tells."""
    if utf16_codec(data):
        return _located(NOT_UTF8, "the text is UTF-16", "save it as UTF-8")[0]
    start = data.lstrip()[:1]
    if not start:
        return _located(EMPTY, "the file is empty")[0]
    if start == b"<":
        return _located(NOT_READ, "this looks like XML, and only JSON is read here")[0]
    return None


def _unreadable(findings: list[LocatedFinding], last: LocatedFinding) -> Parsed:
    return Parsed(None, is_read=False, text="", findings=(*findings, last))


def _at(text: str, offset: int, finding: Finding) -> LocatedFinding:
    before = text[:offset]
    return LocatedFinding(finding, before.count("\n") + 1, offset - before.rfind("\n"))


def _located(code: FindingCode, message: str, advice: str | None = None) -> list[LocatedFinding]:
    return [LocatedFinding(finding) for finding in report(code, message, advice)]


def _not_utf8(data: bytes, error: UnicodeDecodeError) -> LocatedFinding:
    before = data[: error.start]
    line = before.count(b"\n") + 1
    column = len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1
    byte = data[error.start]
    [finding] = report(NOT_UTF8, f"the byte 0x{byte:02X} is not UTF-8", "save the file as UTF-8")
    return LocatedFinding(finding, line, column)


def _not_json(error: orjson.JSONDecodeError) -> LocatedFinding:
    if nests_deeper(error.doc[: error.pos].encode(), MAX_DEPTH):
        return _located(TOO_DEEP, f"the JSON is nested deeper than {MAX_DEPTH} levels")[0]
    at = error.doc[error.pos : error.pos + 1]
    rest = error.doc[error.pos : error.pos + 2]
    advice = None
    if at == "#" or rest in ("//", "/*"):
        advice = "JSON has no comments"
    elif at and at in "]}" and error.doc[: error.pos].rstrip().endswith(","):
        advice = "the last item has no comma after it"
    elif at == "'":
        advice = 'JSON strings are in double quotation marks: "…"'
    reason = error.msg.partition(":")[0].rstrip(".")
    [finding] = report(NOT_JSON, f"the text is not JSON: {reason}", advice)
    return LocatedFinding(finding, error.lineno, error.colno)


def duplicate(name: str) -> Finding:
    """The finding for a property that is given twice."""
    [finding] = report(DUPLICATE_KEY, f"the property {quoted(name)} is given twice")
    return finding
