"""Elements built of model values: without what is empty, with the spans of what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element, Text

if TYPE_CHECKING:
    from fhir_kb.diagnostics import Span


def element(span: Span, /, **properties: Any) -> Element:
    """An element written at `span`, of the properties that have a value.

    None, empty texts, empty lists and empty elements are left out; False and 0 are values. A `Text`
    becomes a plain string whose place is kept in `spans`; a tuple becomes a list.
    """
    built = Element(span=span)
    for name, value in properties.items():
        if isinstance(value, Text):
            if value:
                built[name] = str(value)
                built.spans[name] = value.span
        elif isinstance(value, (list, tuple)):
            items = [
                str(item) if isinstance(item, Text) else item
                for item in value
                if item or item is False or item == 0
            ]
            if items:
                built[name] = items
                if isinstance(value[0], Text):
                    built.spans[name] = value[0].span
        elif value or value is False or value == 0:
            built[name] = value
    return built


def with_span_of(value: str, like: object, /) -> str:
    """`value`, as if written where `like` was; unchanged where that has no place."""
    return Text(value, like.span) if isinstance(like, Text) else value
