"""Reading JSON files that somebody else wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE = 256 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")


class UnreadableError(ValueError):
    """A file that is not a JSON object; the message says why, in a few words."""


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file. Raises UnreadableError, also where it can't be read at all."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE + 1)
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
    if len(content) > MAX_FILE:
        raise UnreadableError(f"it has more than {MAX_FILE // 2**20} MB")
    return parse_object(content)


def parse_object(content: bytes) -> dict[str, Any]:
    """The JSON object that the bytes are. Raises UnreadableError."""
    if content.startswith(_WIDE):
        raise UnreadableError("it is UTF-16, and FHIR is UTF-8")
    try:
        found = orjson.loads(content.removeprefix(_BOM))
    except orjson.JSONDecodeError as error:
        raise UnreadableError(_reason(error)) from error
    if not isinstance(found, dict):
        raise UnreadableError("it is JSON, but not an object")
    return found


def _reason(error: orjson.JSONDecodeError) -> str:
    said = error.msg.lower()
    if "recursion" in said or "depth" in said:
        return "it is nested too deeply"
    if "utf-8" in said or "surrogate" in said:
        return "it is not UTF-8"
    return f"it is not JSON: line {error.lineno}, column {error.colno}"
