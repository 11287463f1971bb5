"""Narratives: XHTML that any reader may trust, made from Markdown and from structure.

https://hl7.org/fhir/narrative.html. Markdown is read without raw HTML; the result is cleaned once
more and written as XML.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile.build import element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fhir_kb.diagnostics import Span
    from fhir_kb.model import Element

_TAGS: Final = frozenset(
    (
        *("h2", "h3", "h4", "h5", "h6", "p", "pre", "blockquote", "hr", "br", "div", "span"),
        *("ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th"),
        *("td", "a", "abbr", "b", "cite", "code", "em", "i", "q", "small", "strong", "sub", "sup"),
    )
)
_VOID: Final = re.compile(r"<(br|hr)>")
_NAMED: Final = re.compile(r"&nbsp;")
_XHTML: Final = "http://www.w3.org/1999/xhtml"
LINKS: Final = re.compile(
    r"\[\[(?P<thing>[^\[\]|]+)(?:\|(?P<shown>[^\[\]]*))?\]\]"
    r"|\[@(?P<reference>[^\],\s]+)(?:,\s*(?P<locator>[^\]]*))?\]"
)
_CODE: Final = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+.!<>|~-])")


def from_markdown(text: str) -> str:
    """Markdown as clean XHTML, without an outer element."""
    return clean(_markdown()(text))


def inline(text: str) -> str:
    """A plain text as XHTML."""
    return escape(text, quote=False)


def clean(html: str) -> str:
    """Only what a narrative may hold, well-formed."""
    cleaned = _cleaner()(html).strip()
    return _NAMED.sub("&#160;", _VOID.sub(r"<\1/>", cleaned))


def narrative(span: Span | None, *parts: str, status: str = "generated") -> Element:
    """A Narrative of XHTML parts; "additional" says that it has more than the structure."""
    body = "".join(part for part in parts if part)
    return element(span, status=status, div=f'<div xmlns="{_XHTML}">{body}</div>')


def heading(level: int, text: str) -> str:
    """A heading."""
    return f"<h{level}>{inline(text)}</h{level}>" if text else ""


def paragraph(text: str | None, label: str = "") -> str:
    """A paragraph of plain text, with a label in bold before it."""
    if not text:
        return ""
    start = f"<b>{inline(label)}</b>: " if label else ""
    return f"<p>{start}{inline(text)}</p>"


def block(markdown: str | None, label: str = "") -> str:
    """A block of Markdown, with a label in bold before it."""
    if not markdown:
        return ""
    start = f"<p><b>{inline(label)}</b></p>" if label else ""
    return start + from_markdown(markdown)


def bullets(items: Iterable[str]) -> str:
    """A list of items that are XHTML already."""
    found = [f"<li>{item}</li>" for item in items if item]
    return f"<ul>{''.join(found)}</ul>" if found else ""


def with_links(markdown: str, shown: Callable[[re.Match[str]], str]) -> str:
    """Markdown with `[[name]]` and `[@reference]` replaced by what `shown` makes of each.

    Code spans are left alone; the words are escaped, so that they mean no Markdown.
    """
    kept = []
    last = 0
    for code in _CODE.finditer(markdown):
        kept.append(LINKS.sub(lambda m: _plain(shown(m)), markdown[last : code.start()]))
        kept.append(code[0])
        last = code.end()
    kept.append(LINKS.sub(lambda m: _plain(shown(m)), markdown[last:]))
    return "".join(kept)


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)


@cache
def _markdown() -> Callable[[str], str]:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "xhtmlOut": True}).enable("table")
    parser.disable("image")

    def render(text: str) -> str:
        rendered: Any = parser.render(text)
        return str(rendered)

    return render


@cache
def _cleaner() -> Callable[[str], str]:
    import nh3

    def cleaned(html: str) -> str:
        return nh3.clean(
            html,
            tags=set(_TAGS),
            attributes={"a": {"href", "title"}, "td": {"align"}, "th": {"align"}},
            url_schemes={"http", "https", "mailto", "tel"},
            link_rel=None,
        )

    return cleaned
