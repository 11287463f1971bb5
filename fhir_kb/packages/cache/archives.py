"""Unpacking archives that are not trusted: only plain files, only in the folder, and limited."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import re
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, cast

from fhir_kb.files import FileLock, LockedError
from fhir_kb.files.tar_archive import members_of, open_tar
from fhir_kb.packages.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PACKED = 1024 * 2**20
MAX_UNPACKED = 4096 * 2**20
MAX_MEMBER = 512 * 2**20
MAX_MEMBERS = 200_000
MAX_HEADER = 2**20
MAX_RATIO = 150
"""How many times its own size a package may unpack to, once it has passed FREE bytes."""
FREE = 64 * 2**20
_CHUNK = 2**18
_PATIENCE = 300.0
_REFUSED = "Do not use this archive; get the package from its publisher"
_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def unpacked(archive: Path, own: Path) -> Path:
    """The folder below `own` with the content of a .tgz, which is unpacked once.

    The folder is named by the archive's SHA-256; processes that run at the same time share it.
    Raises PackageError.
    """
    try:
        if archive.stat().st_size > MAX_PACKED:
            raise PackageError(f"'{archive}' has more than {MAX_PACKED // 2**20} MB", _REFUSED)
        with archive.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return unpack_to(archive, own / "unpacked" / digest, own)
    except OSError as error:
        raise PackageError(
            f"'{archive}' cannot be unpacked below '{own}': {error.strerror or error}",
            f"Free disk space, or fix the permissions of '{own}'",
        ) from error


def unpack_to(
    archive: Path, folder: Path, own: Path, check: Callable[[Path], object] = Path.is_dir
) -> Path:
    """Unpack a .tgz to a folder, unless that exists; it appears as a whole or not at all.

    Args:
        archive: The .tgz file.
        folder: The folder to create.
        own: The cache of fhir-kb, where the lock is.
        check: Is called with the unpacked folder, and raises where the content is not accepted.

    Returns:
        The folder.

    Raises:
        PackageError: The archive is damaged or refused.
        OSError: The folder cannot be written.
    """
    if folder.is_dir():
        return folder
    name = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:32]
    with _locked(own / "locks" / f"{name}.lock"):
        if folder.is_dir():
            return folder
        aside = folder.with_name(f".{name}.tmp")  # only ours, as we hold the lock
        shutil.rmtree(aside, ignore_errors=True)  # of a process that was killed
        try:
            aside.mkdir(parents=True)
            extract(archive, aside)
            check(aside)
            _move(aside, folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return folder


def _locked(path: Path) -> FileLock:
    try:
        return FileLock(path, patience=_PATIENCE)
    except LockedError as error:
        raise PackageError(
            f"another process has locked '{path}' while it unpacks a package", error.help
        ) from error


def _move(aside: Path, folder: Path) -> None:
    """Give the folder its name, unless another tool has created that folder meanwhile."""
    try:
        aside.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def extract(archive: Path, folder: Path) -> None:
    """Write the files of a .tgz below an empty folder. Raises PackageError or OSError."""
    with archive.open("rb") as packed:
        size = os.fstat(packed.fileno()).st_size
        limit = min(MAX_UNPACKED, max(FREE, size * MAX_RATIO))
        try:
            with gzip.GzipFile(fileobj=packed) as stream:
                # tarfile asks for read, seek and tell
                limited = cast("IO[bytes]", _Limited(stream, limit))
                with open_tar(limited) as tar:
                    _extract_all(tar, limited, folder)
        except _HarmfulArchiveError as error:
            raise PackageError(f"'{archive.name}' is refused: {error}", _REFUSED) from error
        except (
            tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, OverflowError,
            RecursionError,
            # one name is a file here and a folder there
            FileExistsError, NotADirectoryError, IsADirectoryError,
        ) as error:  # fmt: skip
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            raise PackageError(
                f"'{archive.name}' is not a FHIR package, or is damaged ({reason})",
                "Get the package again",
            ) from error


class _HarmfulArchiveError(Exception):
    """The archive could do harm: too large, a path outside the folder, a device."""


class _Limited:
    """A stream that is read once, forwards, to a limit, and in portions of limited size."""

    def __init__(self, stream: gzip.GzipFile, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= MAX_HEADER:
            raise _HarmfulArchiveError("a header in it is too long")
        content = self._stream.read(size)
        self._at += len(content)
        if self._at > self._limit:
            raise _HarmfulArchiveError(f"it unpacks to more than {self._limit // 2**20} MB")
        return content

    def tell(self) -> int:
        return self._at

    def seek(self, place: int, whence: int = 0) -> int:
        if whence or place < self._at:
            raise _HarmfulArchiveError("its parts are not in order")
        while self._at < place and self.read(min(_CHUNK, place - self._at)):
            pass
        return self._at


def _extract_all(tar: tarfile.TarFile, stream: IO[bytes], folder: Path) -> None:
    folders: set[Path] = set()
    left = MAX_MEMBERS
    for member in members_of(tar, stream):
        left -= 1
        if left < 0:
            raise _HarmfulArchiveError(f"it has more than {MAX_MEMBERS} files")
        path = _safe_path(member)
        if member.isdir() or path is None:
            continue
        if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.issparse():
            raise _HarmfulArchiveError(f"'{member.name}' in it is not a plain file")
        if member.size > MAX_MEMBER:
            raise _HarmfulArchiveError(
                f"'{member.name}' in it has more than {MAX_MEMBER // 2**20} MB"
            )
        target = folder / path
        if target.parent not in folders:
            target.parent.mkdir(parents=True, exist_ok=True)
            folders.add(target.parent)
        _write(tar, member, target)


def _safe_path(member: tarfile.TarInfo) -> PurePosixPath | None:
    """The member's path; None for the root itself. Raises _HarmfulArchiveError for others."""
    name = member.name
    path = PurePosixPath(name)
    odd = "\\" in name or ":" in name or any(ord(character) < 32 for character in name)
    if (
        odd
        or path.is_absolute()
        or ".." in path.parts
        or any(_WINDOWS_DEVICE.match(part) or part.endswith((" ", ".")) for part in path.parts)
    ):
        raise _HarmfulArchiveError(f"{name[:200]!r} in it is not a safe path")
    return path if path.parts else None


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    source = tar.extractfile(member)
    assert source is not None
    with contextlib.closing(source), target.open("wb") as file:
        left = member.size
        while left:
            chunk = source.read(min(_CHUNK, left))
            if not chunk:
                raise EOFError(f"'{member.name}' is cut off")
            file.write(chunk)
            left -= len(chunk)
