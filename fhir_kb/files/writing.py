"""Writing a file as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from itertools import count
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_BINARY: Final = getattr(os, "O_BINARY", 0)
_SERIAL: Final = count()
_BLOCK: Final = 1 << 20


def write_atomically(
    path: Path, content: bytes | Iterable[bytes], *, mode: int = 0o666, durable: bool = True
) -> None:
    """Write a file so that others see the old content or the new one, never a part.

    Args:
        path: Its folder is created where it is missing.
        content: All of it, or its parts in order.
        mode: The permissions of the file, less the umask.
        durable: Whether it is on the disk, content and name, when this returns.

    Raises:
        OSError: It could not be written; `path` is what it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}-{next(_SERIAL)}.tmp")
    try:
        write_aside(aside, content, mode=mode, durable=durable)
        if durable:
            replace_durably(aside, path)
        else:
            aside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def write_cache(path: Path, content: bytes) -> None:
    """Write a file of a cache as a whole; one that cannot be written is no reason to stop."""
    with contextlib.suppress(OSError):
        write_atomically(path, content, durable=False)


def write_aside(
    path: Path, content: bytes | Iterable[bytes], *, mode: int = 0o666, durable: bool = True
) -> None:
    """Write a file that takes another's place later; see `replace_durably`. Raises OSError."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, mode)
    try:
        for part in [content] if isinstance(content, bytes) else content:
            write_all(file, part)
        if durable:
            os.fsync(file)
    finally:
        os.close(file)


def copy_aside(source: Path, path: Path) -> None:
    """Write a copy of a file, with its times, that takes another's place later. Raises OSError."""
    with source.open("rb") as file:
        write_aside(path, iter(lambda: file.read(_BLOCK), b""))
    shutil.copystat(source, path)


def replace_durably(aside: Path, path: Path) -> None:
    """Give a file the name `path`, on the disk when this returns. Raises OSError."""
    aside.replace(path)
    sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a file if it is there, on the disk when this returns. Raises OSError."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_all(file: int, content: bytes) -> None:
    """Write all of `content` to a descriptor: the system may take it in parts. Raises OSError."""
    written = os.write(file, content)
    while written < len(content):
        content = content[written:]
        written = os.write(file, content)


def sync_file(path: Path | str) -> None:
    """Bring a file's content to the disk. Raises OSError."""
    file = os.open(path, os.O_RDWR | _BINARY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def sync_folder(path: Path) -> None:
    """Bring the names in a folder to the disk; Windows has no such call and needs none."""
    if sys.platform == "win32":
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
