"""Markdown as the XHTML that FHIR's narratives may hold (https://hl7.org/fhir/narrative.html).

Raw HTML is never taken over. What the renderer makes is still cleaned to FHIR's elements, so that
no active content can come through a gap in either.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape as _html_escape
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererProtocol
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict


class ResolvedLink(NamedTuple):
    """What stands in the prose for a link."""

    words: str
    """The words that are shown."""

    url: str | None
    """An address on the web; None where there is none."""


if TYPE_CHECKING:
    Resolve = Callable[[str, str, str], ResolvedLink]
    """kind, target, and shown words or locator → what is shown."""

#: FHIR's elements for narratives, without images: those of a page are outside the resource.
_TAGS: Final = frozenset(
    {"a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd"}
    | {"dfn", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "kbd", "li"}
    | {"ol", "p", "pre", "q", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody"}
    | {"td", "tfoot", "th", "thead", "tr", "tt", "ul", "var"}
)
_ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
_VOID: Final = re.compile(r"<(br|hr|col)((?: [^<>]*)?)>")
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: what the renderer makes of prose without links: these tags, text and nothing else
_INNOCENT: Final = re.compile(
    r"(?:[^<>&]++|&(?:amp|lt|gt|quot);|</?(?:p|ul|ol|li|em|strong|code|pre|blockquote|table|thead"
    r"|tbody|tr|th|td|h[1-6])>|<[bh]r />)*+"
)
_FRAGMENT: Final = re.compile(r'<a href="#[^"]*"[^>]*>(.*?)</a>', re.DOTALL)
_PLAIN: Final = re.compile(r"(?![ \t\-+=]|\d{1,9}[.)](?:\s|$))[^\\`*_\[\]<>#|~&\n]+")
_LINK: Final = re.compile(
    r"\[\[(?P<thing>[^\[\]|]+)(?:\|(?P<shown>[^\[\]]*))?\]\]"
    r"|\[@(?P<reference>[^\],\s]+)(?:,\s*(?P<locator>[^\]]*))?\]"
)


def escape(text: str) -> str:
    """Text as the content of an XHTML element."""
    return _html_escape(_NOT_XML.sub("", text), quote=False)


def attribute(text: str) -> str:
    """Text as the value of an XHTML attribute."""
    return _html_escape(_NOT_XML.sub("", text), quote=True)


def html(text: str, resolve: Resolve | None = None) -> str:
    """Markdown as XHTML blocks. `resolve` says what to show for `[[name]]` and `[@reference]`."""
    if _PLAIN.fullmatch(text):
        return f"<p>{escape(text)}</p>"
    rendered = _renderer().render(_NOT_XML.sub("", text), {"resolve": resolve})
    return _clean(rendered)


def _clean(rendered: str) -> str:
    if _INNOCENT.fullmatch(rendered):
        return rendered.strip()
    import nh3

    cleaned = nh3.clean(
        rendered,
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        url_schemes=set(_SCHEMES),
        link_rel=None,
    )
    cleaned = _VOID.sub(r"<\1\2/>", cleaned).replace("&nbsp;", "\u00a0")
    # a link to another section leads nowhere in a narrative that holds one section only
    return _FRAGMENT.sub(r"\1", cleaned).strip() if 'href="#' in cleaned else cleaned.strip()


@cache
def _renderer() -> MarkdownIt:
    from markdown_it import MarkdownIt

    renderer = MarkdownIt("commonmark", {"html": False, "xhtmlOut": True})
    renderer.enable("table")
    renderer.disable("html_inline")
    renderer.disable("html_block")
    renderer.inline.ruler.before("link", "kb_link", _kb_link)
    renderer.add_render_rule("image", _image)
    return renderer


def _kb_link(state: StateInline, silent: bool) -> bool:
    """`[[name|shown]]` and `[@reference, locator]`."""
    resolve: Resolve | None = state.env.get("resolve")
    if resolve is None or state.src[state.pos] != "[":
        return False
    match = _LINK.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        if match["reference"] is not None:
            shown = resolve("reference", match["reference"], match["locator"] or "")
        else:
            shown = resolve("thing", match["thing"].strip(), match["shown"] or "")
        _push(state, shown)
    state.pos = match.end()
    return True


def _push(state: StateInline, shown: ResolvedLink) -> None:
    if shown.url:
        state.push("link_open", "a", 1).attrs = {"href": shown.url}
    state.push("text", "", 0).content = shown.words
    if shown.url:
        state.push("link_close", "a", -1)


def _image(
    _renderer: RendererProtocol,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    _env: EnvType | Mapping[str, Any],
) -> str:
    """An image as its words: narratives hold no pictures from elsewhere."""
    return escape(tokens[index].content)
