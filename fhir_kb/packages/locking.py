"""A lock between processes that ends with the process that holds it."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import IO, TYPE_CHECKING

from fhir_kb.packages.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_POLL = 0.05


@contextlib.contextmanager
def locked(path: Path, patience: float = 300.0) -> Iterator[None]:
    """Hold the lock file at `path` while the block runs; others wait at most `patience` seconds.

    Raises PackageError where somebody else holds it for longer, OSError where it can't be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        end = time.monotonic() + patience
        while not _taken(file):
            if time.monotonic() > end:
                raise PackageError(
                    f"another process holds '{path}'", "Wait for it to end and run this again"
                )
            time.sleep(_POLL)
        try:
            yield
        finally:
            _given_back(file)


if sys.platform == "win32":
    import msvcrt

    def _taken(file: IO[bytes]) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _given_back(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _taken(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _given_back(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
