"""Text of unknown origin on a terminal: how each character is shown, and how wide it is.

This is the one escape of all that is printed. Whatever comes from a file, a name or a server goes
through `terminal_safe` where it is put into a line, and every output through `printable` or
`json_safe` as a whole.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

TAB: Final = 4
# Characters that turn the direction of a line could make a quoted source read as something else.
_TURNING: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_OBEYED: Final = (
    "\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\ud800-\\udfff"
)
"""Characters that a terminal obeys or that are no text, beside those below the space."""
_UNSAFE: Final = re.compile(f"[\\x00-\\x08\\x0b-\\x1f{_OBEYED}]")
_UNSAFE_BUT_COLOUR: Final = re.compile(f"(\\x1b\\[[0-9;]*m)|[\\x00-\\x08\\x0b-\\x1f{_OBEYED}]")
_UNSAFE_IN_JSON: Final = re.compile(f"[{_OBEYED}]")
# GitHub and Azure carry out lines of a job's output that begin like this, also behind blanks.
_COMMAND: Final = re.compile(r"^((?:[^\S\n]|\x1b\[[0-9;]*m)*)(::|##\[|##vso\[)", re.MULTILINE)
_WIDE: Final = frozenset("WF")
_NO_CELL: Final = frozenset(("Mn", "Me", "Cf"))


def visible_character(character: str, cell: int = 0) -> str:
    """How `character` is shown at column `cell`.

    A tab becomes spaces; control characters become their Unicode pictures or code points, so that
    a quoted file cannot control the terminal.
    """
    code = ord(character)
    if character == "\t":
        return " " * (TAB - cell % TAB)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000 or character in _TURNING:
        return f"<U+{code:04X}>"
    if character in "\u2028\u2029\ufeff":
        return f"<U+{code:04X}>"
    return character


def width(text: str) -> int:
    """The cells that `text` takes on a terminal; East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.category(character) in _NO_CELL:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def terminal_safe(text: str) -> str:
    """`text` on one line, with nothing in it that a terminal would obey."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        " " if character in "\t\r\n" else visible_character(character) for character in text
    )


def printable(text: str, *, colour: bool, commands: bool = False) -> str:
    """A whole output, with nothing in it that a terminal or a CI server would obey.

    Args:
        text: Of one or more lines.
        colour: Whether colours and bold may be in it.
        commands: Whether its lines are commands to a CI server.
    """
    if colour:
        text = _UNSAFE_BUT_COLOUR.sub(lambda match: match[1] or visible_character(match[0]), text)
    else:
        text = _UNSAFE.sub(lambda match: visible_character(match[0]), text)
    return text if commands else _COMMAND.sub(r"\1\\\2", text)


def json_safe(text: str) -> str:
    """JSON with the same content, in which what a terminal would obey is written as an escape."""
    return _UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def visible_characters(line: str) -> list[str]:
    """What is shown for each character of a source line."""
    visible = []
    cell = 0
    for character in line:
        text = visible_character(character, cell)
        visible.append(text)
        cell += width(text)
    return visible


def wrap_text(text: str, room: int) -> list[str]:
    """`text` in lines of at most `room` cells where its words allow."""
    lines: list[str] = []
    for word in text.split():
        if lines and width(lines[-1]) + 1 + width(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
