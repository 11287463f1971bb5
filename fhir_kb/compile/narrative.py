"""Narratives: what people read of a resource (`text.div`), built of a few kinds of blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile.elements import element
from fhir_kb.compile.long_lists import in_parts
from fhir_kb.compile.markdown import attribute, escape, html

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.compile.markdown import Resolve
    from fhir_kb.diagnostics import Span
    from fhir_kb.model import Element

__all__ = [
    "bullets",
    "code",
    "definitions",
    "escape",
    "heading",
    "labelled",
    "line",
    "narrative",
    "prose",
    "texts",
]
GENERATED = "generated"
"""All of it is in the resource's own elements."""
EXTENSIONS = "extensions"
"""Part of it is in extensions."""
ADDITIONAL = "additional"
"""Part of it is nowhere else in the resource."""
DEEPEST = 6


def narrative(
    language: str | None, span: Span, blocks: Iterable[str], status: str = GENERATED
) -> Element:
    """The Narrative of these blocks of XHTML; empty blocks are left out."""
    named = ""
    if language:
        code = attribute(language)
        named = f' lang="{code}" xml:lang="{code}"'
    content = "".join(blocks)
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"{named}>{content}</div>'
    return element(span, status=status, div=div)


def heading(level: int, title: str, anchor: str | None = None) -> str:
    """A heading; `anchor` is the name of the place."""
    depth = min(level, DEEPEST)
    name = f' id="{attribute(anchor)}"' if anchor else ""
    return f"<h{depth}{name}>{escape(title)}</h{depth}>"


def prose(markdown: str | None, resolve: Resolve | None = None) -> str:
    """Markdown."""
    return html(markdown, resolve) if markdown else ""


def line(label: str, text: str | None) -> str:
    """A labelled line: **Label:** text."""
    return f"<p><b>{escape(label)}:</b> {escape(text)}</p>" if text else ""


def labelled(label: str, markdown: str | None) -> str:
    """Markdown under a label."""
    return f"<p><b>{escape(label)}</b></p>{html(markdown)}" if markdown else ""


def bullets(items: Iterable[str]) -> str:
    """A list of items that are XHTML already; a long one in parts, with links to them."""
    return in_parts([f"<li>{item}</li>" for item in items if item], "ul")


def texts(label: str, items: Iterable[str]) -> str:
    """A labelled list of plain texts; one text makes a line."""
    present = [item for item in items if item]
    if len(present) < 2:
        return line(label, present[0] if present else None)
    return f"<p><b>{escape(label)}:</b></p>{bullets(escape(item) for item in present)}"


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of terms with their definitions in Markdown."""
    items = [f"<dt>{escape(term)}</dt><dd>{html(text)}</dd>" for term, text in pairs]
    return in_parts(items, "dl")


def code(text: str) -> str:
    """Text of a program, as it is."""
    return f"<pre>{escape(text)}</pre>"
