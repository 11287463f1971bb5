"""Findings for people: place, severity, code, one sentence, the source line, what to do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics.render.excerpt import Excerpt, excerpt, lines_of
from fhir_kb.diagnostics.render.merge import MergedFinding, merged, release_names
from fhir_kb.diagnostics.render.terminal_text import terminal_safe, width, wrapped
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
    """How findings are shown: with colours, for how wide a screen, how many at most."""

    colour: bool = False
    width: int = 80
    limit: int | None = None

    def paint(self, text: str, colour: str) -> str:
        """`text` in a colour, where colours are wanted."""
        return f"{colour}{text}{_RESET}" if self.colour and text else text

    def bold(self, text: str) -> str:
        """`text` in bold, where colours are wanted."""
        return self.paint(text, _BOLD)

    def dim(self, text: str) -> str:
        """`text` held back, where colours are wanted."""
        return self.paint(text, _DIM)


def human(
    findings: Iterable[Diagnostic],
    read: Callable[[str], str | None],
    style: Style,
    releases: Iterable[str] = (),
) -> str:
    """The findings with the lines they are about, and how many there are; "" where there are none.

    read: gives the text of a file by the name that spans know it by, or None.
    releases: all that the run was about.
    Where there are more than `style.limit`, the gravest are shown and the number of the others.
    """
    shown = merged(findings, releases)
    if not shown:
        return ""
    selected = _gravest(shown, style.limit)
    sources = _Sources(read)
    blocks = ["\n".join(_finding(each, sources, style)) for each in selected]
    left = len(shown) - len(selected)
    if left:
        blocks.append(style.dim(f"… and {left} more; --all shows them"))
    blocks.append(style.bold(counts([each.finding for each in shown])))
    quoted = any("\n" in block for block in blocks)
    return ("\n\n" if quoted else "\n").join(blocks) + "\n"


def counts(findings: Sequence[Diagnostic]) -> str:
    """How many findings there are: `2 errors, 1 warning in 2 files`."""
    numbers = Counter(found.severity for found in findings)
    words = {
        Severity.ERROR: ("error", "errors"),
        Severity.WARNING: ("warning", "warnings"),
        Severity.INFORMATION: ("note", "notes"),
    }
    parts = [
        f"{numbers[severity]} {one if numbers[severity] == 1 else many}"
        for severity, (one, many) in words.items()
        if numbers[severity]
    ]
    files = len({found.span.file for found in findings} - {""})
    where = f" in {files} {'file' if files == 1 else 'files'}" if files else ""
    return ", ".join(parts) + where


def _gravest(shown: tuple[MergedFinding, ...], limit: int | None) -> list[MergedFinding]:
    if limit is None or len(shown) <= limit:
        return list(shown)
    by_rank = sorted(range(len(shown)), key=lambda n: (_RANK[shown[n].finding.severity], n))
    return [shown[n] for n in sorted(by_rank[:limit])]


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


def _finding(shown: MergedFinding, sources: _Sources, style: Style) -> Iterator[str]:
    found = shown.finding
    colour = _COLOURS[found.severity]
    label = style.paint(style.bold(f"{found.severity.value}[{found.code}]"), colour)
    where = f" ({release_names(shown.releases)})" if shown.releases else ""
    place = style.bold(terminal_safe(str(found.span)) + ": ") if found.span.file else ""
    yield f"{place}{label} {terminal_safe(found.message)}{style.dim(where)}"
    advice = terminal_safe(found.help) if found.help else ""
    quoted = sources.excerpt(found.span, max(20, style.width - _GUTTER - 3))
    edge = style.dim(" " * (_GUTTER + 1) + "|") if quoted else " "
    if quoted is not None:
        yield style.dim(f"{found.span.line:>{_GUTTER}} |") + f" {quoted.line}"
        mark = " " * quoted.indent + style.paint("^" * quoted.length, colour)
        beside = _GUTTER + 3 + quoted.indent + quoted.length + 1 + width(advice) <= style.width
        yield f"{edge} {mark}{' ' + advice if advice and beside else ''}"
        if beside:
            advice = ""
    if advice:
        yield from (f"{edge} {line}" for line in wrapped(advice, style.width - _GUTTER - 3))
    if found.path:
        yield f"{edge} {style.dim('at ' + terminal_safe(found.path))}"
