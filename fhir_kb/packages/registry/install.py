"""Installing packages: from the registry into the package cache, checked against the lock file."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import orjson

from fhir_kb.files import write_cache
from fhir_kb.net import redacted_url
from fhir_kb.packages.cache.archives import unpack_to
from fhir_kb.packages.cache.manifest import GET_AGAIN, read_manifest
from fhir_kb.packages.cache.store import missing_package_error
from fhir_kb.packages.dependencies.lock_file import LockedPackage, content_digest
from fhir_kb.packages.dependencies.resolution import (
    LocalPackages,
    MissingPackage,
    ResolvedPackage,
    resolve_dependencies,
)
from fhir_kb.packages.dependencies.versions import PackageRequirement, choose_version, version_order
from fhir_kb.packages.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from fhir_kb.packages.cache.folders import CacheFolders
    from fhir_kb.packages.registry.npm import PublishedVersion, Registry

_NO_REGISTRY = (
    "No registry is configured: name one in FHIR_KB_REGISTRY, in kb.yaml (registry) or in your own "
    "settings (docs/packages.md)"
)
_CACHE_INI = b"[cache]\nversion = 4\n"


@dataclass(frozen=True, slots=True)
class InstalledPackage:
    """A package that is on this machine now."""

    name: str
    version: str
    folder: Path
    is_new: bool
    """Whether this run has downloaded it."""

    @property
    def label(self) -> str:
        """The package as people write it: "name#version"."""
        return f"{self.name}#{self.version}"


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a package's file came from."""

    url: str
    sha256: str


class PackageInstaller:
    """Installs packages with all that they depend on; what is here is not downloaded again."""

    def __init__(
        self,
        folders: CacheFolders,
        registry: Registry | None,
        *,
        locked: Iterable[LockedPackage] = (),
        offline: bool = False,
        on_download: Callable[[str], None] = lambda _: None,
    ) -> None:
        """An installer.

        Args:
            folders: Where packages and downloads go.
            registry: None where none is configured, or the run is offline: then a package that is
                not on this machine is an error.
            locked: The versions to prefer, with the digests that they must have.
            offline: Whether the run is offline, for the advice of the error.
            on_download: Is called with the label of each package before it is downloaded.
        """
        self._folders = folders
        self._registry = registry
        self._locked = {(package.name, package.version): package for package in locked}
        self._offline = offline
        self._on_download = on_download
        self._local = LocalPackages(folders, self._locked.values())

    def install(
        self,
        requirements: Iterable[PackageRequirement],
        given: Iterable[ResolvedPackage] = (),
        *,
        allow_unavailable: bool = False,
    ) -> list[InstalledPackage]:
        """The required packages and all that they depend on, installed.

        Args:
            requirements: What is required.
            given: Packages that are at hand as files or folders, and are not installed.
            allow_unavailable: Whether dependencies that no registry has ("current", what cannot be
                understood) are left out instead of being an error.

        Raises:
            PackageError: A package is not available.
        """
        resolved, missing = resolve_dependencies([(root, "") for root in requirements], self, given)
        for package in missing:
            is_unavailable = bool(package.reason) or package.requirement.is_moving
            if not (allow_unavailable and is_unavailable and package.chain):
                raise self._missing_error(package)
        return [self._installed(package) for package in resolved]

    def has(self, name: str, version: str) -> bool:
        """See PackageSource.has."""
        return self._local.has(name, version)

    def choose(self, requirement: PackageRequirement) -> ResolvedPackage | None:
        """See PackageSource.choose. Locked versions come first, then exact ones that are here."""
        name = requirement.name
        locked = [version for locked_name, version in self._locked if locked_name == name]
        version = choose_version(requirement, locked)
        is_named = requirement.is_exact or requirement.is_moving
        if version is None and is_named and self.has(name, requirement.versions):
            version = requirement.versions
        if version is not None and self.has(name, version):
            return self._local.resolved(name, version)
        if self._registry is None:
            return self._local.choose(requirement)
        listing = self._registry.listing(name)
        version = version or choose_version(requirement, listing.versions, listing.latest)
        if version is not None and self.has(name, version):
            return self._local.resolved(name, version)
        published = listing.versions.get(version or "")
        if published is None:
            return None if listing.versions else self._local.choose(requirement)
        return ResolvedPackage(published.name, published.version, published.dependencies)

    def locked(self, packages: Iterable[InstalledPackage]) -> tuple[LockedPackage, ...]:
        """The entries of these packages in a lock file. All of their files are read."""
        return tuple(self._lock_entry(package) for package in packages)

    def _lock_entry(self, package: InstalledPackage) -> LockedPackage:
        content = content_digest(package.folder / "package")
        before = self._locked.get((package.name, package.version))
        origin = self._origin(package.name, package.version)
        if origin is None and before is not None and before.content == content:
            return before
        origin = origin or _Origin("", "")
        return LockedPackage(package.name, package.version, content, origin.sha256, origin.url)

    def _installed(self, package: ResolvedPackage) -> InstalledPackage:
        folder = self._folders.packages / package.label
        is_new = not self.has(package.name, package.version)
        if is_new:
            assert self._registry is not None
            self._on_download(package.label)
            published = self._registry.listing(package.name).versions[package.version]
            try:
                self._download(published, folder)
            except OSError as error:
                raise PackageError(
                    f"package {package.label} cannot be stored: {error.strerror or error}",
                    f"Free disk space, or fix the permissions of '{self._folders.packages}'",
                ) from error
        self._check_digest(package, folder)
        return InstalledPackage(package.name, package.version, folder, is_new)

    def _download(self, published: PublishedVersion, folder: Path) -> None:
        label = published.label
        downloads = self._folders.own / "downloads"
        downloads.mkdir(parents=True, exist_ok=True)
        file = downloads / f"{hashlib.sha256(label.encode()).hexdigest()[:32]}.{os.getpid()}.tgz"
        assert self._registry is not None
        try:
            received = self._registry.download(published, file)
            locked = self._locked.get((published.name, published.version))
            if locked is not None and locked.sha256 not in ("", received.sha256):
                raise PackageError(
                    f"the file of package {label} from '{redacted_url(published.url)}' has another "
                    "SHA-256 than fhir-packages.lock",
                    "It was published again under the same version: ask its publisher; or accept "
                    "it: fhir-kb packages lock",
                )
            _create_cache(self._folders.packages)
            unpack_to(file, folder, self._folders.own, lambda unpacked: _check(unpacked, published))
        finally:
            file.unlink(missing_ok=True)
        self._record_origin(label, _Origin(redacted_url(published.url), received.sha256))

    def _check_digest(self, package: ResolvedPackage, folder: Path) -> None:
        locked = self._locked.get((package.name, package.version))
        if locked is not None and content_digest(folder / "package") != locked.content:
            raise PackageError(
                f"package {package.label} in '{folder}' differs from fhir-packages.lock",
                "Remove that folder and get it again; or accept it: fhir-kb packages lock",
            )

    def _record_origin(self, label: str, origin: _Origin) -> None:
        path = self._origin_file(label)
        write_cache(path, orjson.dumps(asdict(origin)))  # without it, the lock file lacks a digest

    def _origin(self, name: str, version: str) -> _Origin | None:
        try:
            return _Origin(**orjson.loads(self._origin_file(f"{name}#{version}").read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def _origin_file(self, label: str) -> Path:
        folder = os.fsencode(self._folders.packages.absolute() / label)
        return self._folders.own / "origins" / f"{hashlib.sha256(folder).hexdigest()[:32]}.json"

    def _missing_error(self, package: MissingPackage) -> PackageError:
        requirement = package.requirement
        chain = f", {package.chain_in_words}" if package.chain else ""
        if package.reason:
            advice = f"Tell the publisher of {package.required_by}"
            return PackageError(f"{package.reason}{chain}", advice)
        if requirement.is_moving:
            return PackageError(
                f"'{requirement}' cannot be used: its content changes from build to build{chain}",
                "Give it to 'validate --package' as a .tgz file or folder",
            )
        if self._registry is not None:
            versions = sorted(self._registry.listing(requirement.name).versions, key=version_order)
            return PackageError(
                f"the registry has no package {requirement}{chain}",
                f"It has {', '.join(versions[-8:])}" if versions else "Check the name",
            )
        error = missing_package_error(str(requirement), self._folders)
        unpack = error.help.rpartition(", or ")[2]
        how = "Run this without --offline" if self._offline else _NO_REGISTRY
        return PackageError(f"{error.message}{chain}", f"{how}; or {unpack}")


def _check(folder: Path, published: PublishedVersion) -> None:
    """Raises PackageError where a folder is not the package that was downloaded."""
    path = folder / "package" / "package.json"
    if not path.is_file():
        raise PackageError(
            f"the file of package {published.label} from '{redacted_url(published.url)}' has no "
            "package/package.json",
            GET_AGAIN,
        )
    manifest = read_manifest(path)
    if (manifest.name, manifest.version) != (published.name, published.version):
        raise PackageError(
            f"the file of package {published.label} from '{redacted_url(published.url)}' is "
            f"package {manifest.name}#{manifest.version}",
            "Tell the operator of the registry",
        )


def _create_cache(packages: Path) -> None:
    """Create the package cache if there is none, marked as other tools expect it.

    The HL7 validator takes a cache without this mark for one of an old format, and empties it.
    """
    packages.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), (packages / "packages.ini").open("xb") as file:
        file.write(_CACHE_INI)
