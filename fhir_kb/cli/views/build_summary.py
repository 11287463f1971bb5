"""The summary of a build: which releases, where, how many of what, and what they cannot say."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics import Severity
from fhir_kb.diagnostics.render.json import as_records
from fhir_kb.diagnostics.render.merge import merge_releases, release_names
from fhir_kb.diagnostics.render.terminal_text import terminal_safe, width, wrap_text

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
    folder = f"{terminal_safe(output.as_posix())}/"
    if not build.releases or build.files is None:  # first things first: the errors
        return f"Nothing was written to {folder}\n"
    lines = [f"{style.bold(folder)}  {_written(build)}"]
    label_width = max(len(release.label) for release in build.releases)
    for release in build.releases:
        total = sum(release.counts.values())
        start = f"  {release.name + '/':<5} {release.label:<{label_width}} {total:>5} resources: "
        lines += _list(start, _counted(release.counts), style.width)
    if build.without_models:
        lines.append(
            f"{build.without_models} topics were not checked by the models of fhir.resources; "
            "--models"
        )
        lines.append("checks them too, in twice the time")
    text = "".join(f"{line}\n" for line in lines)
    names = [release.name for release in build.releases]
    return text + losses(build.losses, names, style, None if everything else _SHOWN_LOSSES)


def losses(
    losses: Iterable[Diagnostic], releases: list[str], style: Style, limit: int | None
) -> str:
    """What the releases cannot say: the number, and the first `limit` with their places."""
    return "".join(f"{line}\n" for line in _loss_lines(losses, releases, style, limit))


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
    files = build.files
    if files is None:
        return {}
    return {
        "new": files.created,
        "changed": files.changed,
        "unchanged": files.unchanged,
        "removed": files.removed,
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


def _loss_lines(
    losses: Iterable[Diagnostic], releases: list[str], style: Style, limit: int | None
) -> Iterator[str]:
    """What is given up, by name; what is kept in another place, as a number unless all is shown."""
    merged = merge_releases(losses)
    given_up = [loss for loss in merged if loss.finding.severity is not Severity.INFORMATION]
    moved = [loss for loss in merged if loss.finding.severity is Severity.INFORMATION]
    if given_up:
        things = "1 thing" if len(given_up) == 1 else f"{len(given_up)} things"
        more = "; --all shows them" if limit == 0 else ":"
        yield f"{things} a release cannot say{_by_release(given_up, releases)}{more}"
        shown = given_up[:limit]
        yield from _listed(shown, style)
        if 0 < len(shown) < len(given_up):
            yield style.dim(f"  … and {len(given_up) - len(shown)} more; --all shows them")
    if moved:
        things = "1 thing is" if len(moved) == 1 else f"{len(moved)} things are"
        more = "; --all shows them" if limit is not None else ":"
        yield f"{things} kept elsewhere{_by_release(moved, releases)}{more}"
        if limit is None:
            yield from _listed(moved, style)


def _by_release(losses: list[MergedFinding], releases: list[str]) -> str:
    counts = Counter(release for loss in losses for release in loss.releases)
    numbers = [f"{counts[name]} in {release_names([name])}" for name in releases if counts[name]]
    return f" ({', '.join(numbers)})" if numbers else ""


def _listed(losses: list[MergedFinding], style: Style) -> Iterator[str]:
    for loss in losses:
        where = f" ({release_names(loss.releases)})" if loss.releases else ""
        yield f"  {terminal_safe(str(loss.finding.span))}"
        text = terminal_safe(loss.finding.message) + where
        yield from (f"    {line}" for line in wrap_text(text, style.width - 4))
