"""Completing the output of a build that was interrupted, whatever command comes next."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from fhir_kb.pipeline.environment import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_JOURNAL: Final = (".fhir-kb.stage", "journal.json")
"""As in fhir_kb.publish.journal, which takes longer to import than most commands to run."""
_LEVELS: Final = 3
"""How far below an output folder a path can be: output, r4, a file."""


def interrupted_outputs(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The output folders with an incomplete change that these paths are, or lie in."""
    folders: dict[Path, None] = {}
    for path in paths:
        absolute = path.absolute()
        for folder in (absolute, *absolute.parents)[:_LEVELS]:
            if os.path.lexists(folder.joinpath(*_JOURNAL)):
                folders[folder] = None
    return tuple(folders)


def complete_output(folder: Path) -> bool:
    """Complete what an interrupted build has begun; True if there was something.

    Raises EnvironmentFailure where it cannot be completed.
    """
    if not os.path.lexists(folder.joinpath(*_JOURNAL)):
        return False
    from fhir_kb.publish import OutputError, complete

    try:
        return complete(folder)
    except OutputError as error:
        raise EnvironmentFailure(error.message, error.help, error.code) from error


def complete_outputs_of(paths: Iterable[Path]) -> None:
    """Complete the output folders that these paths are, or lie in, before they are read.

    Raises EnvironmentFailure where one cannot be completed.
    """
    for folder in interrupted_outputs(paths):
        complete_output(folder)
