"""Files that grow line by line; a line counts only once its end is there."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from fhir_kb.files.reading import open_regular
from fhir_kb.files.writing import write_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class AppendFile:
    """A file open for appending lines, only for its owner to read. Everything may raise OSError."""

    def __init__(self, path: Path, *, mode: int = 0o600) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode)

    def add(self, *lines: bytes, durable: bool) -> None:
        """Add lines, given without their ends; durable: on the disk before this returns."""
        content = b"".join(line + b"\n" for line in lines)
        if content:
            write_all(self._file, content)
        if durable:
            os.fsync(self._file)

    def close(self) -> None:
        """Bring everything to the disk and end."""
        with contextlib.suppress(OSError):
            os.fsync(self._file)
        os.close(self._file)


def drop_partial_line(path: Path) -> None:
    """Cut off what stands after the last line end, if there is such a file. Raises OSError."""
    try:
        with os.fdopen(open_regular(path, os.O_RDWR), "r+b") as file:
            end = file.seek(0, os.SEEK_END)
            while end:
                file.seek(end - 1)
                if file.read(1) == b"\n":
                    break
                end -= 1
            file.truncate(end)
    except FileNotFoundError:
        return


def whole_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file but for one that was cut off at the end; none where there is no file.

    Raises OSError.
    """
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    yield line
    except FileNotFoundError:
        return
