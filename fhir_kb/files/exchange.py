"""Exchanging two names in one step, where the operating system can."""

from __future__ import annotations

import errno
import os
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2  # of renameat2(2), Linux
_RENAME_SWAP: Final = 2  # of renamex_np(2), macOS
_UNSUPPORTED: Final = frozenset(
    {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}
)
"""What systems and file systems without such an exchange answer; a sandbox says EPERM."""


def exchange(one: Path, other: Path) -> bool:
    """Give each of two files or folders the name of the other, in one step.

    Returns False, and does nothing, where the system or the file system cannot.

    Raises:
        OSError: Something else is in the way: a mount point, or a missing permission.
    """
    call = _call()
    if call is None:
        return False
    if call(os.fsencode(one), os.fsencode(other)) == 0:
        return True
    from ctypes import get_errno  # milliseconds that only a build needs

    number = get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))


@cache
def _call() -> Any:
    """The system's function, of two names; None where there is none."""
    import ctypes

    platform: str = sys.platform
    try:
        if platform == "linux":
            renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
            return lambda one, other: renameat2(_AT_FDCWD, one, _AT_FDCWD, other, _RENAME_EXCHANGE)
        if platform == "darwin":
            renamex = ctypes.CDLL(None, use_errno=True).renamex_np
            return lambda one, other: renamex(one, other, _RENAME_SWAP)
    except (OSError, AttributeError):  # an old C library, or a static one
        pass
    return None
