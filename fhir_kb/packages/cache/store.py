"""Packages on this machine: opening them, and finding resources in them by canonical url."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.packages.cache.folder_index import FolderIndex, index_of, package_files, resource_in
from fhir_kb.packages.cache.folders import CacheFolders, cache_folders
from fhir_kb.packages.cache.manifest import Manifest, is_name, is_version_name, read_manifest
from fhir_kb.packages.canonicals import version_key
from fhir_kb.packages.errors import PackageError
from fhir_kb.packages.index import IndexEntry, ResourceCache
from fhir_kb.packages.json_files import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

ARCHIVES = (".tgz", ".tar.gz")


class Package:
    """A package, or a folder of resources. Its index is made or read when first needed.

    Everything may raise PackageError.
    """

    def __init__(self, folder: Path, manifest: Manifest, own: Path) -> None:
        """A package.

        Args:
            folder: The folder of its files.
            manifest: Its manifest; the name is "" for a folder that is not a FHIR package.
            own: The cache of fhir-kb, for the index.
        """
        self.folder = folder
        self.manifest = manifest
        self._own = own
        self._folder_index: FolderIndex | None = None
        self._cache = ResourceCache(self._read)

    def __repr__(self) -> str:
        return f"Package({self.label!r})"

    @property
    def name(self) -> str:
        """Such as "hl7.terminology.r5"."""
        return self.manifest.name

    @property
    def version(self) -> str:
        """Such as "7.0.1"."""
        return self.manifest.version

    @property
    def fhir_versions(self) -> tuple[str, ...]:
        """Such as ("5.0.0",)."""
        return self.manifest.fhir_versions

    @property
    def dependencies(self) -> Mapping[str, str]:
        """Name -> version or range."""
        return self.manifest.dependencies

    @property
    def label(self) -> str:
        """How messages name it: "name#version", or its folder."""
        return f"{self.name}#{self.version}" if self.name else str(self.folder)

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence for each file that cannot be used."""
        return self._index().problems

    def entries(self) -> Iterator[IndexEntry]:
        """All resources that have a url."""
        return iter(self._index().entries)

    def matching(self, canonical: str, resource_type: str = "") -> list[IndexEntry]:
        """The entries with that canonical; see Canonicals.find."""
        return self._index().entries.matching(canonical, resource_type)

    def find(self, canonical: str, resource_type: str = "") -> Mapping[str, Any] | None:
        """See Canonicals.find; reads one file."""
        return PackageSet([self]).find(canonical, resource_type)

    def read(self, entry: IndexEntry) -> Mapping[str, Any]:
        """The resource of one of its entries, read once. Don't change it."""
        return self._cache.get(entry)

    def xml_files(self) -> list[Path]:
        """The XML files of a package that may define something; none of any other folder."""
        if not self.name:
            return []
        try:
            return [self.folder / name for name in package_files(self.folder, ".xml")]
        except OSError as error:
            reason = error.strerror or str(error)
            advice = "Fix the permissions of that folder"
            raise PackageError(f"'{self.folder}' cannot be read: {reason}", advice) from error

    def refresh(self) -> None:
        """Make the index again: files have changed since it was made."""
        self._folder_index = index_of(
            self.folder, self._own, is_package=bool(self.name), rebuild=True
        )

    def _index(self) -> FolderIndex:
        if self._folder_index is None:
            self._folder_index = index_of(self.folder, self._own, is_package=bool(self.name))
        return self._folder_index

    def _read(self, entry: IndexEntry) -> Mapping[str, Any]:
        try:
            return resource_in(self.folder, entry.file)
        except UnreadableError as error:
            name = entry.file or self.folder.name
            raise PackageError(
                f"'{name}' in package {self.label} cannot be used: {error}",
                f"Get the package again: fhir-kb packages get {self.label}"
                if self.name
                else "Correct the file or remove it",
            ) from error


class PackageSet:
    """Several packages as one `Canonicals`: the newest version of all wins, then the first package.

    Making one costs nothing; the first `find` opens the indexes, and each reads one file at most.
    """

    def __init__(self, packages: Iterable[Package]) -> None:
        self.packages = tuple(packages)

    def find(self, canonical: str, resource_type: str = "") -> Mapping[str, Any] | None:
        """See Canonicals.find. Raises PackageError where the file of the resource is broken."""
        for _ in range(2):
            candidates = [
                (entry, package)
                for package in self.packages
                for entry in package.matching(canonical, resource_type)
            ]
            if not candidates:
                return None
            entry, package = max(
                candidates, key=lambda candidate: version_key(candidate[0].version)
            )
            resource = package.read(entry)
            if resource.get("url") == entry.url:
                return resource
            package.refresh()
        return None

    def entries(self) -> Iterator[IndexEntry]:
        """All that can be found, package by package."""
        for package in self.packages:
            yield from package.entries()

    def problems(self) -> tuple[str, ...]:
        """The problems of all packages, each with the package's label in front."""
        return tuple(
            f"{package.label}: {problem}"
            for package in self.packages
            for problem in package.problems
        )


def open_package(path: Path, folders: CacheFolders | None = None) -> Package:
    """The package in a folder or a .tgz file; or a folder of resources, or a .json file with one.

    A folder is a package if it, or `package` in it, has a package.json. In a folder or file that is
    no package, resources in Bundles are found too. A .tgz is unpacked once.

    Raises PackageError.
    """
    folders = folders or cache_folders()
    if path.is_file():
        if path.suffix.lower() == ".json":
            return Package(path, Manifest("", ""), folders.own)
        if not path.name.endswith(ARCHIVES):
            raise PackageError(
                f"'{path}' is not a FHIR package", "Name a .tgz or .json file, or a folder"
            )
        from fhir_kb.packages.cache.archives import unpacked

        return _package_in(unpacked(path, folders.own), folders.own, str(path))
    if path.exists() and not path.is_dir():
        raise PackageError(f"'{path}' is no regular file", "Write it to a file, and name that")
    if not path.is_dir():
        raise PackageError(f"there is no '{path}'", "Name an existing folder or .tgz file")
    for folder in (path / "package", path):
        if (folder / "package.json").is_file():
            return Package(folder, read_manifest(folder / "package.json"), folders.own)
    return Package(path, Manifest("", ""), folders.own)


def _package_in(folder: Path, own: Path, path: str) -> Package:
    for inner in (folder / "package", folder):
        if (inner / "package.json").is_file():
            return Package(inner, read_manifest(inner / "package.json"), own)
    raise PackageError(
        f"'{path}' is not a FHIR package: it has no package/package.json",
        "Name a FHIR package as npm and the IG Publisher make it",
    )


def installed_packages(folders: CacheFolders | None = None) -> list[tuple[str, str, Path]]:
    """Name, version and folder of each package in the package cache, by name and version."""
    folders = folders or cache_folders()
    if not folders.packages.is_dir():
        return []
    packages = []
    for folder in folders.packages.iterdir():
        name, _, version = folder.name.partition("#")
        if (
            is_name(name)
            and is_version_name(version)
            and (folder / "package" / "package.json").is_file()
        ):
            packages.append((name, version, folder))
    return sorted(packages)


def open_installed(name: str, version: str, folders: CacheFolders | None = None) -> Package:
    """The package of that name and version in the package cache. Raises PackageError."""
    folders = folders or cache_folders()
    folder = folders.packages / f"{name}#{version}"
    if (
        not is_name(name)
        or not is_version_name(version)
        or not (folder / "package" / "package.json").is_file()
    ):
        raise missing_package_error(f"{name}#{version}", folders)
    return _package_in(folder, folders.own, str(folder))


def missing_package_error(label: str, folders: CacheFolders) -> PackageError:
    """The error for a package that is not in the cache: "name#version", "name#1.2.x"."""
    name, _, version = label.partition("#")
    folder = label if is_version_name(version) and version[0].isdecimal() else f"{name}#VERSION"
    requirement = name if version == "latest" else label
    return PackageError(
        f"package {requirement} is not on this machine",
        f"Get it with 'fhir-kb packages get {requirement}', "
        f"or unpack it to '{folders.packages / folder}'",
    )
