"""Files that a person names for output: `-o bundle.json`, `--out plan.json`, `--log-file run.log`.

Another file of that name, a definition perhaps, is not overwritten: only a file that is empty or
that reads as one of the same kind.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from fhir_kb.diagnostics.errors import FhirKbError
from fhir_kb.files.reading import kind_of_file
from fhir_kb.files.writing import write_all, write_atomically

if TYPE_CHECKING:
    from re import Pattern

_HEAD: Final = 4096
_FLAGS: Final = (
    os.O_WRONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO that nobody reads is refused at once
    | getattr(os, "O_NOCTTY", 0)
)


class OutputKind(NamedTuple):
    """What is written to a file that a person names."""

    name: str
    """With its article: "a bundle"."""
    beginning: Pattern[bytes]
    """Matches the beginning of every file of this kind."""


class OverwriteError(FhirKbError):
    """A file would be overwritten that fhir-kb did not write."""

    usage = True


def write_named(path: Path, content: bytes, kind: OutputKind, *, mode: int = 0o666) -> None:
    """Write a file as a whole; what is no file (a pipe, /dev/stdout) is written to.

    Args:
        path: As it was named; of a link, the file that it leads to.
        content: All of it.
        kind: What it is.
        mode: The permissions of a new file, less the umask; a file that is there keeps its own.

    Raises:
        OverwriteError: There is a file of another kind.
        OSError: It cannot be written.
    """
    there = check_overwrite(path, kind)
    if there is not None and not stat.S_ISREG(there):
        file = open_special(path)
        try:
            write_all(file, content)
        finally:
            os.close(file)
        return
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    write_atomically(target, content, mode=mode)
    if there is not None and stat.S_IMODE(there) != stat.S_IMODE(target.stat().st_mode):
        target.chmod(stat.S_IMODE(there))


def check_overwrite(path: Path, kind: OutputKind) -> int | None:
    """The `st_mode` of what is at `path`, which may be written to; None where nothing is.

    Raises:
        OverwriteError: There is a file of another kind, a socket or a disk.
        OSError: It cannot be looked at.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISDIR(mode):
            return mode  # a folder is refused when it is opened
        message = f"'{path}' is {kind_of_file(mode)}, which cannot be written as a file"
        raise OverwriteError(message, "Choose another file")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head and not kind.beginning.match(head):
        message = f"'{path}' is there and is not {kind.name}, so it is not overwritten"
        raise OverwriteError(message, "Choose another name, or remove that file")
    return mode


def open_special(path: Path) -> int:
    """A descriptor for writing to a pipe or a device. Raises OSError where nobody reads a FIFO."""
    file = os.open(path, _FLAGS)
    if os.name == "posix":
        os.set_blocking(file, True)
    return file
