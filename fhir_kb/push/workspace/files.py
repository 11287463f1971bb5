"""The files of a workspace: what the disk refuses and what is damaged becomes a PushError.

state.json         the recorded state
journal.jsonl      a push that is not finished: what was sent, and what came of it
pushes/7.ndjson    the contents that push 7 sent first
pushes/7.json      the resources recorded after push 7
log.jsonl          who did what, and when
capabilities.json  what the server can do, as it said last

Each carries the version of its format; see docs/adr/0007-push.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from fhir_kb import files
from fhir_kb.push.errors import PushError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


PRIVATE: Final = 0o600
"""The permissions of files: only their owner reads what was sent to a server."""


def write(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file atomically and durably. Raises PushError."""
    try:
        files.write_atomically(path, content, mode=PRIVATE)
    except OSError as error:
        raise unwritable(error, path) from error


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON object atomically and durably. Raises PushError."""
    write(path, orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE))


def remove(path: Path) -> None:
    """Remove a file durably. Raises PushError."""
    try:
        files.remove(path)
    except OSError as error:
        raise unwritable(error, path) from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is no file. Raises PushError where it is something else."""
    try:
        content = orjson.loads(files.read_regular(path))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise unreadable(error, path) from error
    except orjson.JSONDecodeError as error:
        raise damaged(path, error.lineno) from error
    if not isinstance(content, dict):
        raise damaged(path)
    return content


def damaged(path: Path, line: int = 1) -> PushError:
    """The error for a file that is not as it was written, at that line."""
    return PushError(
        f"{path}:{line} is damaged",
        f"Restore it from a backup; or move {path.parent} away: then everything on the server is "
        "compared again, and nothing is changed before a plan has shown it",
    )


def unwritable(error: OSError, path: Path) -> PushError:
    """The error for a file that cannot be written."""
    return PushError(
        f"{path} cannot be written: {error.strerror or error}",
        f"Free disk space, or fix the permissions of {path.parent}",
    )


def unreadable(error: OSError, path: Path) -> PushError:
    """The error for a file that cannot be read."""
    return PushError(
        f"{path} cannot be read: {error.strerror or error}", f"Fix the permissions of {path}"
    )


class AppendOnlyFile:
    """A file that grows line by line; a line is written whole, or does not count."""

    def __init__(self, path: Path) -> None:
        """Open it for appending. Raises PushError."""
        self._path = path
        try:
            self._file = files.AppendFile(path)
        except OSError as error:
            raise unwritable(error, path) from error

    def add(self, *lines: bytes, durable: bool) -> None:
        """Add lines, given without their ends.

        Args:
            lines: What to add.
            durable: Whether they are on the disk when this returns.

        Raises:
            PushError: They cannot be written.
        """
        try:
            self._file.add(*lines, durable=durable)
        except OSError as error:
            raise unwritable(error, self._path) from error

    def close(self) -> None:
        """Bring everything to the disk and close the file."""
        self._file.close()


def drop_partial_line(path: Path) -> None:
    """Cut off a last line that was not written whole. Raises PushError."""
    try:
        files.drop_partial_line(path)
    except OSError as error:
        raise unwritable(error, path) from error


def whole_lines(path: Path) -> Iterator[bytes]:
    """The whole lines of a file; none where there is no file. Raises PushError."""
    try:
        yield from files.whole_lines(path)
    except OSError as error:
        raise unreadable(error, path) from error


def read_lines(path: Path, read: Callable[[bytes], None]) -> None:
    """Give each whole line of a file to `read`.

    Raises PushError, which names the line that `read` raises ValueError, KeyError, TypeError or
    AttributeError for.
    """
    for number, line in enumerate(whole_lines(path), start=1):
        try:
            read(line)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise damaged(path, number) from error
