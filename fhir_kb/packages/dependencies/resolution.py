"""From the packages that a user names to all packages that they depend on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fhir_kb.model.fhir_release import FHIR_RELEASES
from fhir_kb.packages.cache.folders import CacheFolders, cache_folders
from fhir_kb.packages.cache.store import (
    ARCHIVES,
    Package,
    PackageSet,
    installed_packages,
    missing_package_error,
    open_installed,
    open_package,
)
from fhir_kb.packages.dependencies.versions import (
    PackageRequirement,
    choose_version,
    dependency_requirement,
    parse_requirement,
)
from fhir_kb.packages.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.packages.dependencies.lock_file import LockedPackage

MAX_PACKAGES = 1000
SHIPPED = frozenset(
    (name, release.version) for release in FHIR_RELEASES for name in release.core_packages
)
"""Name and version of the packages whose definitions ship with fhir-kb."""


@dataclass(frozen=True, slots=True)
class ResolvedPackage:
    """A package in the version that was chosen."""

    name: str
    version: str
    dependencies: Mapping[str, str]
    """Name -> version or range."""

    @property
    def label(self) -> str:
        """The package as people write it: "name#version"."""
        return f"{self.name}#{self.version}"


class PackageSource(Protocol):
    """Knows which versions of a package there are."""

    def has(self, name: str, version: str) -> bool:
        """Whether the package is on this machine."""

    def choose(self, requirement: PackageRequirement) -> ResolvedPackage | None:
        """The version to take; None where none meets the requirement. Raises PackageError."""


@dataclass(frozen=True, slots=True)
class MissingPackage:
    """A package that is required and not available."""

    requirement: PackageRequirement
    required_by: str = ""
    """The label of the package that depends on it; "" where the user named it."""


def resolve_dependencies(
    roots: Iterable[tuple[PackageRequirement, str]], source: PackageSource
) -> tuple[list[ResolvedPackage], list[MissingPackage]]:
    """The required packages and all that they depend on, each once, in the order of discovery.

    There may be two versions of a package, where two others depend on them. Packages that ship
    with fhir-kb are only included where the user names them, or where they are on this machine.

    Args:
        roots: Requirements, each with the label of the package that has it, or "" where the user
            has named it.
        source: Where versions are looked up.

    Returns:
        The packages, and those that are missing.

    Raises:
        PackageError: There are more than MAX_PACKAGES, or the source fails.
    """
    resolved: dict[tuple[str, str], ResolvedPackage] = {}
    missing: dict[PackageRequirement, MissingPackage] = {}
    visited: set[PackageRequirement] = set()
    queue = list(roots)
    for requirement, required_by in queue:  # the queue grows in this loop
        if requirement in visited:
            continue
        visited.add(requirement)
        if required_by and _ships(requirement) and not _is_here(requirement, source):
            continue
        package = source.choose(requirement)
        if package is None:
            missing[requirement] = MissingPackage(requirement, required_by)
            continue
        if (package.name, package.version) in resolved:
            continue
        resolved[package.name, package.version] = package
        if len(resolved) > MAX_PACKAGES:
            raise PackageError(
                f"more than {MAX_PACKAGES} packages are required",
                "Name the packages that you need, without those that depend on so many",
            )
        queue += [
            (dependency_requirement(name, versions), package.label)
            for name, versions in sorted(package.dependencies.items())
        ]
    return list(resolved.values()), list(missing.values())


def _ships(requirement: PackageRequirement) -> bool:
    return (requirement.name, requirement.versions) in SHIPPED


def _is_here(requirement: PackageRequirement, source: PackageSource) -> bool:
    return source.has(requirement.name, requirement.versions)


class LocalPackages:
    """The packages on this machine, as a `PackageSource`. Locked versions are preferred."""

    def __init__(self, folders: CacheFolders, locked: Iterable[LockedPackage] = ()) -> None:
        self._folders = folders
        self._locked = _by_name((package.name, package.version) for package in locked)
        self._versions = _by_name(
            (name, version) for name, version, _ in installed_packages(folders)
        )

    def has(self, name: str, version: str) -> bool:
        """Whether the package is on this machine."""
        return version in self._versions.get(name, ())

    def choose(self, requirement: PackageRequirement) -> ResolvedPackage | None:
        """See PackageSource.choose."""
        versions = self._versions.get(requirement.name, [])
        locked = [v for v in self._locked.get(requirement.name, ()) if v in versions]
        version = choose_version(requirement, locked) or choose_version(requirement, versions)
        return None if version is None else self.resolved(requirement.name, version)

    def resolved(self, name: str, version: str) -> ResolvedPackage:
        """A package that is on this machine. Raises PackageError where it is not."""
        package = open_installed(name, version, self._folders)
        return ResolvedPackage(name, version, package.dependencies)


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    versions: dict[str, list[str]] = {}
    for name, version in pairs:
        versions.setdefault(name, []).append(version)
    return versions


@dataclass(frozen=True, slots=True)
class LoadedPackages:
    """Packages that are opened."""

    packages: PackageSet
    """Those that the user named come first."""
    missing: tuple[MissingPackage, ...] = ()
    """Packages that these depend on and that are not on this machine."""


def load_packages(
    words: Iterable[str],
    folders: CacheFolders | None = None,
    *,
    locked: Iterable[LockedPackage] = (),
    also: Iterable[Path] = (),
) -> LoadedPackages:
    """Open packages and all that they depend on; only from this machine, never the network.

    Args:
        words: "name#version", "name@1.2.x", "name", or the path of a .tgz or folder.
        folders: Where packages are; those of the environment by default.
        locked: The versions to prefer.
        also: Folders of resources, or JSON files; they come first.

    Raises:
        PackageError: A package that is named is not on this machine, or one cannot be opened.
    """
    folders = folders or cache_folders()
    source = LocalPackages(folders, locked)
    opened: list[Package] = [open_package(path, folders) for path in also]
    roots: list[tuple[PackageRequirement, str]] = []
    for word in words:
        if is_package_path(word):
            opened.append(open_package(Path(word), folders))
        else:
            roots.append((parse_requirement(word), ""))
    for package in opened:
        for name, versions in package.dependencies.items():
            roots.append((dependency_requirement(name, versions), package.label))
    resolved, missing = resolve_dependencies(roots, source)
    for package_missing in missing:
        if not package_missing.required_by:
            raise missing_package_error(str(package_missing.requirement), folders)
    opened += [open_installed(package.name, package.version, folders) for package in resolved]
    return LoadedPackages(PackageSet(opened), tuple(missing))


def is_package_path(word: str) -> bool:
    """Whether a word is the path of a package, and not its name."""
    return (
        word.endswith((*ARCHIVES, ".json"))
        or "/" in word
        or "\\" in word
        or word in (".", "..")
        or Path(word).is_dir()
    )
