"""Building elements: empty properties left out, places kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.diagnostics import Span


def element(span: Span | None, /, **properties: Any) -> Element:
    """A FHIR element of these properties, written at `span`.

    Properties that are None, "", or an empty list or tuple are left out; False and 0 stay. A name
    that is a Python word has a `_` at its end. The place of each text is kept.
    """
    content: dict[str, Any] = {}
    spans: dict[str, Span] = {}
    for name, value in properties.items():
        key = name.removesuffix("_")
        if value is None or (isinstance(value, (str, list, tuple, dict)) and not value):
            continue
        if isinstance(value, Text):
            spans[key] = value.span
            content[key] = str(value)
        elif isinstance(value, (list, tuple)):
            content[key] = [str(one) if isinstance(one, Text) else one for one in value]
            if isinstance(value[0], Text):
                spans[key] = value[0].span
        else:
            content[key] = value
    return Element(content, span=span, spans=spans)


def coding(system: str, code: str, display: str | None = None) -> Element:
    """A Coding of an HL7 code system."""
    return element(None, system=system, code=code, display=display)


def coded(system: str, code: str, display: str | None = None, *, text: str = "") -> Element:
    """A CodeableConcept of one code."""
    return element(None, coding=[coding(system, code, display)], text=text)


def extension(url: str, **value: Any) -> Element:
    """An extension with its value: `extension(url, valueCode="x")`."""
    return element(None, url=url, **value)


def some(values: Iterable[Element | None]) -> list[Element]:
    """Those that are there."""
    return [value for value in values if value is not None]
