"""`packages`: what is in the package cache, getting what is missing, and the lock file.

Everything may raise PackageError: for the disk, the registry or a package.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fhir_kb.diagnostics import has_errors
from fhir_kb.files import write_atomically
from fhir_kb.packages import (
    CacheFolders,
    Package,
    PackageError,
    cache_folders,
    installed_packages,
    open_package,
)
from fhir_kb.packages.cache.manifest import Manifest, read_manifest
from fhir_kb.packages.cache.store import missing_package_error
from fhir_kb.packages.dependencies.lock_file import (
    LOCK_FILE,
    LockedPackage,
    lock_file_bytes,
    read_lock_file,
)
from fhir_kb.packages.dependencies.resolution import (
    LocalPackages,
    ResolvedPackage,
    is_package_path,
)
from fhir_kb.packages.dependencies.versions import (
    PackageRequirement,
    dependency_requirement,
    parse_requirement,
)
from fhir_kb.packages.registry.install import InstalledPackage, PackageInstaller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from fhir_kb.model.settings import Settings
    from fhir_kb.packages.registry.npm import Registry


@dataclass(frozen=True, slots=True)
class CachedPackage:
    """A package in the cache."""

    manifest: Manifest
    folder: Path
    problem: str = ""
    """Why its package.json cannot be used, or ""."""


@dataclass(frozen=True, slots=True)
class PackageDetails:
    """A package, and how many resources of each type it has."""

    package: Package
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LockResult:
    """The lock file that `lock_packages` has made sure of."""

    file: Path
    packages: tuple[LockedPackage, ...]
    is_changed: bool
    """Whether the file is another one than before."""


def list_packages(folders: CacheFolders | None = None) -> list[CachedPackage]:
    """The packages in the cache, by name and version."""
    return [
        _cached_package(name, version, folder)
        for name, version, folder in installed_packages(folders or cache_folders())
    ]


def _cached_package(name: str, version: str, folder: Path) -> CachedPackage:
    try:
        return CachedPackage(read_manifest(folder / "package" / "package.json"), folder)
    except PackageError as error:
        return CachedPackage(Manifest(name, version), folder, error.message)


def show_package(name: str, folders: CacheFolders | None = None) -> PackageDetails:
    """A package by "name#version", "name" (the newest in the cache), or the path of a .tgz."""
    folders = folders or cache_folders()
    if is_package_path(name):
        from pathlib import Path

        package = open_package(Path(name), folders)
    else:
        requirement = parse_requirement(name)
        chosen = LocalPackages(folders).choose(requirement)
        if chosen is None:
            raise missing_package_error(str(requirement), folders)
        package = open_package(folders.packages / chosen.label, folders)
    counts = Counter(entry.resource_type for entry in package.entries())
    return PackageDetails(package, dict(sorted(counts.items())))


def get_packages(
    names: Iterable[str],
    definitions: Path,
    *,
    offline: bool = False,
    on_download: Callable[[str], None] = lambda _: None,
    folders: CacheFolders | None = None,
    given: Iterable[Path] | None = None,
) -> list[InstalledPackage]:
    """Install packages with all that they need.

    Args:
        names: Of packages, with or without versions; none: those of kb.yaml and the lock file.
        definitions: The folder with kb.yaml.
        offline: Whether to open no connection.
        on_download: Is called with the label of each package before it is downloaded.
        folders: The package cache; None: that of the user.
        given: Files and folders of packages that others may depend on; dependencies that no
            registry has ("current") are then left out where none of these meets them. None:
            such dependencies are an error.
    """
    folders = folders or cache_folders()
    settings = _settings(definitions)
    locked = read_lock_file(definitions / LOCK_FILE)
    roots = [parse_requirement(name) for name in names]
    if not roots:
        pinned = (PackageRequirement(package.name, package.version) for package in locked)
        roots = [*_dependencies(settings), *pinned]
    registry = _registry(settings, offline=offline)
    installer = PackageInstaller(
        folders, registry, locked=locked, offline=offline, on_download=on_download
    )
    at_hand = [open_package(path, folders) for path in given or ()]
    return installer.install(
        roots,
        [ResolvedPackage(one.name, one.version, one.dependencies) for one in at_hand if one.name],
        allow_unavailable=given is not None,
    )


def lock_packages(
    names: Iterable[str],
    definitions: Path,
    *,
    offline: bool = False,
    on_download: Callable[[str], None] = lambda _: None,
    folders: CacheFolders | None = None,
) -> LockResult:
    """Choose versions for the dependencies of kb.yaml, install them and write the lock file.

    The arguments are those of `get_packages`; `names` are locked besides.
    """
    folders = folders or cache_folders()
    settings = _settings(definitions)
    registry = _registry(settings, offline=offline)
    installer = PackageInstaller(folders, registry, offline=offline, on_download=on_download)
    roots = [*_dependencies(settings), *(parse_requirement(name) for name in names)]
    packages = installer.locked(installer.install(roots))
    file = definitions / LOCK_FILE
    return LockResult(file, packages, _write_if_changed(file, lock_file_bytes(packages)))


def _write_if_changed(file: Path, content: bytes) -> bool:
    try:
        if file.exists() and file.read_bytes() == content:
            return False
        write_atomically(file, content)
    except OSError as error:
        reason = error.strerror or str(error)
        advice = f"Free disk space, or fix the permissions of '{file.parent}'"
        raise PackageError(f"'{file}' cannot be written: {reason}", advice) from error
    return True


def _settings(definitions: Path) -> Settings | None:
    """kb.yaml; None where there is none."""
    from fhir_kb.read.definition_files import find_definitions
    from fhir_kb.read.folder_walk import KB_FILE
    from fhir_kb.read.topics import read_settings

    if not (definitions / KB_FILE).is_file():
        return None
    settings, _, findings = read_settings(find_definitions(definitions)[0])
    if settings is None or has_errors(findings):
        raise PackageError(
            f"'{definitions / KB_FILE}' cannot be used",
            f"'fhir-kb validate {definitions}' shows what is wrong",
        )
    return settings


def _dependencies(settings: Settings | None) -> list[PackageRequirement]:
    if settings is None or settings.package is None:
        return []
    return [
        dependency_requirement(str(dependency.name), str(dependency.version))
        for dependency in settings.package.dependencies
    ]


def _registry(settings: Settings | None, *, offline: bool) -> Registry | None:
    """The registry to ask; None where there is none, or none may be asked."""
    if offline:
        return None
    from fhir_kb.packages.registry.access import registry_access

    from_kb = str(settings.registry) if settings is not None and settings.registry else ""
    access = registry_access(from_kb)
    if access is None:
        return None
    from fhir_kb.net import Client
    from fhir_kb.packages.registry.npm import Registry

    return Registry(access.url, Client(access))
