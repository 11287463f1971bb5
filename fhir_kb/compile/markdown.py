"""Markdown as the XHTML that FHIR's narratives may hold (https://hl7.org/fhir/narrative.html).

Raw HTML is never taken over. What the renderer makes is still cleaned to FHIR's elements, so that
no active content can come through a gap in either.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from html import escape as _html_escape
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererProtocol
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

    from fhir_kb.model.page import ImageFile


class ResolvedLink(NamedTuple):
    """What stands in the prose for a link."""

    words: str
    """The words that are shown."""

    url: str | None
    """An address on the web; None where there is none."""


if TYPE_CHECKING:
    Resolve = Callable[[str, str, str], ResolvedLink]
    """kind, target, and shown words or locator → what is shown."""


class PageMarkup(NamedTuple):
    """What the texts of a page share."""

    images: Mapping[str, ImageFile]
    """The images by their targets."""

    footnotes: Mapping[str, int]
    """The numbers of the footnotes, by name."""

    definitions: Mapping[str, Mapping[str, str]]
    """What `[name]: address` anywhere in the page defines."""


NO_PAGE: Final = PageMarkup({}, {}, {})
"""For a text that is not the page's."""

#: FHIR's elements for narratives.
_TAGS: Final = frozenset(
    {"a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd"}
    | {"dfn", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "kbd", "li"}
    | {"img", "ol", "p", "pre", "q", "samp", "small", "span", "strong", "sub", "sup", "table"}
    | {"tbody", "td", "tfoot", "th", "thead", "tr", "tt", "ul", "var"}
)
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "img": {"alt", "src", "title"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
}
_LINKS: Final = frozenset({"http", "https", "mailto", "tel"})
_SCHEMES: Final = _LINKS | {"data"}
_IMAGE_DATA: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=]+")
_VOID: Final = re.compile(r'<(br|hr|col|img)((?: [a-z]+="[^"]*")*)>')
_TASK: Final = re.compile(r"\[([ xX])\](?=[ \t\n])")
_FOOTNOTE: Final = re.compile(r"\[\^([^\[\]\s^]+)\]")
_ALIGN: Final = re.compile(r"text-align:(left|center|right)")
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


def html(text: str, resolve: Resolve | None = None, page: PageMarkup = NO_PAGE) -> str:
    """Markdown as XHTML blocks.

    Args:
        text: the Markdown.
        resolve: what to show for `[[name]]` and `[@reference]`.
        page: what the texts of the page share.
    """
    if _PLAIN.fullmatch(text):
        return f"<p>{escape(text)}</p>"
    env = {"resolve": resolve, "page": page, "references": dict(page.definitions)}
    rendered = _renderer().render(_NOT_XML.sub("", text), env)
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
        attribute_filter=_harmless,
    )
    cleaned = _VOID.sub(_closed, cleaned).replace("&nbsp;", "\u00a0")
    # a link to another section leads nowhere in a narrative that holds one section only
    return _FRAGMENT.sub(r"\1", cleaned).strip() if 'href="#' in cleaned else cleaned.strip()


def _harmless(_element: str, name: str, value: str) -> str | None:
    """The value of an attribute: data is for images alone, and images are data alone."""
    if name == "src":
        return value if _IMAGE_DATA.fullmatch(value) else None
    return None if name == "href" and value.lower().startswith("data:") else value


def _closed(tag: re.Match[str]) -> str:
    attributes = tag[2].replace("<", "&lt;").replace(">", "&gt;")
    return f"<{tag[1]}{attributes}/>"


@cache
def _renderer() -> MarkdownIt:
    from markdown_it import MarkdownIt

    renderer = MarkdownIt("commonmark", {"html": False, "xhtmlOut": True})
    renderer.enable("table")
    renderer.disable("html_inline")
    renderer.disable("html_block")
    renderer.inline.ruler.before("link", "kb_link", _kb_link)
    renderer.inline.ruler.before("link", "footnote", _footnote)
    renderer.core.ruler.after("inline", "task_list", _task_list)
    renderer.core.ruler.push("alignment", _alignment)
    renderer.add_render_rule("image", _image)
    return renderer


def _footnote(state: StateInline, silent: bool) -> bool:
    """`[^name]` as its number in brackets, so that none reads as an exponent."""
    match = _FOOTNOTE.match(state.src, state.pos, state.posMax)
    number = state.env["page"].footnotes.get(match[1]) if match else None
    if match is None or number is None:
        return False
    if not silent:
        state.push("sup_open", "sup", 1)
        state.push("text", "", 0).content = f"[{number}]"
        state.push("sup_close", "sup", -1)
    state.pos = match.end()
    return True


def _task_list(state: StateCore) -> None:
    """`- [ ]` and `- [x]` as signs that people know: a narrative has no boxes to tick."""
    for at, token in enumerate(state.tokens[2:], 2):
        if token.type != "inline" or state.tokens[at - 2].type != "list_item_open":
            continue
        first = token.children[0] if token.children else None
        box = _TASK.match(first.content) if first is not None and first.type == "text" else None
        if first is not None and box is not None:
            sign = "\u2610" if box[1] == " " else "\u2611"
            first.content = sign + first.content[box.end() :]


def _alignment(state: StateCore) -> None:
    """How a column is aligned, as an attribute: a style could be more than that."""
    for token in state.tokens:
        style = token.attrs.pop("style", None) if token.type in ("td_open", "th_open") else None
        if style is not None and (align := _ALIGN.fullmatch(str(style))):
            token.attrs["align"] = align[1]


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
            # in a table, the bar is written \|; there it has lost its backslash already
            thing = match["thing"].strip().removesuffix("\\").strip()
            shown = resolve("thing", thing, match["shown"] or "")
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
    env: EnvType | Mapping[str, Any],
) -> str:
    """An image of the page with its data, which viewers show as it is; else its words."""
    token = tokens[index]
    image = env["page"].images.get(unquote(str(token.attrs.get("src", ""))))
    words = "".join(child.content for child in token.children or ()).strip()
    if image is None:
        return escape(words)
    data = base64.b64encode(image.data).decode()
    title = token.attrs.get("title")
    shown = f' title="{attribute(str(title))}"' if title else ""
    source = f"data:{image.content_type};base64,{data}"
    return f'<img src="{source}" alt="{attribute(words)}"{shown} />'
