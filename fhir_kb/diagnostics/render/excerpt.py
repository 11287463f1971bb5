"""A line of source and the mark under the place: the part that fits, and where the mark goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from fhir_kb.diagnostics.render.terminal_text import visible_characters, width

if TYPE_CHECKING:
    from fhir_kb.diagnostics.span import Span

_LINES: Final = re.compile(r"\r\n|[\n\r]")
_YAML_LINES: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_CUT: Final = "…"
#: So many characters to each side are looked at for a cell of room; JSON may be one long line.
_NEAR: Final = 4


class Excerpt(NamedTuple):
    """A line as it is shown, and the mark below it: so many cells in, so many long."""

    line: str
    indent: int
    length: int


def lines_of(text: str, file: str) -> list[str]:
    """The lines of a file, as the reader that made its spans counts them."""
    breaks = _YAML_LINES if file.endswith((".yaml", ".yml")) else _LINES
    return breaks.split(text.removeprefix("\ufeff"))


def excerpt(lines: list[str], span: Span, room: int) -> Excerpt | None:
    """The first line of `span` in at most `room` cells; None where the file has no such line."""
    if not 0 < span.line <= len(lines):
        return None
    line = lines[span.line - 1].rstrip()
    start = min(max(span.column - 1, 0), len(line))
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    end = max(start, min(end, len(line)))
    before = max(0, start - _NEAR * room)
    pieces = visible_characters(line[before : start + _NEAR * room])
    widths = [width(piece) for piece in pieces]
    start, end = start - before, end - before
    first, last = _window(widths, start, room)
    indent = sum(widths[first:start])
    length = sum(widths[start : min(end, last)])
    cut_left = _CUT if before + first > 0 else ""
    cut_right = _CUT if before + last < len(line) else ""
    shown = cut_left + "".join(pieces[first:last]) + cut_right
    return Excerpt(shown, indent + len(cut_left), max(1, length))


def _window(widths: list[int], start: int, room: int) -> tuple[int, int]:
    """The characters to show, from and until, so that the one at `start` is among them."""
    if sum(widths) <= room:
        return 0, len(widths)
    room -= 2 * len(_CUT)
    first = 0
    if sum(widths[:start]) > room * 2 // 3:
        first, before = start, 0
        while first > 0 and before + widths[first - 1] <= room // 3:
            first -= 1
            before += widths[first]
    last, used = first, 0
    while last < len(widths) and used + widths[last] <= room:
        used += widths[last]
        last += 1
    return first, last
