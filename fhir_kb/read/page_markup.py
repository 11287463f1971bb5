"""Markdown as a parser sees it: images and footnotes of a text, and signs that would be printed.

What CommonMark and the tables of GitHub's Markdown do not take for markup stands in the text as it
was typed: `[^1]`, `![words] (file)`, a table without its line of dashes. A page
with such signs is not what its author meant, so each is a finding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_SUSPECT: Final = re.compile(
    r"!\[|\[\^|\^\[|\]\[|~~|\](?=[ \t]*\()|\[!|^[ \t>]*\||^[ \t>]*:::|^[ \t>|:]*-+[ \t]*\|",
    re.MULTILINE,
)
_KB_LINK: Final = re.compile(r"\[\[[^\[\]]*\]\]|\[@[^\[\],\s]+(?:,[^\[\]]*)?\]")
_FOOTNOTE: Final = re.compile(r"\[\^([^\[\]\s^]+)\]")
_DASHES: Final = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*")
_ALERT: Final = re.compile(r"\[!([A-Za-z]+)\]")
_NO_LINK: Final = "write [words](address), without blanks in the address"


class Markup(NamedTuple):
    """Something in a text that is refused."""

    code: str
    """The code of the finding."""

    message: str
    """What is wrong."""

    help: str
    """What to do."""

    start: int
    """The first line of its block, from 0."""

    end: int
    """The line after the block's last one."""

    sign: str
    """What it looks like in the text; empty for the block as a whole."""


class ImageUse(NamedTuple):
    """An image in a text."""

    target: str
    """Where it is, as it is written but for percent signs."""

    words: str
    """The words that stand for it."""

    start: int
    """The first line of its block, from 0."""

    end: int
    """The line after the block's last one."""


@dataclass
class MarkupScan:
    """What a text holds beside words."""

    images: list[ImageUse] = field(default_factory=list)
    """Its images."""

    footnotes: list[tuple[str, int, int]] = field(default_factory=list)
    """The names of the footnotes that it refers to, with first line and line after the last."""

    refused: list[Markup] = field(default_factory=list)
    """What it may not hold."""


def definitions(markdown: str) -> dict[str, Any]:
    """The link definitions of a text (`[name]: address`), as the renderer takes them."""
    env: dict[str, Any] = {}
    if "]:" in markdown:
        _parser().parse(markdown, env)
    return dict(env.get("references", {}))


def scan(markdown: str, targets: Mapping[str, Any]) -> MarkupScan:
    """What stands in a text, with the link definitions of its page."""
    result = MarkupScan()
    if _SUSPECT.search(markdown) is None:
        return result
    lines = markdown.split("\n")
    start = end = 0
    for token in _parser().parse(markdown, {"references": dict(targets)}):
        if token.map:
            start, end = token.map
        if token.type == "table_open":
            result.refused.extend(_ragged_rows(lines, start, end))
        elif token.type == "inline":
            _inline(token, start, end, result)
    return result


def refused_in_fields(markdown: str) -> Iterator[Markup]:
    """What a text of a YAML file may not hold: it has no files, no footnotes, and no signs."""
    result = scan(markdown, definitions(markdown))
    for image in result.images:
        message = f"the image '{image.target[:40]}' would not be shown"
        yield Markup("KB137", message, "images stand in page.md", image.start, image.end, "![")
    for name, start, end in result.footnotes:
        message = f"there is no footnote '{name}' here"
        advice = "footnotes stand in page.md; say it in the text"
        yield Markup("KB146", message, advice, start, end, f"[^{name}]")
    yield from result.refused


def plain_heading(text: str) -> tuple[str, str | None]:
    """A heading's words without its emphasis; and what of it a heading cannot show, if anything."""
    words, wrong = [], None
    for token in _parser().parseInline(text)[0].children or ():
        if token.type in ("image", "footnote", "s_open"):
            wrong = wrong or token.meta.get("sign") or token.markup or token.content or "!["
        elif token.type == "html_inline":
            continue  # reported as raw HTML
        elif token.type == "kb_link":
            name, _, shown = token.content.strip("[]").partition("|")
            words.append(shown or name.replace("-", " "))
            if name.startswith("@"):
                wrong = wrong or token.content
        else:
            words.append(" " if token.type == "softbreak" else token.content)
    return "".join(words), wrong


def _inline(token: Token, start: int, end: int, result: MarkupScan) -> None:
    refused = result.refused
    for child in token.children or ():
        if child.type == "image":
            target = str(child.attrs.get("src", ""))
            words = "".join(part.content for part in child.children or ())
            result.images.append(ImageUse(target, words.strip(), start, end))
        elif child.type == "s_open":
            # neither <s> nor <del> is valid; a style that is dropped leaves the wrong dose
            message = "words that are struck out look valid where the line is not shown"
            refused.append(Markup("KB147", message, "leave them out", start, end, "~~"))
        elif child.type == "footnote":
            result.footnotes.append((child.content, start, end))
        elif child.type == "text":
            for code, message, advice, sign in _signs(child):
                refused.append(Markup(code, message, advice, start, end, sign))
    rows = [line.strip() for line in token.content.split("\n")]
    if rows[0].startswith("|") or ("|" in rows[0] and any(map(_is_dashes, rows[1:]))):
        message = "this table would be shown as text"
        advice = "below its head is a line of dashes with as many columns: | --- | --- |"
        refused.append(Markup("KB147", message, advice, start, end, "|"))
    elif rows[0].startswith(":::"):
        message = "':::' would be shown as text"
        advice = "mark a section instead: ## Heading {.warning} or {.note}"
        refused.append(Markup("KB147", message, advice, start, end, ":::"))


def _signs(token: Token) -> Iterator[tuple[str, str, str, str]]:
    """Code, message, advice and sign of what looks like markup and is none."""
    text = token.content
    if alert := _ALERT.match(text):
        message = f"'{alert[0]}' would be shown as text"
        advice = "mark a section instead: ## Heading {.warning} or {.note}"
        yield "KB147", message, advice, alert[0]
    elif "![" in text:
        yield "KB147", "'![' would be shown as text", "write ![words](file.png)", "!["
    elif "](" in text or "] (" in text:
        sign = "](" if "](" in text else "] ("
        if sign == "](" or re.search(r"\]\s\((?:https?:|[\w./-]+\.(?:png|jpe?g|md)\))", text):
            yield "KB147", f"'{sign}' would be shown as text", _NO_LINK, sign
    elif (undefined := re.search(r"\]\[(?=[^\]\d\s])", text)) is not None:
        advice = "define it in a line of its own: [name]: address"
        yield "KB147", "this link has no definition", advice, undefined[0]
    if "~~" in text:
        advice = "close it: ~~words~~, without blanks inside of the signs"
        yield "KB147", "'~~' would be shown as text", advice, "~~"
    if "^[" in text:
        advice = "write [^1] here, and below in a line of its own: [^1]: its text"
        yield "KB147", "'^[' would be shown as text", advice, "^["
    if "[[" in text:
        advice = r"in a table, write [[name\|words]]"
        yield "KB147", "'[[' would be shown as text", advice, "[["


def _is_dashes(row: str) -> bool:
    return "-" in row and "|" in row and _DASHES.fullmatch(row) is not None


def _ragged_rows(lines: Sequence[str], start: int, end: int) -> Iterator[Markup]:
    """Rows with more cells than their table has columns: nobody would see the rest."""
    columns = _cells(lines[start + 1])
    for number in range(start + 2, min(end, len(lines))):
        if (count := _cells(lines[number])) > columns:
            message = f"this row has {count} cells, but the table {columns} columns"
            advice = r"give each column a head; a bar within a cell is written \|"
            yield Markup("KB147", message, advice, number, number + 1, "")


def _cells(row: str) -> int:
    row = re.sub(r"\\\|", "", row).lstrip("> \t").rstrip()
    return row.count("|") + 1 - row.startswith("|") - (row.endswith("|") and len(row) > 1)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    def accept(url: str) -> bool:  # links are looked at elsewhere
        return url is not None

    parser = MarkdownIt("commonmark", {"html": True})
    parser.validateLink = accept  # type: ignore[method-assign]  # the way its manual gives
    parser.enable(["table", "strikethrough"])
    parser.disable("text_join")  # so that what is escaped stays apart
    parser.inline.ruler.before("link", "kb_link", _kb_link)
    parser.inline.ruler.before("link", "footnote", _footnote)
    return parser


def _kb_link(state: StateInline, silent: bool) -> bool:
    return _token(state, silent, _KB_LINK, "kb_link", 0)


def _footnote(state: StateInline, silent: bool) -> bool:
    return _token(state, silent, _FOOTNOTE, "footnote", 1)


def _token(
    state: StateInline, silent: bool, pattern: re.Pattern[str], kind: str, group: int
) -> bool:
    if state.src[state.pos] != "[":
        return False
    match = pattern.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        token = state.push(kind, "", 0)
        token.content, token.meta = match[group], {"sign": match[0]}
    state.pos = match.end()
    return True
