"""FHIR packages: the list, what was installed, what is locked, and one of them."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from fhir_kb.cli.views.page import Page
from fhir_kb.diagnostics.render.terminal_text import terminal_safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fhir_kb.diagnostics.render.human import Style
    from fhir_kb.packages.registry.install import InstalledPackage
    from fhir_kb.pipeline.packages import CachedPackage, LockResult, PackageDetails


def listing(packages: Sequence[CachedPackage], style: Style) -> Page:
    """The packages on this machine: one line each."""
    data = [
        {
            "name": package.manifest.name,
            "version": package.manifest.version,
            "fhirVersions": list(package.manifest.fhir_versions),
            "title": package.manifest.title,
            "folder": str(package.folder),
            **({"problem": package.problem} if package.problem else {}),
        }
        for package in packages
    ]
    rows = [
        (
            f"{package.manifest.name}#{package.manifest.version}",
            package.problem or " ".join(package.manifest.fhir_versions),
        )
        for package in packages
    ]
    lines = list(_table(rows, style)) or ["There are no packages on this machine."]
    return Page(_text(lines), {"packages": data})


def installed(packages: Sequence[InstalledPackage], style: Style) -> Page:
    """The packages that `get` was to provide."""
    rows = [
        (package.label, "installed" if package.is_new else "already installed")
        for package in packages
    ]
    lines = list(_table(rows, style)) or ["Nothing to get: kb.yaml names no dependencies."]
    data = [
        {"name": package.name, "version": package.version, "fetched": package.is_new}
        for package in packages
    ]
    return Page(_text(lines), {"packages": data})


def locked(result: LockResult, style: Style) -> Page:
    """What `lock` wrote."""
    rows = [
        (f"{package.name}#{package.version}", (package.sha256 or package.content)[:12])
        for package in result.packages
    ]
    state = "written" if result.is_changed else "unchanged"
    lines = [f"{terminal_safe(result.file.as_posix())}: {state}", *_table(rows, style)]
    packages = [
        {
            "name": package.name,
            "version": package.version,
            "contentDigest": package.content,
            "sha256": package.sha256,
        }
        for package in result.packages
    ]
    data = {"file": result.file.as_posix(), "changed": result.is_changed, "packages": packages}
    return Page(_text(lines), data)


def details(details: PackageDetails, style: Style) -> Page:
    """One package."""
    package, manifest = details.package, details.package.manifest
    dependencies = (f"{name}#{version}" for name, version in package.dependencies.items())
    facts = [
        ("title", manifest.title),
        ("canonical", manifest.canonical),
        ("FHIR", " ".join(package.fhir_versions)),
        ("folder", str(package.folder)),
        ("needs", ", ".join(dependencies)),
        ("holds", ", ".join(f"{number} {name}" for name, number in details.counts.items())),
        *(("problem", problem) for problem in package.problems),
    ]
    lines = [style.bold(terminal_safe(package.label))]
    for name, words in facts:
        if words:
            lines += _fact(name, words, style.width)
    data = {
        "name": package.name,
        "version": package.version,
        "title": manifest.title,
        "canonical": manifest.canonical,
        "fhirVersions": list(package.fhir_versions),
        "folder": str(package.folder),
        "dependencies": dict(package.dependencies),
        "resources": dict(details.counts),
        "problems": list(package.problems),
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
    safe_rows = [(terminal_safe(left), terminal_safe(right)) for left, right in rows]
    longest = max((len(left) for left, _ in safe_rows), default=0)
    column = min(longest, style.width * 2 // 3)
    for left, right in safe_rows:
        lines = wrap(right, max(20, style.width - column - 4)) or [""]
        if len(left) > column:
            yield f"  {left}"
            left = ""  # noqa: PLW2901
        for line in lines:
            yield f"  {left:<{column}}  {line}".rstrip()
            left = ""  # noqa: PLW2901


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
