"""What Markdown may not hold, as a CommonMark parser sees it: raw HTML and links that run code.

A page is looked at line by line first, which knows the columns. Code blocks in lists and code
spans over two lines can hide things from that; from this they cannot.
"""

from __future__ import annotations

import re
from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

HTML_ADVICE: Final = "say it in Markdown, or put it in `code`"
LINK_ADVICE: Final = "link to https:, http:, mailto: or tel:"
_SUSPECT: Final = re.compile(r"<[A-Za-z/!?]|\]\(|\]:")
_SAFE: Final = re.compile(r"(?i)(https?:|mailto:|tel:|#|[^:]*$)")


class UnsafeMarkup(NamedTuple):
    """Markup that is refused."""

    code: str
    """The code of the finding."""

    message: str
    """What is wrong."""

    help: str
    """What to do."""

    start: int
    """Its first line, from 0."""

    end: int
    """The line after its last one."""


def raw_html(html: str, start: int = 0, end: int = 1) -> UnsafeMarkup:
    """Raw HTML."""
    message = f"raw HTML ('{html.strip()[:40]}') is not taken over"
    return UnsafeMarkup("KB130", message, HTML_ADVICE, start, end)


def unsafe_link(target: str, start: int = 0, end: int = 1) -> UnsafeMarkup:
    """A link to what is not a page."""
    return UnsafeMarkup(
        "KB131", f"a link to '{target[:40]}' could run code", LINK_ADVICE, start, end
    )


def is_safe_link(target: str) -> bool:
    """Whether a link may lead there, without what could hide its scheme."""
    return _SAFE.match(re.sub(r"[\x00-\x20\\]", "", unquote(unescape(target)))) is not None


def unsafe_markup(markdown: str) -> Iterator[UnsafeMarkup]:
    """All markup of a text that is refused, by blocks."""
    if _SUSPECT.search(markdown) is None:
        return
    for block in _parser().parse(markdown):
        start, end = block.map or (0, 1)
        if block.type == "html_block":
            yield raw_html(block.content, start, end)
        for inline in block.children or ():
            yield from _inline(inline, start, end)


def _inline(token: Token, start: int, end: int) -> Iterator[UnsafeMarkup]:
    if token.type == "html_inline":
        yield raw_html(token.content, start, end)
    target = token.attrs.get("href") or token.attrs.get("src")
    if target is not None and not is_safe_link(str(target)):
        yield unsafe_link(str(target), start, end)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    def accept(url: str) -> bool:  # to be found here and refused
        return url is not None

    parser = MarkdownIt("commonmark", {"html": True})
    parser.validateLink = accept  # type: ignore[method-assign]  # the way its manual gives
    return parser
