"""Findings for people: place, severity, code, one sentence, the source line, what to do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics.render.excerpt import Excerpt, excerpt, lines_of
from fhir_kb.diagnostics.render.merge import MergedFinding, merge_releases, release_names
from fhir_kb.diagnostics.render.terminal_text import terminal_safe, width, wrap_text
from fhir_kb.diagnostics.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from fhir_kb.diagnostics.diagnostic import Diagnostic
    from fhir_kb.diagnostics.span import Span

_GUTTER: Final = 5
_BOLD, _DIM, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_COLOURS: Final = {
    Severity.ERROR: "\x1b[31m",
    Severity.WARNING: "\x1b[33m",
    Severity.INFORMATION: "\x1b[36m",
}
_RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Style:
    """How findings are shown."""

    colour: bool = False
    width: int = 80
    """Of the terminal, in columns."""
    limit: int | None = None
    """How many at most; None for all."""

    def paint(self, text: str, colour: str) -> str:
        """`text` in a colour, unless colours are off."""
        return f"{colour}{text}{_RESET}" if self.colour and text else text

    def bold(self, text: str) -> str:
        """`text` in bold, unless colours are off."""
        return self.paint(text, _BOLD)

    def dim(self, text: str) -> str:
        """`text` dimmed, unless colours are off."""
        return self.paint(text, _DIM)


def render_human(
    findings: Iterable[Diagnostic],
    read: Callable[[str], str | None],
    style: Style,
    releases: Iterable[str] = (),
) -> str:
    """The findings with the lines they are about, and how many there are; "" where there are none.

    Of more than `style.limit` findings, the most severe are shown and the number of the others.

    Args:
        findings: In any order.
        read: Returns the text of a file by its name in spans, or None.
        style: How wide, with which colours, how many.
        releases: All that the run was about.
    """
    merged = merge_releases(findings, releases)
    if not merged:
        return ""
    selected = _most_severe(merged, style.limit)
    sources = _Sources(read)
    blocks = ["\n".join(_finding(finding, sources, style)) for finding in selected]
    left = len(merged) - len(selected)
    if left:
        blocks.append(style.dim(f"… and {left} more; --all shows them"))
    blocks.append(style.bold(counts([finding.finding for finding in merged])))
    quoted = any("\n" in block for block in blocks)
    return ("\n\n" if quoted else "\n").join(blocks) + "\n"


def counts(findings: Sequence[Diagnostic]) -> str:
    """How many findings there are: `2 errors, 1 warning in 2 files`."""
    numbers = Counter(finding.severity for finding in findings)
    words = {
        Severity.ERROR: ("error", "errors"),
        Severity.WARNING: ("warning", "warnings"),
        Severity.INFORMATION: ("note", "notes"),
    }
    parts = [
        f"{numbers[severity]} {singular if numbers[severity] == 1 else plural}"
        for severity, (singular, plural) in words.items()
        if numbers[severity]
    ]
    files = len({finding.span.file for finding in findings} - {""})
    where = f" in {files} {'file' if files == 1 else 'files'}" if files else ""
    return ", ".join(parts) + where


def _most_severe(findings: tuple[MergedFinding, ...], limit: int | None) -> list[MergedFinding]:
    if limit is None or len(findings) <= limit:
        return list(findings)
    by_rank = sorted(range(len(findings)), key=lambda n: (_RANK[findings[n].finding.severity], n))
    return [findings[n] for n in sorted(by_rank[:limit])]


class _Sources:
    """The lines of the file that is being quoted; findings come file by file."""

    def __init__(self, read: Callable[[str], str | None]) -> None:
        self._read: Final = read
        self._file: str | None = None
        self._lines: list[str] = []

    def excerpt(self, span: Span, room: int) -> Excerpt | None:
        if span.line == 0:
            return None
        if span.file != self._file:
            text = self._read(span.file)
            self._file, self._lines = span.file, [] if text is None else lines_of(text, span.file)
        return excerpt(self._lines, span, room)


def _finding(merged: MergedFinding, sources: _Sources, style: Style) -> Iterator[str]:
    finding = merged.finding
    colour = _COLOURS[finding.severity]
    label = style.paint(style.bold(f"{finding.severity.value}[{finding.code}]"), colour)
    where = f" ({release_names(merged.releases)})" if merged.releases else ""
    place = style.bold(terminal_safe(str(finding.span)) + ": ") if finding.span.file else ""
    yield f"{place}{label} {terminal_safe(finding.message)}{style.dim(where)}"
    advice = terminal_safe(finding.help) if finding.help else ""
    quoted = sources.excerpt(finding.span, max(20, style.width - _GUTTER - 3))
    edge = style.dim(" " * (_GUTTER + 1) + "|") if quoted else " "
    if quoted is not None:
        yield style.dim(f"{finding.span.line:>{_GUTTER}} |") + f" {quoted.line}"
        mark = " " * quoted.indent + style.paint("^" * quoted.length, colour)
        beside = _GUTTER + 3 + quoted.indent + quoted.length + 1 + width(advice) <= style.width
        yield f"{edge} {mark}{' ' + advice if advice and beside else ''}"
        if beside:
            advice = ""
    if advice:
        yield from (f"{edge} {line}" for line in wrap_text(advice, style.width - _GUTTER - 3))
    if finding.path:
        yield f"{edge} {style.dim('at ' + terminal_safe(finding.path))}"
