"""Pages: Markdown read into sections with their links; what a page may not hold is a finding."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import Diagnostic, Severity, Span
from fhir_kb.model.page import Link, Page, Section
from fhir_kb.read import unsafe_markup
from fhir_kb.read.page_markup import plain_heading
from fhir_kb.read.page_scan import Block, OpenFootnote, PageScan
from fhir_kb.read.yaml import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# None of these patterns may try a long run twice: a line of a page can have 4 MB.
_HEADING: Final = re.compile(r"(#{1,6})[ \t]+(.*)")
_ATTRIBUTES: Final = re.compile(r"\{([^{}]*)\}$")
_FENCE: Final = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_LINK: Final = re.compile(
    r"\[\[(?P<thing>[^\[\]|]*)(?:\|(?P<shown>[^\[\]]*))?\]\]"
    r"|\[@(?P<reference>[^\[\],\s]+)(?:,(?P<locator>[^\[\]]*))?\]"
)
_FOOTNOTE: Final = re.compile(r" {0,3}\[\^([^\[\]\s^]+)\]:[ \t]*(.*)")
_NEW_BLOCK: Final = re.compile(r"#{1,6}[ \t]|```|~~~|>|[-*+][ \t]|\d{1,9}[.)][ \t]|\|")
_MARKED: Final = re.compile(r"[*_`\[\]\\~!<&]")
_TICKS: Final = re.compile(r"`+")
_RAW_HTML: Final = re.compile(
    r"<(/?[A-Za-z][A-Za-z0-9-]*)((\s[^<>]*)?/?>|\s[^<>]*$|/?$)|<!--|<\?|<![A-Za-z\[]"
)
_AUTOLINK: Final = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]+:[^<>\s]*)>")
_TARGET_FOLLOWS: Final = re.compile(r"(\]\(|^ {0,3}\[[^\]]+\]:)$")
_FIRST_WORD: Final = re.compile(r"\s*<?([^)\s>]+)")
_TARGET: Final = re.compile(r"\]\(\s*<?([^)\s>]*)")
_DEFINITION: Final = re.compile(r"\[[^\[\]]+\]:\s*<?([^\s>]+)")
MAX_LEVEL: Final = 6
MAX_FINDINGS: Final = 200  # of one page: more help nobody
_UNSAFE: Final = ("KB130", "KB131")
CLASSES: Final = ("theory", "definitions", "warning", "note")


def read_page(data: bytes, file: str) -> tuple[Page | None, tuple[Diagnostic, ...]]:
    """The page of a Markdown file, and all that is wrong with it.

    Headings may carry `{#id .class}`; `[[name]]`, `[[name|shown]]` and `[@reference, locator]` link
    to the structure. Raw HTML and links that run code are refused.
    """
    text, finding = text_of(data, file)
    if text is None:
        return None, (finding,) if finding else ()
    reader = _Reader(file)
    for number, line in enumerate(text.splitlines(), 1):
        reader.line(number, line)
    return reader.page(), tuple(reader.findings)


@dataclass
class _OpenSection:
    """A section that is being read; see Section."""

    level: int
    title: str
    id: str
    classes: tuple[str, ...]
    span: Span
    lines: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    sections: list[_OpenSection] = field(default_factory=list)
    footnotes: tuple[str, ...] = ()

    def add(self, number: int, line: str) -> None:
        self.lines.append(line)
        self.numbers.append(number)

    def closed(self) -> Section:
        return Section(
            id=self.id,
            title=self.title,
            classes=self.classes,
            markdown="\n".join(self.lines).strip("\n"),
            links=tuple(self.links),
            sections=tuple(section.closed() for section in self.sections),
            span=self.span,
            footnotes=self.footnotes,
        )

    def with_inner(self) -> Iterator[_OpenSection]:
        """This section and all below it, in reading order."""
        yield self
        for section in self.sections:
            yield from section.with_inner()


class _Reader:
    """Reads a page line by line; headings in code blocks are no headings."""

    def __init__(self, file: str) -> None:
        self.file: Final = file
        self.findings: Final[list[Diagnostic]] = []
        self._reported: Final[set[tuple[str, int]]] = set()
        self._title: str | None = None
        self._top = _OpenSection(1, "", "", (), Span(file, 1, 1, 1, 1))
        self._open = [self._top]
        self._ids: dict[str, int] = {}
        self._fence: str | None = None
        self._target_follows = False
        self._footnotes: Final[dict[str, OpenFootnote]] = {}
        self._footnote: OpenFootnote | None = None

    def line(self, number: int, line: str) -> None:
        if self._fence is None and self._in_footnote(number, line):
            return
        if self._in_code(line):
            self._open[-1].add(number, line)
            return
        heading = _HEADING.match(line)
        if heading is None:
            self._open[-1].add(number, line)
            self._open[-1].links.extend(self._links(number, line))
            self._refuse(number, line)
            if number == 1 and line.rstrip() == "---":
                span = Span(self.file, 1, 1, 1, 4)
                advice = "say it in topic.yaml; a page starts with its text or '# Title'"
                self.report("KB147", "a page has no front matter", span, advice)
            return
        self._refuse(number, line)
        self._heading(number, len(heading[1]), _without_closing(heading[2]), heading.start(2))
        self._open[-1].links.extend(self._links(number, line))

    def page(self) -> Page:
        self._close(to=1)
        blocks = list(self._top.with_inner())
        for block in blocks:
            self._hidden(block)
        for footnote in self._footnotes.values():
            self._hidden(footnote)
        scan = PageScan(self.file, blocks, self._footnotes, self.report)
        for block in blocks:
            block.footnotes = scan.footnotes_of(block)
        footnotes = scan.footnotes()
        top = self._top.closed()
        return Page(
            title=self._title,
            lead=top.markdown,
            links=top.links,
            sections=top.sections,
            span=self._top.span,
            lead_footnotes=top.footnotes,
            footnotes=footnotes,
            images=tuple(scan.images),
            definitions=scan.definitions,
        )

    def _in_footnote(self, number: int, line: str) -> bool:
        """Whether the line is part of a footnote: its first, one that follows, an indented one.

        In place of each stays an empty line, so that it parts the paragraphs around it.
        """
        start = _FOOTNOTE.match(line)
        if start is not None:
            span = Span(self.file, number, start.start(1) - 1, number, start.end(1) + 2)
            self._footnote = OpenFootnote(start[1], span)
            first = self._footnotes.setdefault(start[1], self._footnote)
            if first is not self._footnote:
                advice = f"the first is in line {first.span.line}; name one otherwise"
                message = f"two footnotes are called '{start[1]}'"
                self.report("KB146", message, span, advice)
            text = line[: start.start(2)]
            self._footnote.add(number, start[2])
            line = " " * len(text) + start[2]
        elif self._footnote is None:
            return False
        else:
            goes_on = bool(self._footnote.lines[-1].strip()) and not _NEW_BLOCK.match(line)
            if line.strip() and not line.startswith(("  ", "\t")) and not goes_on:
                self._footnote = None
                return False
            self._footnote.add(number, line[min(4, len(line) - len(line.lstrip())) :])
        self._open[-1].add(number, "")
        self._footnote.links.extend(self._links(number, line))
        self._refuse(number, line)
        return True

    def report(self, code: str, message: str, span: Span, advice: str) -> None:
        if code == "KB147" and self._reported.intersection({(c, span.line) for c in _UNSAFE}):
            return  # it is no link because of what is wrong with it
        self._reported.add((code, span.line))
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Diagnostic(code, Severity.ERROR, message, span, help=advice))

    def _in_code(self, line: str) -> bool:
        fence = _FENCE.match(line)
        if self._fence is not None:
            if fence and fence[1].startswith(self._fence) and not line.strip(" `~"):
                self._fence = None
            return True
        if fence:
            self._fence = fence[1]
            return True
        return False

    def _heading(self, number: int, level: int, text: str, column: int) -> None:
        span = Span(self.file, number, column + 1, number, column + 1 + len(text))
        attributes = _ATTRIBUTES.search(text)
        title = text[: attributes.start()].rstrip() if attributes else text
        if _MARKED.search(title):
            title, wrong = plain_heading(title)
            if wrong is not None:
                advice = "a heading is words alone; write this into the text below it"
                self.report("KB147", f"'{wrong}' cannot be shown in a heading", span, advice)
        name, classes = self._attributes(attributes[1] if attributes else "", span)
        if level == 1:
            if self._title is None and self._open == [self._top] and not self._top.sections:
                self._title = title
                self._top.span = span
                return
            self.report(
                "KB132", "a page has one title; its sections start with '##'", span, "use '##'"
            )
            level = 2
        if not title.strip():
            self.report("KB132", "this heading has no words", span, "give the section a title")
        self._close(to=level)
        section_id = name or _slug(title)
        if section_id in self._ids:
            message = f"two sections are called '{section_id}'"
            first = f"the first is in line {self._ids[section_id]}; name one with {{#name}}"
            self.report("KB133", message, span, first)
        self._ids[section_id] = number
        self._open.append(_OpenSection(level, title, section_id, classes, span))

    def _attributes(self, text: str, span: Span) -> tuple[str, tuple[str, ...]]:
        name, classes = "", []
        for word in text.split():
            if word.startswith("#") and len(word) > 1:
                name = word[1:]
            elif word.startswith(".") and word[1:] in CLASSES:
                classes.append(word[1:])
            else:
                known = ", ".join(f".{known}" for known in CLASSES)
                message = f"'{word}' is not an attribute of a heading"
                self.report("KB134", message, span, f"write {{#name}} or one of: {known}")
        return name, tuple(classes)

    def _close(self, *, to: int) -> None:
        """Close every open section of level `to` or deeper."""
        while len(self._open) > 1 and self._open[-1].level >= to:
            section = self._open.pop()
            self._open[-1].sections.append(section)

    def _links(self, number: int, line: str) -> Iterator[Link]:
        for match in _LINK.finditer(_blank_code(line)):
            span = Span(self.file, number, match.start() + 1, number, match.end() + 1)
            if match["reference"] is not None:
                yield Link(
                    "reference", match["reference"], "", (match["locator"] or "").strip(), span
                )
            elif match["thing"].strip():
                # in a table, the bar is written \|
                thing = match["thing"].strip().removesuffix("\\").strip()
                yield Link("thing", thing, match["shown"] or "", "", span)
            else:
                self.report("KB135", "this link has no name", span, "write [[name]]")

    def _refuse(self, number: int, line: str) -> None:
        visible = _blank_code(line)
        for match in _RAW_HTML.finditer(visible):
            span = Span(self.file, number, match.start() + 1, number, match.end() + 1)
            self._report_markup(unsafe_markup.raw_html(match[0]), span)
        patterns = (_TARGET, _DEFINITION, _AUTOLINK)
        targets = [match for pattern in patterns for match in pattern.finditer(visible)]
        if self._target_follows and (first := _FIRST_WORD.match(visible)):
            targets.append(first)
        for match in {match.start(1): match for match in targets}.values():
            self._target(number, match)
        self._target_follows = _TARGET_FOLLOWS.search(visible.rstrip()) is not None

    def _target(self, number: int, match: re.Match[str]) -> None:
        if not unsafe_markup.is_safe_link(match[1]):
            span = Span(self.file, number, match.start(1) + 1, number, match.end(1) + 1)
            self._report_markup(unsafe_markup.unsafe_link(match[1]), span)

    def _report_markup(self, markup: unsafe_markup.UnsafeMarkup, span: Span) -> None:
        self.report(markup.code, markup.message, span, markup.help)

    def _hidden(self, section: Block) -> None:
        """Report what only a parser finds, unless a line of the block has that finding already."""
        for markup in unsafe_markup.unsafe_markup("\n".join(section.lines)):
            numbers = section.numbers[markup.start : markup.end]
            # a definition of [a] may stand anywhere in the section
            lines = section.numbers if markup.code == "KB131" else numbers
            if not any((markup.code, number) in self._reported for number in lines):
                self._report_markup(markup, Span(self.file, numbers[0], 1, numbers[0], 2))


def _blank_code(line: str) -> str:
    """The line with its code spans blanked, so that columns stay.

    A code span goes from a run of backticks to the next run of the same length:
    https://spec.commonmark.org/0.31.2/#code-spans
    """
    if "`" not in line:
        return line
    runs = [match.span() for match in _TICKS.finditer(line)]
    later: dict[int, list[int]] = {}
    for at, (start, end) in reversed(list(enumerate(runs))):
        later.setdefault(end - start, []).append(at)
    parts = []
    done = at = 0
    while at < len(runs):
        start, end = runs[at]
        same = later[end - start]
        while same and same[-1] <= at:
            same.pop()
        if not same:
            at += 1
            continue
        closed = runs[same[-1]][1]
        parts += [line[done:start], " " * (closed - start)]
        done, at = closed, same[-1] + 1
    return "".join([*parts, line[done:]])


def _without_closing(text: str) -> str:
    """A heading's text without the number signs that may close it."""
    text = text.rstrip(" \t")
    bare = text.rstrip("#")
    return bare.rstrip(" \t") if not bare or bare[-1] in " \t" else text


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-") or "section"
