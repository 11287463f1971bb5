"""One writer at a time in an output folder."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from fhir_kb.publish.codes import BUSY
from fhir_kb.publish.errors import OutputError
from fhir_kb.publish.paths import OURS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK = f"{OURS}.lock"

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system frees it when the process ends, however it ends.

    Raises OutputError where another process holds it.
    """
    path = folder / LOCK
    file = _take(path)
    try:
        yield
    finally:
        # Gone before it is free: whoever waits for the old file finds that it is no longer there.
        # On Windows an open file stays; an empty lock file does no harm.
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(file)


def _take(path: Path) -> int:
    no_links = getattr(os, "O_NOFOLLOW", 0)
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | no_links, 0o644)
        try:
            _try_lock(file)
            if _is_still(path, file):
                return file
        except (BlockingIOError, PermissionError) as error:
            os.close(file)
            raise OutputError(
                BUSY,
                f"another run of fhir-kb is writing to '{path.parent}'",
                "Wait until it is done, or choose another folder",
            ) from error
        os.close(file)


def _is_still(path: Path, file: int) -> bool:
    """Whether the locked file is the one that stands there, and not one that was just removed."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
