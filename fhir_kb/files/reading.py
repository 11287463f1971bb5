"""Reading and changing regular files: a FIFO, a socket or a device would wait, or never end."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_FLAGS: Final = (
    getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a FIFO would wait for somebody who writes to it
    | getattr(os, "O_NOCTTY", 0)
)
_BLOCK: Final = 1 << 20
_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


class IrregularFileError(OSError):
    """What was to be read as a file is none."""

    kind: str
    """What it is: "a FIFO"."""

    def __init__(self, kind: str, path: str) -> None:
        super().__init__(errno.EINVAL, f"this is {kind}, not a regular file", path)
        self.kind = kind


def kind_of_file(mode: int) -> str | None:
    """What a path is by its `st_mode` ("a FIFO"); None for a regular file."""
    if stat.S_ISREG(mode):
        return None
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), "no file")


def read_regular(path: Path | str, limit: int | None = None) -> bytes:
    """The content of a regular file, or its first `limit` bytes.

    Raises:
        IrregularFileError: It is something else, which is not waited for.
        OSError: It cannot be read.
    """
    file = open_regular(path)
    try:
        if limit is None:
            limit = os.fstat(file).st_size + _BLOCK
        blocks: list[bytes] = []
        while limit > 0 and (block := os.read(file, min(limit, _BLOCK))):
            blocks.append(block)
            limit -= len(block)
        return b"".join(blocks)
    finally:
        os.close(file)


def open_regular(path: Path | str, access: int = os.O_RDONLY, mode: int = 0o600) -> int:
    """A descriptor of a regular file.

    Args:
        path: The file.
        access: How it is opened, as `os.open` has it; for reading if left out.
        mode: The permissions of a new file, where `access` has `O_CREAT`.

    Raises:
        IrregularFileError: It is something else, which is not waited for.
        OSError: It cannot be opened.
    """
    file = os.open(path, access | _FLAGS, mode)
    if kind := kind_of_file(os.fstat(file).st_mode):
        os.close(file)
        raise IrregularFileError(kind, str(path))
    return file
