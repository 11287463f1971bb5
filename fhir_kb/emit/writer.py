"""JSON as bytes, in the two layouts that are published."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson


class EmitError(ValueError):
    """A value that JSON cannot hold: not a number, a broken character, an integer too large."""


def canonical_json(value: Any) -> bytes:
    """JSON for people and for version control: two spaces a level, a newline at the end.

    Properties are written in the order they have; decimals with the digits they were given.
    Raises EmitError.
    """
    return _dumps(value, orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def compact_json(value: Any) -> bytes:
    """The same JSON on one line, without a newline at the end. Raises EmitError."""
    return _dumps(value, 0)


def _dumps(value: Any, option: int) -> bytes:
    try:
        content = orjson.dumps(value, default=_other, option=option)
    except orjson.JSONEncodeError as error:
        raise EmitError(str(error.__cause__ or error)) from error
    # orjson's bytes keep the buffer they were written in, 8 kB for 2; a copy does not.
    return bytes(memoryview(content))


def _other(value: Any) -> orjson.Fragment:
    """What orjson cannot write: a decimal is written digit for digit, as FHIR requires."""
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    msg = f"{value!r} cannot be written as JSON"
    raise TypeError(msg)
