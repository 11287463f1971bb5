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
        name = terminal_safe(span.file.rpartition("/")[2]) if span else ""
        place = f"  {name}:{span.line}" if span and name else ""
        old, new = value_pair(difference.old, difference.new)
        label, change = terminal_safe(difference.label), f"{old} → {new}"
        if 6 + width(label) + 2 + width(change) + width(place) <= style.width:
            yield f"      {label}  {change}{style.dim(place)}"
        else:
            yield f"      {_shortened(label, style.width - 6 - width(place))}{style.dim(place)}"
            yield f"        {old}"
            yield f"        → {new}"
    if len(differences) > _SHOWN:
        yield style.dim(f"      … and {len(differences) - _SHOWN} more differences")


def _shortened(label: str, columns: int) -> str:
    """The end of a label, which says more than its beginning, in so many columns."""
    while width(label) > max(columns, _CONTEXT):
        label = f"…{label[2:]}"
    return label


def value_pair(old: Any, new: Any) -> tuple[str, str]:
    """Two values in short; of long ones the part from where they differ, with a little before.

    Of a narrative it is what people read; what differs in its markup only is shown as markup, and
    what differs in white space only with its white space.
    """
    from fhir_kb.servers.content import MISSING

    if old is MISSING or new is MISSING:
        return _value(old), _value(new)
    for text_of in (_text, _on_one_line, _escaped):
        old_text, new_text = text_of(old), text_of(new)
        if old_text != new_text:
            break
    if max(width(old_text), width(new_text)) <= _MAX_VALUE:
        return old_text, new_text
    start = _start_of_excerpt(old_text, new_text)
    mark = "…" if start else ""
    return _cut(mark + old_text[start:]), _cut(mark + new_text[start:])


def _start_of_excerpt(old: str, new: str) -> int:
    """Where the shown part of two texts begins: a little before they differ, at a word if any."""
    pairs = enumerate(zip(old, new, strict=False))
    shorter = min(len(old), len(new))
    common = next((index for index, (a, b) in pairs if a != b), shorter)
    start = max(0, common - _CONTEXT)
    word = old.rfind(" ", max(0, start - _CONTEXT), start)
    if start and word >= 0:
        start = word + 1
    return start if start > len("…") else 0


def _value(value: Any) -> str:
    from fhir_kb.servers.content import MISSING

    return "(none)" if value is MISSING else _cut(_text(value))


def _text(value: Any) -> str:
    """A value on one line; of a narrative, what people read."""
    text = _written(value)
    if text.startswith("<div"):
        text = unescape(_TAG.sub(" ", text))
    return terminal_safe(" ".join(text.split()))


def _on_one_line(value: Any) -> str:
    return terminal_safe(" ".join(_written(value).split()))


def _escaped(value: Any) -> str:
    return terminal_safe(repr(_written(value))[1:-1])


def _written(value: Any) -> str:
    from fhir_kb.emit import compact_json

    return value if isinstance(value, str) else compact_json(value).decode()


def _cut(text: str) -> str:
    """The text in as many columns as a value has."""
    if width(text) <= _MAX_VALUE:
        return text
    columns = 1  # of the mark at the end
    for index, character in enumerate(text):
        columns += width(character)
        if columns > _MAX_VALUE:
            return f"{text[:index]}…"
    return text
