"""Getting packages from the registry into the package cache, and telling what a lock file says."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import orjson

from fhir_kb.net import shown
from fhir_kb.packages.cache.archives import unpack_to
from fhir_kb.packages.cache.manifest import AGAIN, read_manifest
from fhir_kb.packages.cache.store import missing
from fhir_kb.packages.dependencies.lock_file import Locked, content_digest
from fhir_kb.packages.dependencies.resolution import Chosen, Installed, closure
from fhir_kb.packages.dependencies.versions import Wanted, choose, version_order
from fhir_kb.packages.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from fhir_kb.packages.cache.folders import Places
    from fhir_kb.packages.registry.npm import Registry, Release

_NO_REGISTRY = (
    "No registry is configured: name one in FHIR_KB_REGISTRY, in kb.yaml (registry) or in your own "
    "settings (docs/packages.md)"
)
_CACHE_INI = b"[cache]\nversion = 4\n"


@dataclass(frozen=True, slots=True)
class Obtained:
    """A package that is on this machine now. is_new: it was not before."""

    name: str
    version: str
    folder: Path
    is_new: bool

    @property
    def label(self) -> str:
        """ "name#version"."""
        return f"{self.name}#{self.version}"


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a package's file came from, and its SHA-256."""

    url: str
    sha256: str


class Obtainer:
    """Gets packages that are missing; what is there already is not asked for again.

    registry: None where none is configured, or the run is offline: then what is missing is an
    error. locked: versions to prefer, and what their files have to be.
    """

    def __init__(
        self,
        where: Places,
        registry: Registry | None,
        *,
        locked: Iterable[Locked] = (),
        offline: bool = False,
        said: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._where = where
        self._registry = registry
        self._locked = {(one.name, one.version): one for one in locked}
        self._offline = offline
        self._said = said
        self._here = Installed(where, self._locked.values())

    def get(self, roots: Iterable[Wanted]) -> list[Obtained]:
        """The packages and all that they need, on this machine. Raises PackageError."""
        chosen, lacking = closure([(one, "") for one in roots], self)
        if lacking:
            raise self._missing(lacking[0].wanted, lacking[0].by)
        return [self._obtained(one) for one in chosen]

    def has(self, name: str, version: str) -> bool:
        """See resolve.Source."""
        return self._here.has(name, version)

    def choose(self, one: Wanted) -> Chosen | None:
        """See resolve.Source. What is locked comes first, then exact versions that are here."""
        locked = [version for name, version in self._locked if name == one.name]
        version = choose(one, locked)
        if version is None and one.is_exact and self._here.has(one.name, one.versions):
            version = one.versions
        if version is not None and self._here.has(one.name, version):
            return self._here.chosen(one.name, version)
        if self._registry is None:
            return self._here.choose(one)
        listing = self._registry.listing(one.name)
        version = version or choose(one, listing.releases, listing.latest)
        if version is not None and self._here.has(one.name, version):
            return self._here.chosen(one.name, version)
        release = listing.releases.get(version or "")
        if release is None:
            return None if listing.releases else self._here.choose(one)
        return Chosen(release.name, release.version, release.dependencies)

    def lock(self, packages: Iterable[Obtained]) -> tuple[Locked, ...]:
        """What a lock file says of these packages. Costs reading all of their files."""
        return tuple(self._lock_of(one) for one in packages)

    def _lock_of(self, one: Obtained) -> Locked:
        content = content_digest(one.folder / "package")
        before = self._locked.get((one.name, one.version))
        origin = self._origin(one.name, one.version)
        if origin is None and before is not None and before.content == content:
            return before
        origin = origin or _Origin("", "")
        return Locked(one.name, one.version, content, origin.sha256, origin.url)

    def _obtained(self, one: Chosen) -> Obtained:
        folder = self._where.packages / one.label
        is_new = not self._here.has(one.name, one.version)
        if is_new:
            assert self._registry is not None
            self._said(one.label)
            release = self._registry.listing(one.name).releases[one.version]
            try:
                self._install(release, folder)
            except OSError as error:
                raise PackageError(
                    f"package {one.label} cannot be stored: {error.strerror or error}",
                    f"It goes to '{self._where.packages}': that must be writable, with space left",
                ) from error
        self._check_locked(one, folder)
        return Obtained(one.name, one.version, folder, is_new)

    def _install(self, release: Release, folder: Path) -> None:
        label = f"{release.name}#{release.version}"
        downloads = self._where.own / "downloads"
        downloads.mkdir(parents=True, exist_ok=True)
        file = downloads / f"{hashlib.sha256(label.encode()).hexdigest()[:32]}.{os.getpid()}.tgz"
        assert self._registry is not None
        try:
            received = self._registry.fetch(release, file)
            locked = self._locked.get((release.name, release.version))
            if locked is not None and locked.sha256 not in ("", received.sha256):
                raise PackageError(
                    f"the file of package {label} is not the one that is locked",
                    "Somebody published it again under the same version: ask them; or accept it: "
                    "fhir-kb packages lock",
                )
            _prepare(self._where.packages)
            unpack_to(file, folder, self._where.own, lambda place: _check(place, release))
        finally:
            file.unlink(missing_ok=True)
        self._note(label, _Origin(shown(release.url), received.sha256))

    def _check_locked(self, one: Chosen, folder: Path) -> None:
        locked = self._locked.get((one.name, one.version))
        if locked is not None and content_digest(folder / "package") != locked.content:
            raise PackageError(
                f"package {one.label} in '{folder}' is not the one that is locked",
                "Remove that folder and get it again; or accept it: fhir-kb packages lock",
            )

    def _note(self, label: str, origin: _Origin) -> None:
        path = self._note_path(label)
        with contextlib.suppress(OSError):  # then the lock file lacks the file's digest
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(orjson.dumps(asdict(origin)))

    def _origin(self, name: str, version: str) -> _Origin | None:
        try:
            return _Origin(**orjson.loads(self._note_path(f"{name}#{version}").read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def _note_path(self, label: str) -> Path:
        where = os.fsencode(self._where.packages.absolute() / label)
        return self._where.own / "origins" / f"{hashlib.sha256(where).hexdigest()[:32]}.json"

    def _missing(self, one: Wanted, by: str) -> PackageError:
        if self._registry is not None:
            known = sorted(self._registry.listing(one.name).releases, key=version_order)
            return PackageError(
                f"the registry has no package {one}{f', which {by} needs' if by else ''}",
                f"It has {', '.join(known[-8:])}" if known else "Check the name",
            )
        error = missing(str(one), self._where)
        elsewhere = error.help.rpartition(", or ")[2]
        how = "Run this without --offline" if self._offline else _NO_REGISTRY
        message = f"{error.message}{f', and {by} needs it' if by else ''}"
        return PackageError(message, f"{how}; or {elsewhere}")


def _check(folder: Path, release: Release) -> None:
    """Raises PackageError where a folder is not the package that was asked for."""
    place = folder / "package" / "package.json"
    label = f"{release.name}#{release.version}"
    if not place.is_file():
        raise PackageError(
            f"what '{shown(release.url)}' gives for {label} has no package/package.json", AGAIN
        )
    manifest = read_manifest(place)
    if (manifest.name, manifest.version) != (release.name, release.version):
        raise PackageError(
            f"what '{shown(release.url)}' gives for {label} is {manifest.name}#{manifest.version}",
            "Tell whoever runs the registry",
        )


def _prepare(packages: Path) -> None:
    """Make the package cache if there is none, marked as other tools expect it.

    The HL7 validator takes a cache without this mark for one of an old form, and empties it.
    """
    packages.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), (packages / "packages.ini").open("xb") as file:
        file.write(_CACHE_INI)
