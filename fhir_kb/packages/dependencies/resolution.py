"""From the packages that a user names to all packages that they depend on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
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
    chain: tuple[str, ...] = ()
    """The label of the package that depends on it, then of the one that depends on that, …; empty
    where the user named it."""
    reason: str = ""
    """Why it cannot be used at all; "" where it is only not there."""

    @property
    def required_by(self) -> str:
        """The label of the package that depends on it; "" where the user named it."""
        return self.chain[0] if self.chain else ""

    @property
    def chain_in_words(self) -> str:
        """Who needs it: "which b#1.0.0 depends on, and a#1.0.0 on b#1.0.0"."""
        outer = [f"{package} on {inner}" for inner, package in pairwise(self.chain)]
        return ", and ".join([f"which {self.required_by} depends on", *outer]) if self.chain else ""


def resolve_dependencies(
    roots: Iterable[tuple[PackageRequirement, str]],
    source: PackageSource,
    given: Iterable[ResolvedPackage] = (),
) -> tuple[list[ResolvedPackage], list[MissingPackage]]:
    """The required packages and all that they depend on, each once, in the order of discovery.

    There may be two versions of a package, where two others depend on them. Packages that ship
    with fhir-kb are only included where the user names them, or where they are on this machine.

    Args:
        roots: Requirements, each with the label of the package that has it, or "" where the user
            has named it.
        source: Where versions are looked up.
        given: Packages that the user gave as files or folders; they go before those of the source.

    Returns:
        The packages, without those that are given, and those that are missing.

    Raises:
        PackageError: There are more than MAX_PACKAGES, or the source fails.
    """
    given = list(given)
    are_given = {(package.name, package.version) for package in given}
    resolved: dict[tuple[str, str], ResolvedPackage] = {}
    missing: dict[PackageRequirement, MissingPackage] = {}
    visited: set[PackageRequirement] = set()
    queue = [(root, (label,) if label else ()) for root, label in roots]
    for requirement, chain in queue:  # the queue grows in this loop
        if requirement in visited:
            continue
        visited.add(requirement)
        if chain and _ships(requirement) and not _is_here(requirement, source):
            continue
        package = _given_for(requirement, given) if chain else None
        package = package or source.choose(requirement)
        if package is None:
            missing[requirement] = MissingPackage(requirement, chain)
            continue
        if not chain:
            given.append(package)
        if (package.name, package.version) in resolved.keys() | are_given:
            continue
        resolved[package.name, package.version] = package
        if len(resolved) > MAX_PACKAGES:
            raise PackageError(
                f"more than {MAX_PACKAGES} packages are required",
                "Name the packages that you need, without those that depend on so many",
            )
        required, unusable = requirements_of(package)
        queue += [(requirement, (package.label, *chain)) for requirement in required]
        for entry in unusable:
            missing[entry.requirement] = replace(entry, chain=(package.label, *chain))
    return list(resolved.values()), list(missing.values())


def requirements_of(
    package: ResolvedPackage | Package,
) -> tuple[list[PackageRequirement], list[MissingPackage]]:
    """What a package depends on, and the entries of its dependencies that cannot be understood."""
    required: list[PackageRequirement] = []
    unusable: list[MissingPackage] = []
    for name, versions in sorted(package.dependencies.items()):
        try:
            required.append(dependency_requirement(name, versions))
        except PackageError as error:
            entry = PackageRequirement(name, versions)
            unusable.append(MissingPackage(entry, (package.label,), error.message))
    return required, unusable


def _given_for(
    requirement: PackageRequirement, given: Iterable[ResolvedPackage]
) -> ResolvedPackage | None:
    """The given package that meets a requirement; any version meets "current" and "dev"."""
    versions = {package.version: package for package in given if package.name == requirement.name}
    if requirement.is_moving:
        return next(iter(versions.values()), None)
    return versions.get(choose_version(requirement, versions) or "")


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
    given: tuple[Package, ...] = ()
    """Those that the user named, or gave as files and folders."""


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
    missing: list[MissingPackage] = []
    for package in opened:
        required, unusable = requirements_of(package)
        roots += [(requirement, package.label) for requirement in required]
        missing += unusable
    given = [ResolvedPackage(p.name, p.version, p.dependencies) for p in opened if p.name]
    resolved, not_here = resolve_dependencies(roots, source, given)
    for package_missing in not_here:
        if not package_missing.required_by:
            raise missing_package_error(str(package_missing.requirement), folders)
    installed = [open_installed(package.name, package.version, folders) for package in resolved]
    named = {requirement.name for requirement, label in roots if not label}
    given_packages = (*opened, *(package for package in installed if package.name in named))
    packages = PackageSet([*opened, *installed])
    return LoadedPackages(packages, (*missing, *not_here), given_packages)


def is_package_path(word: str) -> bool:
    """Whether a word is the path of a package, and not its name."""
    return (
        word.endswith((*ARCHIVES, ".json"))
        or "/" in word
        or "\\" in word
        or word in (".", "..")
        or Path(word).is_dir()
    )
