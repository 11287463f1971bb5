"""One writer at a time in an output folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.files import FileLock, LockedError
from fhir_kb.publish.errors import OutputError
from fhir_kb.publish.finding_codes import BUSY
from fhir_kb.publish.paths import OWN_PREFIX

if TYPE_CHECKING:
    from pathlib import Path

LOCK = f"{OWN_PREFIX}.lock"


def locked(folder: Path, *, patience: float = 0.0) -> FileLock:
    """The lock of an output folder; nothing of it stays.

    patience: Seconds to wait for another run.

    Raises OutputError if another run holds it.
    """
    try:
        return FileLock(folder / LOCK, patience=patience, temporary=True)
    except LockedError as error:
        raise OutputError(
            BUSY,
            f"another run of fhir-kb is writing to '{folder}'",
            "Wait until it is done, or choose another folder",
        ) from error
