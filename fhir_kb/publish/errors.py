"""What stops a publication."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from fhir_kb.diagnostics.errors import FhirKbError
from fhir_kb.publish.codes import CANNOT_WRITE

if TYPE_CHECKING:
    from pathlib import Path

    from fhir_kb.diagnostics import FindingCode


class OutputError(FhirKbError):
    """The output cannot be written; it is as it was, or the next run completes it."""

    code: str
    """See codes.py."""

    def __init__(self, code: FindingCode, message: str, advice: str) -> None:
        super().__init__(message, advice)
        self.code = code.id


_AGAIN = "Free some space and run the command again"
_ELSEWHERE = "Allow writing there, or choose another folder"
_REASONS = {
    errno.ENOSPC: ("the disk is full", _AGAIN),
    errno.EDQUOT: ("the disk quota is used up", _AGAIN),
    errno.EROFS: ("it is on a read-only file system", _ELSEWHERE),
    errno.EACCES: ("permission is denied, or a program has a file of it open", _ELSEWHERE),
    errno.EPERM: ("permission is denied", _ELSEWHERE),
    errno.ENOTDIR: ("a part of its path is a file", "Choose another folder"),
    errno.EEXIST: ("a part of its path is a file", "Choose another folder"),
    errno.ENAMETOOLONG: ("the path is too long", "Choose a folder with a shorter path"),
}


def cannot_write(folder: Path, error: OSError) -> OutputError:
    """The operating system's refusal, as people say it."""
    reason, advice = _REASONS.get(
        error.errno or 0,
        (error.strerror or str(error), "Mend that and run the command again"),
    )
    return OutputError(CANNOT_WRITE, f"cannot write the output folder '{folder}': {reason}", advice)
