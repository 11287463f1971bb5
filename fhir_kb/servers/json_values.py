"""Values in JSON that somebody else wrote: each has the expected type, or counts as missing.

A server, or something before it, may send any JSON. What is read here is what the rest of the
program works with, so nothing of another type gets further than the response.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_DEPTH: Final = 150
"""Of nested objects and arrays: those that walk through resources are recursive."""
_NO_BRACKET: Final = bytes(set(range(256)) - set(b"[]{}"))
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}")
_FIRST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9000, 1, 1, tzinfo=UTC)


def objects(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects of an array; none of anything else."""
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, dict):
            yield entry


def object_in(value: object) -> Mapping[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def strings(value: object) -> Iterator[str]:
    """The strings of an array; none of anything else."""
    for entry in value if isinstance(value, list) else ():
        if isinstance(entry, str):
            yield entry


def text_in(value: object) -> str:
    """A string; a whole number, which some servers send instead, as its digits; "" for others."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def count_in(value: object) -> int | None:
    """A number of items; None for anything else."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_count and isinstance(value, int) else None


def is_id(value: object) -> TypeGuard[str]:
    """Whether a value can be the id of a resource: one step of a path, and nothing else.

    https://hl7.org/fhir/datatypes.html#id, and underscores and longer ones, which servers have.
    """
    return isinstance(value, str) and _ID.fullmatch(value) is not None and value.strip(".") != ""


def is_type(value: object) -> TypeGuard[str]:
    """Whether a value can be the name of a resource type."""
    return isinstance(value, str) and _TYPE.fullmatch(value) is not None


def is_too_deep(content: bytes, limit: int = MAX_DEPTH) -> bool:
    """Whether JSON nests deeper than the limit.

    Each round takes the innermost brackets away, and is much faster than a look at each character.
    """
    if content.count(b"[") + content.count(b"{") <= limit:
        return False
    return _is_deep(content, limit) and _is_deep(_STRING.sub(b"", content), limit)


def _is_deep(content: bytes, limit: int) -> bool:
    brackets = content.translate(None, _NO_BRACKET)
    for _ in range(limit):
        inner = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if inner == brackets:
            return bool(brackets)
        brackets = inner
    return bool(brackets)


def usable_instant(text: str) -> datetime | None:
    """A FHIR instant that can be reckoned with; None where there is none.

    https://hl7.org/fhir/datatypes.html#instant. Without a zone it is taken as UTC.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    try:
        return time if _FIRST <= time <= _LAST else None
    except OverflowError:
        return None
