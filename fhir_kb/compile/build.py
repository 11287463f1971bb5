"""Elements made from model values: what is not said is left out, every place is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element, Text

if TYPE_CHECKING:
    from fhir_kb.diagnostics import Span

_NOTHING: tuple[object, ...] = ("", [], {})


def element(span: Span, /, **properties: Any) -> Element:
    """An element written at `span`, of the properties that have a value.

    None, empty texts, empty lists and empty elements are left out; False and 0 are values. A `Text`
    becomes a plain string whose place is kept in `spans`; a tuple becomes a list.
    """
    made = Element(span=span)
    for name, value in properties.items():
        plain = _plain(value)
        if plain is None or plain in _NOTHING:
            continue
        made[name] = plain
        place = _place(value)
        if place is not None:
            made.spans[name] = place
    return made


def placed(value: str, like: object, /) -> str:
    """`value`, as if written where `like` was; unchanged where that has no place."""
    return Text(value, like.span) if isinstance(like, Text) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Text):
        return str(value)
    if isinstance(value, (list, tuple)):
        items = [_plain(item) for item in value]
        return [item for item in items if item is not None and item not in _NOTHING]
    return value


def _place(value: Any) -> Span | None:
    if isinstance(value, Text):
        return value.span
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], Text):
        return value[0].span
    return None
