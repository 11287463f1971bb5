"""Scalars as the author wrote them, with their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fhir_kb.diagnostics import Span


class Text(str):
    """A string that knows where it was written; equal to and usable as any other string."""

    __slots__ = ("span",)
    span: Span

    def __new__(cls, value: str, span: Span) -> Text:
        """The string `value`, written at `span`."""
        self = super().__new__(cls, value)
        self.span = span
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.span)


class Id(Text):
    """A name within the knowledge base: small letters, digits, hyphens; it becomes a FHIR id."""

    __slots__ = ()


class Markdown(Text):
    """Prose in Markdown."""

    __slots__ = ()


class Date(Text):
    """A FHIR date: YYYY, YYYY-MM or YYYY-MM-DD, as precise as it is known."""

    __slots__ = ()


class Country(Text):
    """A country by its two letters (ISO 3166-1), or `world`."""

    __slots__ = ()


class Language(Text):
    """A language tag (BCP 47): `en`, `pt-BR`."""

    __slots__ = ()


class CodeText(Text):
    """A code; a display may follow it in bars, as SNOMED International writes them.

    `279039007 |Low back pain|` is the string `279039007` with the display `Low back pain`.
    """

    __slots__ = ("display",)
    display: str | None

    def __new__(cls, value: str, span: Span) -> CodeText:
        """The code that `value` begins with, and its display."""
        code, _, display = value.partition("|")
        self = str.__new__(cls, code.strip())
        self.span = span
        self.display = " ".join(display.removesuffix("|").split()) or None
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        written = f"{self} |{self.display}|" if self.display else str(self)
        return type(self), (written, self.span)


class Title(Text):
    """The title of a work as plain text: a catalogue's inline tags and entities are resolved."""

    __slots__ = ()


class Uri(Text):
    """An absolute URI."""

    __slots__ = ()


class Quantity(Text):
    """A number or a range with its UCUM unit: `500 mg`, `0.6-0.8 g/kg/d`, `>= 2 mg/L`."""

    __slots__ = ()


class Duration(Text):
    """A length of time: `20 min`, `8 h`, `7 d`, `2 wk`, `3 mo`, `1 a`; a range: `7-10 d`."""

    __slots__ = ()


class File(Text):
    """A file of the knowledge base, named relative to the file that names it."""

    __slots__ = ()
