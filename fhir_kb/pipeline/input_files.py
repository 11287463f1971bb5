"""The files that a command is given: regular files, pipes, the standard input, folders."""

from __future__ import annotations

import os
import select
import stat
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from fhir_kb.files import kind_of_file, read_regular
from fhir_kb.pipeline.environment import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_FILE: Final = 512 * 1024 * 1024
MAX_WAIT: Final = 300.0
"""How many seconds a pipe may be silent."""
STANDARD_INPUT: Final = Path("-")
_BLOCK: Final = 1024 * 1024
_DESCRIPTOR_FOLDERS: Final = ("/dev/fd/", "/proc/self/fd/")


class SkippedFile(NamedTuple):
    """A file in a folder or package that was not checked."""

    file: str
    """As people see its name."""
    reason: str
    """What it is: "a ZIP archive"."""


def read_named(path: Path) -> bytes:
    """All of a file, or of a pipe, that a person named.

    Raises as `read_stream`.
    """
    return read_stream(path) if is_stream(path) else read_regular(path)


def is_stream(path: Path) -> bool:
    """Whether a path is the standard input, an open descriptor, or anything that is no file."""
    if path == STANDARD_INPUT:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def read_stream(path: Path) -> bytes:
    """All that comes from the standard input, a descriptor or a FIFO.

    Raises:
        EnvironmentFailure: The path is a device or socket, too much comes, or nothing for too long.
        OSError: It cannot be read.
    """
    if path == STANDARD_INPUT:
        return _read(sys.stdin.fileno(), "the standard input")
    name = path.as_posix()
    kind = kind_of_file(path.stat().st_mode)
    if kind != "a FIFO" and name != "/dev/stdin" and not name.startswith(_DESCRIPTOR_FOLDERS):
        message = f"'{path}' is {kind} and cannot be read as a file"
        raise EnvironmentFailure(message, "name a file, a folder, or '-' for the standard input")
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        return _read(descriptor, f"'{path}'")
    finally:
        os.close(descriptor)


def _read(descriptor: int, name: str) -> bytes:
    blocks: list[bytes] = []
    size = 0
    last = time.monotonic()
    while True:
        wait = MAX_WAIT - (time.monotonic() - last)
        if wait <= 0 or (os.name == "posix" and not select.select([descriptor], [], [], wait)[0]):
            message = f"no input from {name} within {MAX_WAIT:.0f} seconds"
            raise EnvironmentFailure(message, "run again what writes to it, or name a file")
        try:
            block = os.read(descriptor, _BLOCK)
        except BlockingIOError:
            continue
        if not block:
            return b"".join(blocks)
        blocks.append(block)
        size += len(block)
        if size > MAX_FILE:
            message = f"more than {MAX_FILE // 1024**2} MB come from {name}"
            raise EnvironmentFailure(message, "write it to a .ndjson file, read line by line")
        last = time.monotonic()


def files_in(folder: Path, on_skipped: Callable[[SkippedFile], None]) -> Iterator[Path]:
    """The regular files in a folder and its subfolders, in order.

    Args:
        folder: The folder.
        on_skipped: Receives what is hidden, a link to a folder, or no regular file.

    Raises:
        OSError: A folder cannot be read.
    """

    def fail(error: OSError) -> None:
        raise error

    files: list[Path] = []
    for current, folders, names in os.walk(folder, onerror=fail):
        here = Path(current)
        for name in folders:
            if name.startswith("."):
                on_skipped(SkippedFile((here / name).as_posix(), "a hidden folder"))
            elif (here / name).is_symlink():
                on_skipped(SkippedFile((here / name).as_posix(), "a link to a folder"))
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [here / name for name in names]
    for path in sorted(files):
        if path.name.startswith("."):
            on_skipped(SkippedFile(path.as_posix(), "a hidden file"))
        elif path.is_symlink() and not path.exists():
            on_skipped(SkippedFile(path.as_posix(), "a link to nothing"))
        elif (kind := kind_of_file(path.stat().st_mode)) is None:
            yield path
        else:
            on_skipped(SkippedFile(path.as_posix(), kind))
