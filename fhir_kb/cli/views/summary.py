"""What a build made: which releases, where, how many of what, and what was lost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics import Severity
from fhir_kb.diagnostics.render.json import as_records
from fhir_kb.diagnostics.render.merge import merged, release_names
from fhir_kb.diagnostics.render.terminal_text import terminal_safe, width, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from fhir_kb.diagnostics import Diagnostic
    from fhir_kb.diagnostics.render.human import Style
    from fhir_kb.diagnostics.render.merge import MergedFinding
    from fhir_kb.pipeline import Build

_SHOWN_LOSSES: Final = 5


def summary(build: Build, output: Path, style: Style, *, everything: bool = False) -> str:
    """The end of a build in a few lines of at most 80 columns."""
    lines: list[str] = []
    if build.releases and build.files is not None:
        lines.append(f"{style.bold(output.as_posix() + '/')}  {_written(build)}")
        label = max(len(release.label) for release in build.releases)
        for release in build.releases:
            total = sum(release.counts.values())
            start = f"  {release.name + '/':<5} {release.label:<{label}} {total:>5} resources: "
            lines += _list(start, _counted(release.counts), style.width)
        if build.without_models:
            lines.append(
                f"{build.without_models} topics were not checked by the models of fhir.resources;"
                " --models"
            )
            lines.append("checks them too, in twice the time")
    else:
        lines.append(f"Nothing was written to {output.as_posix()}/")
    releases = [release.name for release in build.releases]
    text = "".join(f"{line}\n" for line in lines)
    if not releases:  # first things first: the errors
        return text
    return text + losses(build.losses, releases, style, None if everything else _SHOWN_LOSSES)


def losses(lost: Iterable[Diagnostic], releases: list[str], style: Style, limit: int | None) -> str:
    """What the releases cannot say: the number, and the first `limit` with their places."""
    lines = _losses(lost, releases, style, limit)
    return "".join(f"{line}\n" for line in lines)


def as_data(build: Build) -> dict[str, Any]:
    """The same for programs, without the findings."""
    return {
        "releases": [
            {
                "name": release.name,
                "label": release.label,
                "fhirVersion": release.fhir_version,
                "folder": str(release.folder),
                "resources": dict(release.counts),
            }
            for release in build.releases
        ],
        "files": _files(build),
        "losses": as_records(build.losses),
    }


def _written(build: Build) -> str:
    parts = [f"{number} {word}" for word, number in _files(build).items() if number]
    topics = "1 topic" if build.topics == 1 else f"{build.topics} topics"
    return f"{topics}; files: {', '.join(parts) or 'none'}"


def _files(build: Build) -> dict[str, int]:
    written = build.files
    if written is None:
        return {}
    return {
        "new": written.created,
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
    """What is given up, by name; what is kept elsewhere, as a number unless all is wanted."""
    lost = merged(all_lost)
    given_up = [one for one in lost if one.finding.severity is not Severity.INFORMATION]
    kept = [one for one in lost if one.finding.severity is Severity.INFORMATION]
    if given_up:
        things = "1 thing" if len(given_up) == 1 else f"{len(given_up)} things"
        more = "; --all shows them" if limit == 0 else ":"
        yield f"{things} a release cannot say{_by_release(given_up, releases)}{more}"
        shown = given_up[:limit]
        yield from _listed(shown, style)
        if 0 < len(shown) < len(given_up):
            yield style.dim(f"  … and {len(given_up) - len(shown)} more; --all shows them")
    if kept:
        things = "1 thing is" if len(kept) == 1 else f"{len(kept)} things are"
        more = "; --all shows them" if limit is not None else ":"
        yield f"{things} kept elsewhere{_by_release(kept, releases)}{more}"
        if limit is None:
            yield from _listed(kept, style)


def _by_release(lost: list[MergedFinding], releases: list[str]) -> str:
    counted = Counter(release for one in lost for release in one.releases)
    numbers = [f"{counted[name]} in {release_names([name])}" for name in releases if counted[name]]
    return f" ({', '.join(numbers)})" if numbers else ""


def _listed(lost: list[MergedFinding], style: Style) -> Iterator[str]:
    for one in lost:
        where = f" ({release_names(one.releases)})" if one.releases else ""
        yield f"  {terminal_safe(str(one.finding.span))}"
        text = terminal_safe(one.finding.message) + where
        yield from (f"    {line}" for line in wrapped(text, style.width - 4))
