"""Texts that are not UTF-8, as far as their first bytes tell."""

from __future__ import annotations

import re
from typing import Final

_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_LITTLE_ENDIAN: Final = re.compile(rb"(?:[\t\n\r ]\x00)*[{\[<]\x00")
_BIG_ENDIAN: Final = re.compile(rb"(?:\x00[\t\n\r ])*\x00[{\[<]")


def utf16_codec(data: bytes) -> str | None:
    """The Python name of the encoding of JSON or XML in UTF-16; None for any other text."""
    if data.startswith(_BOMS):
        return "utf-16"
    if _LITTLE_ENDIAN.match(data):
        return "utf-16-le"
    return "utf-16-be" if _BIG_ENDIAN.match(data) else None
