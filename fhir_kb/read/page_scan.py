"""What all the texts of a page share: link definitions, footnotes and images."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import unquote

from fhir_kb.diagnostics import Span, did_you_mean
from fhir_kb.model.page import Footnote, Link, PageImage
from fhir_kb.read.page_markup import definitions, scan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Report = Callable[[str, str, Span, str], None]
    """code, message, place, advice"""

WORDS_ADVICE: Final = "say what it shows, for readers who do not see it: ![words](file)"


class Block(Protocol):
    """Prose with the numbers of its lines."""

    lines: list[str]
    numbers: list[int]


@dataclass
class OpenFootnote:
    """A footnote that is being read; see Footnote."""

    name: str
    span: Span
    lines: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    def add(self, number: int, line: str) -> None:
        """Add a line."""
        self.lines.append(line)
        self.numbers.append(number)


class PageScan:
    """Goes through the texts of a page in reading order.

    Attributes:
        definitions: The link definitions of all its texts.
        images: Its images.
    """

    def __init__(
        self,
        file: str,
        blocks: Sequence[Block],
        footnotes: Mapping[str, OpenFootnote],
        report: Report,
    ) -> None:
        """A page whose lines are read.

        Args:
            file: the page, as messages show it.
            blocks: its prose, in reading order.
            footnotes: its footnotes, by name.
            report: takes what is wrong.
        """
        self._file = file
        self._footnotes = footnotes
        self._report = report
        self._order: list[str] = []
        self.images: list[PageImage] = []
        self.definitions: dict[str, Any] = {}
        for block in (*blocks, *footnotes.values()):
            for name, target in definitions("\n".join(block.lines)).items():
                self.definitions.setdefault(name, target)

    def footnotes_of(self, block: Block) -> tuple[str, ...]:
        """Scan a text: the names of its footnotes, and of those that these refer to."""
        names: dict[str, None] = {}
        pending = self._scan(block)
        while pending:
            name = pending.pop(0)
            if name in names:
                continue
            names[name] = None
            if name not in self._order:
                self._order.append(name)
                pending.extend(self._scan(self._footnotes[name]))
        return tuple(names)

    def footnotes(self) -> tuple[Footnote, ...]:
        """The footnotes that texts refer to, in that order; the others are findings."""
        for name, unused in self._footnotes.items():
            if name not in self._order:
                advice = f"write [^{name}] where it belongs, or remove it"
                self._report("KB146", f"nothing refers to footnote '{name}'", unused.span, advice)
        made = (self._footnotes[name] for name in self._order)
        return tuple(
            Footnote(one.name, "\n".join(one.lines).strip(), tuple(one.links), one.span)
            for one in made
        )

    def _scan(self, block: Block) -> list[str]:
        result = scan("\n".join(block.lines), self.definitions)
        found: dict[tuple[int, str], int] = {}
        for use in result.images:
            span = self._span(block, use.start, use.end, "![", found)
            target = unquote(use.target)
            if not use.words:
                self._report("KB136", f"the image '{target}' has no words", span, WORDS_ADVICE)
            self.images.append(PageImage(target, use.words, span))
        names = []
        for name, start, end in result.footnotes:
            if name in self._footnotes:
                names.append(name)
                continue
            span = self._span(block, start, end, f"[^{name}]", found)
            advice = did_you_mean(name, self._footnotes)
            advice = advice if self._footnotes else f"add a line: [^{name}]: its text"
            self._report("KB146", f"there is no footnote '{name}'", span, advice or "")
        for markup in result.refused:
            span = self._span(block, markup.start, markup.end, markup.sign, found)
            self._report(markup.code, markup.message, span, markup.help)
        return names

    def _span(
        self, block: Block, start: int, end: int, sign: str, found: dict[tuple[int, str], int]
    ) -> Span:
        """Where a sign stands in a block: at its next place after those in `found`."""
        last = min(end, len(block.lines))
        for at in range(start, last):
            column = block.lines[at].find(sign, found.get((at, sign), 0)) if sign else -1
            if column >= 0:
                found[at, sign] = column + len(sign)
                number = block.numbers[at]
                return Span(self._file, number, column + 1, number, column + 1 + len(sign))
        number = block.numbers[min(start, len(block.numbers) - 1)]
        return Span(self._file, number, 1, number, 2)
