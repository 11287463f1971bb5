"""What a build made: which releases, where, how many of what, and what was lost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics.render.json import as_records
from fhir_kb.diagnostics.render.merge import merged, release_names
from fhir_kb.diagnostics.render.text import harmless, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from fhir_kb.diagnostics import Diagnostic
    from fhir_kb.diagnostics.render.human import Style
    from fhir_kb.pipeline import Build

_SHOWN_LOSSES: Final = 5


def summary(build: Build, output: Path, style: Style, *, everything: bool = False) -> str:
    """The end of a build in a few lines of at most 80 columns."""
    lines: list[str] = []
    if build.made and build.written is not None:
        lines.append(f"{style.bold(output.as_posix() + '/')}  {_written(build)}")
        label = max(len(made.label) for made in build.made)
        for made in build.made:
            total = sum(made.counts.values())
            start = f"  {made.name + '/':<5} {made.label:<{label}} {total:>5} resources: "
            lines += _list(start, _counted(made.counts), style.width)
    else:
        lines.append(f"Nothing was written to {output.as_posix()}/")
    releases = [made.name for made in build.made]
    text = "".join(f"{line}\n" for line in lines)
    return text + losses(build.losses, releases, style, None if everything else _SHOWN_LOSSES)


def losses(lost: Iterable[Diagnostic], releases: list[str], style: Style, limit: int | None) -> str:
    """What the releases cannot say: the number, and the first `limit` with their places."""
    lines = _losses(lost, releases, style, limit)
    return "".join(f"{line}\n" for line in lines)


def as_data(build: Build) -> dict[str, Any]:
    """The same for programs, without the findings."""
    return {
        "made": [
            {
                "release": made.name,
                "label": made.label,
                "folder": str(made.folder),
                "resources": dict(made.counts),
            }
            for made in build.made
        ],
        "files": _files(build),
        "losses": as_records(build.losses),
    }


def _written(build: Build) -> str:
    parts = [f"{number} {word}" for word, number in _files(build).items() if number]
    topics = "1 topic" if build.topics == 1 else f"{build.topics} topics"
    return f"{topics}; files: {', '.join(parts) or 'none'}"


def _files(build: Build) -> dict[str, int]:
    written = build.written
    if written is None:
        return {}
    return {
        "new": written.made,
        "changed": written.changed,
        "unchanged": written.unchanged,
        "removed": written.removed,
    }


def _counted(counts: Mapping[str, int]) -> list[str]:
    return [f"{number} {kind}" for kind, number in sorted(counts.items()) if number]


def _list(start: str, words: list[str], limit: int) -> Iterator[str]:
    """`start` and the words with commas, the next lines indented below the first word."""
    line, indent = start, " " * width(start)
    for position, word in enumerate(words):
        piece = word if position == len(words) - 1 else f"{word},"
        if line not in (start, indent) and width(line) + width(piece) > limit:
            yield line.rstrip()
            line = indent
        line += f"{piece} "
    yield line.rstrip()


def _losses(
    all_lost: Iterable[Diagnostic], releases: list[str], style: Style, limit: int | None
) -> Iterator[str]:
    lost = merged(all_lost)
    if not lost:
        return
    by_release = Counter(release for each in lost for release in each.releases)
    numbers = [
        f"{by_release[name]} in {release_names([name])}" for name in releases if by_release[name]
    ]
    many = "1 thing" if len(lost) == 1 else f"{len(lost)} things"
    more = "; --all shows them" if limit == 0 else ":"
    yield f"{many} a release cannot say ({', '.join(numbers)}){more}"
    shown = lost[:limit]
    for each in shown:
        where = f" ({release_names(each.releases)})" if each.releases else ""
        yield f"  {harmless(str(each.finding.span))}"
        text = harmless(each.finding.message) + where
        yield from (f"    {line}" for line in wrapped(text, style.width - 4))
    if 0 < len(shown) < len(lost):
        yield style.dim(f"  … and {len(lost) - len(shown)} more; --all shows them")
