"""Writing many new files: each once, hashed on the way, by two processes where that is faster."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_kb.files import write_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fhir_kb.publish.file_content import FileContent
    from fhir_kb.publish.output_manifest import Stamp

_CHUNK = 1 << 18
_BINARY = getattr(os, "O_BINARY", 0)
_MANY = 1000  # from here on, a second process costs less than it saves


class StagedFile(NamedTuple):
    """A file that was written aside."""

    path: str
    size: int
    sha256: str
    stamp: Stamp


def write_new(path: str, content: FileContent, *, durable: bool = False) -> StagedFile:
    """Write a file that must not be there yet; `durable`: and wait for the disk. Raises OSError."""
    hashed = None if content.sha256 else hashlib.sha256()
    size = 0
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o644)
    try:
        for chunk in _chunks(content.parts()):
            write_all(file, chunk)
            size += len(chunk)
            if hashed is not None:
                hashed.update(chunk)
        if durable:
            os.fsync(file)
        status = os.fstat(file)
    finally:
        os.close(file)
    sha256 = hashed.hexdigest() if hashed is not None else content.sha256
    return StagedFile(path, size, sha256, (status.st_size, status.st_mtime_ns))


def write_all_new(
    files: Sequence[tuple[str, FileContent]], total_files: int = 0, *, durable: bool = False
) -> list[StagedFile]:
    """Write files that must not exist yet, in any order. Raises OSError.

    Very many are shared with a second process: of threads only one at a time could run.

    Args:
        files: Their paths and contents.
        total_files: How many files the output folder has: where they are very many, a few that
            have changed (bundles, packages) are large, and are shared as well.
        durable: Whether each is on the disk at the end; while one waits for that, the other
            process writes.
    """
    if len(files) < 2 or max(len(files), total_files) < _MANY or not _can_fork():
        return _write_each(files, durable)
    import multiprocessing

    context: Any = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    other = context.Process(target=_serve, args=(theirs, files[1::2], durable), daemon=True)
    other.start()
    theirs.close()
    try:
        own = _write_each(files[::2], durable)
        other_written = ours.recv()
    except EOFError as error:
        raise ChildProcessError(
            "a process that was writing files was killed, perhaps because memory ran out"
        ) from error
    finally:
        ours.close()
        other.terminate()
        other.join()
    if isinstance(other_written, OSError):
        raise other_written
    return [*own, *other_written]


def _can_fork() -> bool:
    """Forking is sound where no thread can hold a lock, and pays with two cores."""
    return (
        sys.platform == "linux"
        and threading.active_count() == 1
        and len(os.sched_getaffinity(0)) > 1
    )


def _write_each(files: Iterable[tuple[str, FileContent]], durable: bool) -> list[StagedFile]:
    return [write_new(path, content, durable=durable) for path, content in files]


def _serve(pipe: Any, files: Iterable[tuple[str, FileContent]], durable: bool) -> None:
    try:
        pipe.send(_write_each(files, durable))
    except OSError as error:
        pipe.send(error)


def _chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The parts in pieces that are worth a system call."""
    waiting: list[bytes] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= _CHUNK:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    if size:
        yield b"".join(waiting)
