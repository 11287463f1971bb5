"""Where we remember what we did to a server: a folder that one process at a time may write to.

state.json       what stands on the server because of us, as far as we know
journal.jsonl    a push that is not finished: what was sent, and what came of it
pushes/7.ndjson  the contents that push 7 was the first to send
pushes/7.json    everything that stood there because of us after push 7
log.jsonl        who did what, when
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
from typing import TYPE_CHECKING, Any, Final

import orjson

from fhir_kb.push.errors import PushError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9.-]+")

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def workspace_folder(root: Path, base: str) -> Path:
    """The folder for the server at `base`, below `root`."""
    plain = base.rstrip("/")
    name = _NOT_IN_NAMES.sub("-", plain.partition("://")[2]).strip("-.")[:60]
    return root / "servers" / f"{name}-{hashlib.sha256(plain.encode()).hexdigest()[:8]}"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder; the system frees it when the process ends, however it ends.

    Raises PushError where another process holds it, or the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise unwritable(error, folder) from error
    try:
        try:
            _try_lock(file)
        except (BlockingIOError, PermissionError) as error:
            raise PushError(
                "another run of fhir-kb is at work on this server",
                f"Wait until it is done (its folder is {folder})",
            ) from error
        yield
    finally:
        os.close(file)


def write(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file whole or not at all, on the disk for sure. Raises PushError."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        _sync(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise unwritable(error, path) from error


def remove(path: Path) -> None:
    """Take a file away, for sure. Raises PushError."""
    try:
        path.unlink(missing_ok=True)
        _sync(path.parent)
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
    """What to say where the disk stands in the way."""
    return PushError(f"{path}: {error.strerror or error}", "Make room or mend its rights")


class AppendOnlyFile:
    """A file that grows line by line; a line is there whole or is not counted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise unwritable(error, path) from error

    def add(self, *lines: bytes, sure: bool) -> None:
        """Add lines (without their ends); sure: on the disk before this returns."""
        content = b"".join(line + b"\n" for line in lines)
        try:
            while content:
                content = content[os.write(self._file, content) :]
            if sure:
                os.fsync(self._file)
        except OSError as error:
            raise unwritable(error, self._path) from error

    def close(self) -> None:
        """Bring everything to the disk and end."""
        with contextlib.suppress(OSError):
            os.fsync(self._file)
        os.close(self._file)


def drop_half_line(path: Path) -> None:
    """Take away what was cut off at the end of a file that grows line by line. Raises PushError."""
    try:
        with path.open("r+b") as file:
            file.seek(0, os.SEEK_END)
            end = file.tell()
            while end and (file.seek(end - 1) or file.read(1)) != b"\n":
                end -= 1
            file.truncate(end)
    except FileNotFoundError:
        return
    except OSError as error:
        raise unwritable(error, path) from error


def lines_of(path: Path) -> Iterator[bytes]:
    """The whole lines of a file that grew line by line; one that was cut off at the end is left
    out. Nothing where there is no file.
    """
    try:
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield line
    except FileNotFoundError:
        return
    except OSError as error:
        raise PushError(f"{path}: {error.strerror or error}") from error


def _sync(folder: Path) -> None:
    """The folder's own entries; Windows has no such call."""
    if sys.platform == "win32":
        return
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
