"""A lock between processes that the operating system frees when its holder ends, however it ends.

Not the library `filelock`: where a file system has no `flock`, it falls back to a lock that is the
mere existence of a file, and that one outlives a process that is killed. Here that is an OSError,
which the caller reports. Besides, publish has to remove its lock file, so that nothing of ours
stays in the output folder, without letting two processes in.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics.errors import FhirKbError

if TYPE_CHECKING:
    from pathlib import Path

_POLL: Final = 0.05
_NO_LINKS: Final = getattr(os, "O_NOFOLLOW", 0)

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try_lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


_HELD: Final = frozenset({errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK})


class LockedError(FhirKbError):
    """Another process holds the lock."""


class FileLock:
    """The exclusive lock on a file, taken at once; a context manager that frees it.

    Two locks on one file exclude each other within a process, too.
    """

    def __init__(self, path: Path, *, patience: float = 0.0, temporary: bool = False) -> None:
        """Take the lock.

        Args:
            path: The lock file; it and its folder are created where they are missing.
            patience: Seconds to wait for another process.
            temporary: Whether the file is removed when the lock is freed.

        Raises:
            LockedError: Another process holds the lock for longer than `patience`.
            OSError: The file cannot be created, or its file system has no locks.
        """
        self._path = path
        self._temporary = temporary
        path.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + patience
        while (file := _locked_file(path)) is None:
            if time.monotonic() >= deadline:
                raise LockedError(
                    f"another run of fhir-kb has locked '{path}'",
                    "Wait until it ends and try again",
                )
            time.sleep(_POLL)
        self._file: int | None = file

    def __enter__(self) -> FileLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Free the lock; once more does nothing."""
        if self._file is None:
            return
        if self._temporary:
            # Removed before it is free: whoever waits for this file sees that it is gone.
            # On Windows an open file cannot be removed; an empty lock file does no harm.
            with contextlib.suppress(OSError):
                self._path.unlink()
        os.close(self._file)
        self._file = None


def _locked_file(path: Path) -> int | None:
    """The descriptor of the locked file; None where another process holds it. Raises OSError."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINKS, 0o644)
        is_ours = False
        try:
            _try_lock(file)
            is_ours = _is_current(path, file)
        except OSError as error:
            if error.errno not in _HELD:
                raise
            return None
        finally:
            if not is_ours:
                os.close(file)
        if is_ours:
            return file


def _is_current(path: Path, file: int) -> bool:
    """Whether `path` is still the locked file; its last holder may have removed that."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
