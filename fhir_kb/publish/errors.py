"""What stops a publication."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from fhir_kb.diagnostics.errors import FhirKbError
from fhir_kb.publish.finding_codes import CANNOT_WRITE, DAMAGED

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


REBUILD = "Empty the output folder and build again: fhir-kb writes all of it again"
_OTHER_FOLDER = "Choose another folder"


def check_format(path: Path, format_: object, expected: int) -> None:
    """Raises OutputError where a file of ours has another format than this version reads."""
    if format_ == expected:
        return
    if isinstance(format_, int) and format_ > expected:
        raise OutputError(
            DAMAGED,
            f"'{path}' was written by a newer version of fhir-kb (format {format_}; this one "
            f"reads {expected})",
            "Upgrade fhir-kb, or empty the output folder and build again",
        )
    raise OutputError(DAMAGED, f"'{path}' has an unknown format: {format_!r}", REBUILD)


def cannot_write(folder: Path, error: OSError) -> OutputError:
    """The operating system's refusal, as people say it."""
    reason, advice = _reason(error, folder)
    return OutputError(CANNOT_WRITE, f"cannot write the output folder '{folder}': {reason}", advice)


def cannot_complete(folder: Path, error: OSError) -> OutputError:
    """The operating system's refusal to complete what an earlier build began."""
    reason, advice = _reason(error, folder)
    return OutputError(
        CANNOT_WRITE,
        f"a build of '{folder}' was interrupted and cannot be completed: {reason}; until it is, "
        "files of two builds are there",
        advice,
    )


def _reason(error: OSError, folder: Path) -> tuple[str, str]:
    space = "Free disk space and run the command again"
    permissions = f"Fix the permissions of '{folder}', or choose another folder"
    reasons = {
        errno.ENOSPC: ("the disk is full", space),
        errno.EDQUOT: ("the disk quota is used up", space),
        errno.EROFS: ("it is on a read-only file system", _OTHER_FOLDER),
        errno.EACCES: ("permission is denied, or a program has a file of it open", permissions),
        errno.EPERM: ("permission is denied", permissions),
        errno.ENOTDIR: ("a part of its path is a file", _OTHER_FOLDER),
        errno.EEXIST: ("a part of its path is a file", _OTHER_FOLDER),
        errno.ENAMETOOLONG: ("the path is too long", "Choose a folder with a shorter path"),
    }
    default = error.strerror or str(error), _OTHER_FOLDER
    return reasons.get(error.errno or 0, default)
