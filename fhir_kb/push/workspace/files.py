"""Where we remember what we did to a server: a folder that one process at a time may write to.

state.json       what stands on the server because of us, as far as we know
journal.jsonl    a push that is not finished: what was sent, and what came of it
pushes/7.ndjson  the contents that push 7 was the first to send
pushes/7.json    everything that stood there because of us after push 7
log.jsonl        who did what, when
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from fhir_kb import files
from fhir_kb.files import (
    AppendFile,
    FileLock,
    LockedError,
    drop_partial_line,
    whole_lines,
    write_atomically,
)
from fhir_kb.push.errors import PushError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9.-]+")


def workspace_folder(root: Path, base: str) -> Path:
    """The folder for the server at `base`, below `root`."""
    plain = base.rstrip("/")
    name = _NOT_IN_NAMES.sub("-", plain.partition("://")[2]).strip("-.")[:60]
    return root / "servers" / f"{name}-{hashlib.sha256(plain.encode()).hexdigest()[:8]}"


def locked(folder: Path) -> FileLock:
    """The lock of the folder. Raises PushError if another process holds it or the disk refuses."""
    try:
        return FileLock(folder / "lock")
    except LockedError as error:
        raise PushError(
            "another run of fhir-kb is at work on this server",
            f"Wait until it is done (its folder is {folder})",
        ) from error
    except OSError as error:
        raise unwritable(error, folder) from error


def write(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file whole or not at all, on the disk for sure. Raises PushError."""
    try:
        write_atomically(path, content)
    except OSError as error:
        raise unwritable(error, path) from error


def remove(path: Path) -> None:
    """Remove a file, for sure. Raises PushError."""
    try:
        files.remove(path)
    except OSError as error:
        raise unwritable(error, path) from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is no file. Raises PushError where it is something else."""
    try:
        found = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise PushError(f"{path}: {error.strerror or error}") from error
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise damaged(path)
    return found


def damaged(path: Path) -> PushError:
    """What to say of a file of ours that is not as we wrote it."""
    return PushError(
        f"{path} is damaged",
        "Put it back from a copy; or move its folder away: then everything on the server "
        "is compared anew, and nothing is changed before you have seen it",
    )


def unwritable(error: OSError, path: Path) -> PushError:
    """The error for a file that cannot be written."""
    return PushError(
        f"{path} cannot be written: {error.strerror or error}",
        f"Free disk space, or fix the permissions of {path.parent}",
    )


class AppendOnlyFile:
    """A file that grows line by line; a line is there whole or is not counted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = AppendFile(path)
        except OSError as error:
            raise unwritable(error, path) from error

    def add(self, *lines: bytes, sure: bool) -> None:
        """Add lines (without their ends); sure: on the disk before this returns."""
        try:
            self._file.add(*lines, durable=sure)
        except OSError as error:
            raise unwritable(error, self._path) from error

    def close(self) -> None:
        """Bring everything to the disk and end."""
        self._file.close()


def drop_half_line(path: Path) -> None:
    """Cut off a line that was not written whole. Raises PushError."""
    try:
        drop_partial_line(path)
    except OSError as error:
        raise unwritable(error, path) from error


def lines_of(path: Path) -> Iterator[bytes]:
    """The whole lines of a file; none where there is no file. Raises PushError."""
    try:
        yield from whole_lines(path)
    except OSError as error:
        raise PushError(f"{path}: {error.strerror or error}") from error
