"""Writing many new files: each once, hashed on the way, by two processes where that is faster."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from fhir_kb.publish.pieces import Assembly, StaleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fhir_kb.publish.content import Content
    from fhir_kb.publish.manifest import Stamp
    from fhir_kb.publish.pieces import Note

_CHUNK = 1 << 18
_BINARY = getattr(os, "O_BINARY", 0)
_MANY = 1000  # from here on, a second process costs less than it saves


class Staged(NamedTuple):
    """A file that was written aside. note: of its pieces, for the next time."""

    path: str
    size: int
    sha256: str
    stamp: Stamp
    note: Note | None = None


def write_new(path: str, content: Content, *, durable: bool = False) -> Staged:
    """Write a file that must not be there yet; `durable`: and wait for the disk. Raises OSError."""
    try:
        return _write_new(path, content, durable)
    except StaleError:
        os.unlink(path)  # noqa: PTH108 (paths are strings here)
        return _write_new(path, content._replace(old=None), durable)


def _write_new(path: str, content: Content, durable: bool) -> Staged:
    assembly = Assembly(content.pieces, content.old) if content.pieces is not None else None
    hashed = None if content.sha256 else hashlib.sha256()
    size = 0
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o644)
    try:
        for chunk in _chunks(assembly.parts() if assembly is not None else content.parts()):
            _write_all(file, chunk)
            size += len(chunk)
            if hashed is not None:
                hashed.update(chunk)
        if durable:
            os.fsync(file)
        status = os.fstat(file)
    finally:
        os.close(file)
    sha256 = hashed.hexdigest() if hashed is not None else content.sha256
    note = assembly.note(sha256) if assembly is not None else None
    return Staged(path, size, sha256, (status.st_size, status.st_mtime_ns), note)


def write_all_new(
    files: Sequence[tuple[str, Content]], made_of: int = 0, *, durable: bool = False
) -> list[Staged]:
    """Write files that must not be there yet, in any order. Raises OSError.

    durable: each is on the disk at the end; while one waits for that, the other process writes.
    Very many are shared with a second process: of threads only one at a time could run. So are few
    that are `made_of` very many, unless they are copied from older files.
    """
    if len(files) < 2 or max(len(files), made_of) < _MANY:
        return _write_each(files, durable)
    if len(files) < _MANY and _mostly_copied(content for _, content in files):
        return _write_in_threads(files, durable)
    if not _can_fork():
        return _write_each(files, durable)
    return _write_in_processes(files, durable)


def _mostly_copied(contents: Iterable[Content]) -> bool:
    """Whether there are files of pieces, all with an older file to copy from."""
    known = [content.old is not None for content in contents if content.pieces is not None]
    return bool(known) and all(known)


def _write_in_threads(files: Sequence[tuple[str, Content]], durable: bool) -> list[Staged]:
    """What is mostly copied: reading, hashing, writing and waiting let another thread run."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(lambda one: write_new(*one, durable=durable), files))


def _write_in_processes(files: Sequence[tuple[str, Content]], durable: bool) -> list[Staged]:
    import multiprocessing

    context: Any = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    other = context.Process(target=_serve, args=(theirs, files[1::2], durable), daemon=True)
    other.start()
    theirs.close()
    try:
        own = _write_each(files[::2], durable)
        answer = ours.recv()
    except EOFError as error:
        raise ChildProcessError(
            "a process that was writing files was ended from outside"
        ) from error
    finally:
        ours.close()
        other.terminate()
        other.join()
    if isinstance(answer, OSError):
        raise answer
    return [*own, *answer]


def _can_fork() -> bool:
    """Forking is sound where no thread can hold a lock, and pays with two cores."""
    return (
        sys.platform == "linux"
        and threading.active_count() == 1
        and len(os.sched_getaffinity(0)) > 1
    )


def _write_each(files: Iterable[tuple[str, Content]], durable: bool) -> list[Staged]:
    return [write_new(path, content, durable=durable) for path, content in files]


def _serve(pipe: Any, files: Iterable[tuple[str, Content]], durable: bool) -> None:
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


def _write_all(file: int, chunk: bytes) -> None:
    written = os.write(file, chunk)
    while written < len(chunk):
        chunk = chunk[written:]
        written = os.write(file, chunk)
