"""FHIR packages on this machine: opening them, and finding resources in them by canonical url."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.packages.cache.folder_index import FolderIndex, index_of, resource_in
from fhir_kb.packages.cache.folders import Places, places
from fhir_kb.packages.cache.manifest import Manifest, is_name, is_version_name, read_manifest
from fhir_kb.packages.canonicals import version_key
from fhir_kb.packages.errors import PackageError
from fhir_kb.packages.index import Entry, Kept
from fhir_kb.packages.json_files import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

ARCHIVES = (".tgz", ".tar.gz")


class Package:
    """A package, or a folder of resources. Its index is made or read when first needed.

    folder: where its files are. manifest: name, version, FHIR versions, dependencies; the name is
    "" for a folder that is no package. Everything may raise PackageError.
    """

    def __init__(self, folder: Path, manifest: Manifest, own: Path) -> None:
        self.folder = folder
        self.manifest = manifest
        self._own = own
        self._found: FolderIndex | None = None
        self._kept = Kept(self._read)

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
        """What it needs: name -> version or range."""
        return self.manifest.dependencies

    @property
    def label(self) -> str:
        """What people call it: "name#version", or its folder."""
        return f"{self.name}#{self.version}" if self.name else str(self.folder)

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence for each file that cannot be used."""
        return self._index().problems

    def entries(self) -> Iterator[Entry]:
        """All resources that have a url."""
        return iter(self._index().entries)

    def fitting(self, canonical: str, resource_type: str = "") -> list[Entry]:
        """The entries with that canonical; see Canonicals.find."""
        return self._index().entries.fitting(canonical, resource_type)

    def find(self, canonical: str, resource_type: str = "") -> Mapping[str, Any] | None:
        """See Canonicals.find; reads one file."""
        return PackageSet([self]).find(canonical, resource_type)

    def read(self, entry: Entry) -> Mapping[str, Any]:
        """The resource of one of its entries, read once. Don't change it."""
        return self._kept.get(entry)

    def refresh(self) -> None:
        """Make the index anew: files have changed since it was made."""
        self._found = index_of(self.folder, self._own, is_package=bool(self.name), anew=True)

    def _index(self) -> FolderIndex:
        if self._found is None:
            self._found = index_of(self.folder, self._own, is_package=bool(self.name))
        return self._found

    def _read(self, entry: Entry) -> Mapping[str, Any]:
        try:
            return resource_in(self.folder, entry.file)
        except UnreadableError as error:
            name = entry.file or self.folder.name
            raise PackageError(
                f"'{name}' in package {self.label} cannot be used: {error}",
                f"Get the package again: fhir-kb packages get {self.label}"
                if self.name
                else "Mend the file or take it away",
            ) from error


class PackageSet:
    """Several packages as one `Canonicals`: the newest version of all wins, then the first package.

    Making one costs nothing; the first `find` opens the indexes, and each reads one file at most.
    """

    def __init__(self, packages: Iterable[Package]) -> None:
        self.packages = tuple(packages)

    def find(self, canonical: str, resource_type: str = "") -> Mapping[str, Any] | None:
        """See Canonicals.find. Raises PackageError where the resource is there but broken."""
        for _ in range(2):
            fitting = [
                (entry, package)
                for package in self.packages
                for entry in package.fitting(canonical, resource_type)
            ]
            if not fitting:
                return None
            entry, package = max(fitting, key=lambda one: version_key(one[0].version))
            resource = package.read(entry)
            if resource.get("url") == entry.url:
                return resource
            package.refresh()
        return None

    def entries(self) -> Iterator[Entry]:
        """All that can be found, package by package."""
        for package in self.packages:
            yield from package.entries()

    def problems(self) -> tuple[str, ...]:
        """What cannot be used, with the package's label in front."""
        return tuple(
            f"{package.label}: {problem}"
            for package in self.packages
            for problem in package.problems
        )


def open_package(path: Path, where: Places | None = None) -> Package:
    """The package in a folder or a .tgz file; or a folder of resources, or a .json file with one.

    Of a folder or file that is no package, what is in Bundles is found too. A folder is a package
    if it, or `package` in it, has a package.json. A .tgz is unpacked once.
    Raises PackageError.
    """
    where = where or places()
    if path.is_file():
        if path.suffix == ".json":
            return Package(path, Manifest("", ""), where.own)
        if not path.name.endswith(ARCHIVES):
            raise PackageError(f"'{path}' is no package", "Name a .tgz or .json file, or a folder")
        from fhir_kb.packages.cache.archives import unpacked

        return _package_in(unpacked(path, where.own), where.own, str(path))
    if not path.is_dir():
        raise PackageError(f"there is no '{path}'", "Name a folder or a .tgz file that is there")
    for folder in (path / "package", path):
        if (folder / "package.json").is_file():
            return Package(folder, read_manifest(folder / "package.json"), where.own)
    return Package(path, Manifest("", ""), where.own)


def _package_in(folder: Path, own: Path, shown: str) -> Package:
    for inner in (folder / "package", folder):
        if (inner / "package.json").is_file():
            return Package(inner, read_manifest(inner / "package.json"), own)
    raise PackageError(
        f"'{shown}' is no package: there is no package/package.json in it",
        "Name a FHIR package as npm and the IG Publisher make it",
    )


def installed(where: Places | None = None) -> list[tuple[str, str, Path]]:
    """Name, version and folder of each package in the package cache, by name and version."""
    where = where or places()
    if not where.packages.is_dir():
        return []
    found = []
    for folder in where.packages.iterdir():
        name, _, version = folder.name.partition("#")
        if (
            is_name(name)
            and is_version_name(version)
            and (folder / "package" / "package.json").is_file()
        ):
            found.append((name, version, folder))
    return sorted(found)


def open_installed(name: str, version: str, where: Places | None = None) -> Package:
    """The package of that name and version in the package cache. Raises PackageError."""
    where = where or places()
    folder = where.packages / f"{name}#{version}"
    if (
        not is_name(name)
        or not is_version_name(version)
        or not (folder / "package" / "package.json").is_file()
    ):
        raise missing(f"{name}#{version}", where)
    return _package_in(folder, where.own, str(folder))


def missing(label: str, where: Places) -> PackageError:
    """The error for a package that is not in the cache: "name#version", "name#1.2.x", …"""
    name, _, version = label.partition("#")
    place = label if is_version_name(version) and version[0].isdecimal() else f"{name}#VERSION"
    asked = name if version == "latest" else label
    return PackageError(
        f"package {asked} is not on this machine",
        f"Get it with 'fhir-kb packages get {asked}', or unpack it to '{where.packages / place}'",
    )
