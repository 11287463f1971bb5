"""Reading JSON files of unknown origin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from fhir_kb.files import read_regular

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE = 256 * 1024 * 1024
_MAX_DEPTH = 500  # orjson reads more, but not everywhere as much
_STRING_OR_BRACKET = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|([\[{])|[\]}]')
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")


class UnreadableError(ValueError):
    """A file that is not a JSON object; the message says why, in a few words."""


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises UnreadableError, also where it can't be read at all."""
    try:
        content = read_regular(path, MAX_FILE + 1)
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
    if len(content) > MAX_FILE:
        raise UnreadableError(f"it has more than {MAX_FILE // 2**20} MB")
    return parse_object(content)


def parse_object(content: bytes) -> dict[str, Any]:
    """The JSON object in these bytes. Raises UnreadableError."""
    if content.startswith(_WIDE):
        raise UnreadableError("it is UTF-16, and FHIR is UTF-8")
    try:
        value = orjson.loads(content.removeprefix(_BOM))
    except orjson.JSONDecodeError as error:
        raise UnreadableError(_reason(content, error)) from error
    if not isinstance(value, dict):
        raise UnreadableError("it is JSON, but not an object")
    return value


def nests_deeper(content: bytes, limit: int) -> bool:
    """Whether a JSON text, also a malformed one, nests deeper than the limit."""
    if content.count(b"[") + content.count(b"{") <= limit:
        return False
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(content):
        if token[1]:
            depth += 1
            if depth > limit:
                return True
        elif token[0] in (b"]", b"}"):
            depth -= 1
    return False


def _reason(content: bytes, error: orjson.JSONDecodeError) -> str:
    """Why orjson cannot read it, in our words: its own differ between its releases."""
    if nests_deeper(content, _MAX_DEPTH):
        return "it is nested too deeply"
    try:
        content.decode()
    except UnicodeDecodeError:
        return "it is not UTF-8"
    return f"it is not JSON: line {error.lineno}, column {error.colno}"
