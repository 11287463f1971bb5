"""From what somebody asks for to the packages themselves, with all that they stand on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fhir_kb.model.fhir_release import FHIR_RELEASES
from fhir_kb.packages.cache.folders import Places, places
from fhir_kb.packages.cache.store import (
    ARCHIVES,
    Package,
    PackageSet,
    installed,
    missing,
    open_installed,
    open_package,
)
from fhir_kb.packages.dependencies.versions import Wanted, choose, needed, wanted
from fhir_kb.packages.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.packages.dependencies.lock_file import Locked

MAX_PACKAGES = 1000
SHIPPED = frozenset(
    (name, release.version) for release in FHIR_RELEASES for name in release.core_packages
)
"""Name and version of the packages whose definitions ship with fhir-kb: they need not be here."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A package in one version, and what it needs: name -> version or range."""

    name: str
    version: str
    dependencies: Mapping[str, str]

    @property
    def label(self) -> str:
        """ "name#version"."""
        return f"{self.name}#{self.version}"


class Source(Protocol):
    """Whoever knows which packages there are."""

    def has(self, name: str, version: str) -> bool:
        """Whether the package is on this machine."""

    def choose(self, one: Wanted) -> Chosen | None:
        """The version to take; None where none will do. Raises PackageError."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A package that is needed and not there. by: the label of the package that needs it, or ""."""

    wanted: Wanted
    by: str = ""


def closure(
    roots: Iterable[tuple[Wanted, str]], source: Source
) -> tuple[list[Chosen], list[Missing]]:
    """The packages asked for and all that they need, each once, in the order they are met.

    roots: with the label of the package that needs it, or "" where somebody asks for it. A package
    may be there in two versions, where two others need it so. Those that ship with fhir-kb are
    only taken where they are asked for, or are there anyway. Raises PackageError.
    """
    found: dict[tuple[str, str], Chosen] = {}
    lacking: dict[Wanted, Missing] = {}
    asked: set[Wanted] = set()
    queue = list(roots)
    for one, by in queue:  # grows while it is walked through
        if one in asked:
            continue
        asked.add(one)
        if by and (one.name, one.versions) in SHIPPED and not source.has(one.name, one.versions):
            continue
        chosen = source.choose(one)
        if chosen is None:
            lacking[one] = Missing(one, by)
            continue
        if (chosen.name, chosen.version) in found:
            continue
        found[chosen.name, chosen.version] = chosen
        if len(found) > MAX_PACKAGES:
            raise PackageError(
                f"more than {MAX_PACKAGES} packages are needed", "Name those that matter"
            )
        queue += [
            (needed(name, versions), chosen.label)
            for name, versions in sorted(chosen.dependencies.items())
        ]
    return list(found.values()), list(lacking.values())


class Installed:
    """The packages on this machine, as a `Source`. What is locked is preferred."""

    def __init__(self, where: Places, locked: Iterable[Locked] = ()) -> None:
        self._where = where
        self._locked = _by_name((one.name, one.version) for one in locked)
        self._versions = _by_name((name, version) for name, version, _ in installed(where))

    def has(self, name: str, version: str) -> bool:
        """Whether the package is here."""
        return version in self._versions.get(name, ())

    def choose(self, one: Wanted) -> Chosen | None:
        """See Source.choose."""
        here = self._versions.get(one.name, [])
        version = choose(one, [v for v in self._locked.get(one.name, ()) if v in here])
        version = version or choose(one, here)
        return None if version is None else self.chosen(one.name, version)

    def chosen(self, name: str, version: str) -> Chosen:
        """A package that is here. Raises PackageError where it is not."""
        package = open_installed(name, version, self._where)
        return Chosen(name, version, package.dependencies)


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, version in pairs:
        found.setdefault(name, []).append(version)
    return found


@dataclass(frozen=True, slots=True)
class Loaded:
    """packages: those asked for first. missing: what they need and is not on this machine."""

    packages: PackageSet
    missing: tuple[Missing, ...] = ()


def load(
    words: Iterable[str],
    where: Places | None = None,
    *,
    locked: Iterable[Locked] = (),
    also: Iterable[Path] = (),
) -> Loaded:
    """Open packages and all that they need, from this machine only; the network is never asked.

    words: "name#version", "name@1.2.x", "name", or the path of a .tgz or folder. also: folders of
    resources, or JSON files; they come first. Raises PackageError where one that is asked for is
    not there.
    """
    where = where or places()
    source = Installed(where, locked)
    opened: list[Package] = [open_package(folder, where) for folder in also]
    roots: list[tuple[Wanted, str]] = []
    for word in words:
        if is_path(word):
            opened.append(open_package(Path(word), where))
        else:
            roots.append((wanted(word), ""))
    for package in opened:
        roots += [(needed(*line), package.label) for line in package.dependencies.items()]
    chosen, lacking = closure(roots, source)
    for one in lacking:
        if not one.by:
            raise missing(str(one.wanted), where)
    opened += [open_installed(one.name, one.version, where) for one in chosen]
    return Loaded(PackageSet(opened), tuple(lacking))


def is_path(word: str) -> bool:
    """Whether a word is the path of a package, and not its name."""
    return (
        word.endswith((*ARCHIVES, ".json"))
        or "/" in word
        or "\\" in word
        or word in (".", "..")
        or Path(word).is_dir()
    )
