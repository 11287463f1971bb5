"""FHIR packages: what is here, what was got, what is locked, and one of them."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_kb.diagnostics.render.terminal_text import terminal_safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fhir_kb.diagnostics.render.human import Style
    from fhir_kb.packages.registry.install import InstalledPackage
    from fhir_kb.pipeline.packages import CachedPackage, LockResult, PackageDetails


class Page(NamedTuple):
    """The same answer for people and for programs."""

    text: str
    data: dict[str, Any]


def listing(packages: Sequence[CachedPackage], style: Style) -> Page:
    """The packages on this machine: one line each."""
    data = [
        {
            "name": one.manifest.name,
            "version": one.manifest.version,
            "fhirVersions": list(one.manifest.fhir_versions),
            "title": one.manifest.title,
            "folder": str(one.folder),
            **({"problem": one.problem} if one.problem else {}),
        }
        for one in packages
    ]
    rows = [
        (
            f"{one.manifest.name}#{one.manifest.version}",
            one.problem or " ".join(one.manifest.fhir_versions),
        )
        for one in packages
    ]
    lines = list(_table(rows, style)) or ["There are no packages on this machine."]
    return Page(_text(lines), {"packages": data})


def got(packages: Sequence[InstalledPackage], style: Style) -> Page:
    """What `get` made sure of."""
    rows = [(one.label, "new" if one.is_new else "was here") for one in packages]
    lines = list(_table(rows, style)) or ["Nothing is asked for: kb.yaml names no dependencies."]
    data = [{"name": one.name, "version": one.version, "new": one.is_new} for one in packages]
    return Page(_text(lines), {"packages": data})


def locked(result: LockResult, style: Style) -> Page:
    """What `lock` wrote."""
    rows = [(f"{one.name}#{one.version}", (one.sha256 or one.content)[:12])
            for one in result.packages]  # fmt: skip
    state = "written" if result.is_changed else "unchanged"
    lines = [f"{result.file.as_posix()}: {state}", *_table(rows, style)]
    data = [
        {"name": one.name, "version": one.version, "content": one.content, "sha256": one.sha256}
        for one in result.packages
    ]
    whole = {"file": result.file.as_posix(), "changed": result.is_changed, "packages": data}
    return Page(_text(lines), whole)


def package(shown: PackageDetails, style: Style) -> Page:
    """One package."""
    one = shown.package
    facts = [
        ("title", one.manifest.title),
        ("canonical", one.manifest.canonical),
        ("FHIR", " ".join(one.fhir_versions)),
        ("folder", str(one.folder)),
        ("needs", ", ".join(f"{name}#{version}" for name, version in one.dependencies.items())),
        ("holds", ", ".join(f"{number} {name}" for name, number in shown.counts.items())),
        *(("problem", problem) for problem in one.problems),
    ]
    lines = [style.bold(terminal_safe(one.label))]
    for name, words in facts:
        if words:
            lines += _fact(name, words, style.width)
    data = {
        "name": one.name,
        "version": one.version,
        "title": one.manifest.title,
        "canonical": one.manifest.canonical,
        "fhirVersions": list(one.fhir_versions),
        "folder": str(one.folder),
        "dependencies": dict(one.dependencies),
        "resources": dict(shown.counts),
        "problems": list(one.problems),
    }
    return Page(_text(lines), data)


def _fact(name: str, words: str, width: int) -> Iterator[str]:
    first, *rest = wrap(
        terminal_safe(words), width - 12, break_on_hyphens=False, break_long_words=False
    ) or [""]
    yield f"  {name:<9} {first}"
    for line in rest:
        yield " " * 12 + line


def _table(rows: Iterable[tuple[str, str]], style: Style) -> Iterator[str]:
    """Two columns; the second goes below where the first is too long."""
    shown = [(terminal_safe(left), terminal_safe(right)) for left, right in rows]
    longest = max((len(left) for left, _ in shown), default=0)
    column = min(longest, style.width * 2 // 3)
    for left, right in shown:
        lines = wrap(right, max(20, style.width - column - 4)) or [""]
        if len(left) > column:
            yield f"  {left}"
            left = ""  # noqa: PLW2901
        for line in lines:
            yield f"  {left:<{column}}  {line}".rstrip()
            left = ""  # noqa: PLW2901


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
