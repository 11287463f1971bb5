"""Differences between two versions of a resource, in lines that fit a terminal."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics.render.terminal_text import terminal_safe, width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fhir_kb.diagnostics.render.human import Style
    from fhir_kb.diagnostics.span import Span
    from fhir_kb.push.planning.differences import Difference

_SHOWN: Final = 8
_MAX_VALUE: Final = 60
_CONTEXT: Final = 12
"""So many characters before the first difference of two texts are shown."""
_TAG: Final = re.compile(r"<[^<>]*>")


def difference_lines(
    differences: Sequence[Difference], style: Style, span_of: Callable[[str], Span | None]
) -> Iterator[str]:
    """Old → new of each element, with the line of the definition.

    Args:
        differences: Of one resource.
        style: How wide, and with which colours.
        span_of: Where the element of a path was written.
    """
    for difference in differences[:_SHOWN]:
        span = span_of(difference.path)
        place = f"  {span.file.rpartition('/')[2]}:{span.line}" if span and span.file else ""
        old, new = value_pair(difference.old, difference.new)
        label, change = terminal_safe(difference.label), f"{old} → {new}"
        if 6 + width(label) + 2 + width(change) + width(place) <= style.width:
            yield f"      {label}  {change}{style.dim(place)}"
        else:
            yield f"      {label}{style.dim(place)}"
            yield f"        {old}"
            yield f"        → {new}"
    if len(differences) > _SHOWN:
        yield style.dim(f"      … and {len(differences) - _SHOWN} more differences")


def value_pair(old: Any, new: Any) -> tuple[str, str]:
    """Two values in short; of long texts the part from where they differ, with a little before."""
    if not isinstance(old, str) or not isinstance(new, str):
        return _value(old), _value(new)
    old_text, new_text = _text(old), _text(new)
    if max(len(old_text), len(new_text)) <= _MAX_VALUE:
        return old_text, new_text
    common = 0
    for old_character, new_character in zip(old_text, new_text, strict=False):
        if old_character != new_character:
            break
        common += 1
    start = max(0, common - _CONTEXT)
    while start and old_text[start - 1] != " ":
        start -= 1
    mark = "…" if start else ""
    return _cut(mark + old_text[start:]), _cut(mark + new_text[start:])


def _value(value: Any) -> str:
    from fhir_kb.servers.content import MISSING

    return "(none)" if value is MISSING else _cut(_text(value))


def _text(value: Any) -> str:
    """A value on one line; of a narrative, what people read."""
    from fhir_kb.emit import compact_json

    text = value if isinstance(value, str) else compact_json(value).decode()
    if text.startswith("<div"):
        text = unescape(_TAG.sub(" ", text))
    return terminal_safe(" ".join(text.split()))


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 1]}…"
