"""Before a command: the output of a build that was interrupted is completed."""

from __future__ import annotations

import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics.errors import FhirKbError
from fhir_kb.pipeline.interrupted_output import complete_output, interrupted_outputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_USUAL: Final = Path("output")
_PACKAGES: Final = (".tgz", ".tar.gz")


def after_completing(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command, run once the output folders that its parameters name are whole.

    The usual folder is completed as well, but if it cannot be, a command that does not name it runs
    nevertheless.
    """

    @wraps(command)
    def run(*arguments: Any, **parameters: Any) -> Any:
        _complete([*_paths(parameters.values())])
        return command(*arguments, **parameters)

    return run


def _complete(named: list[Path]) -> None:
    for folder in interrupted_outputs(named):
        _complete_folder(folder)
    for folder in interrupted_outputs([_USUAL]):
        try:
            _complete_folder(folder)
        except FhirKbError as error:
            _tell(error.message)


def _complete_folder(folder: Path) -> None:
    if complete_output(folder):
        _tell(f"completed '{_shown(folder)}': a build of it was interrupted")


def _paths(values: Any) -> Iterator[Path]:
    for value in values:
        if isinstance(value, Path):
            yield value
        elif isinstance(value, str) and (value.endswith(_PACKAGES) or Path(value).is_dir()):
            yield Path(value)  # --package takes names of packages, and paths
        elif isinstance(value, list | tuple):
            yield from _paths(value)


def _shown(folder: Path) -> str:
    current = Path.cwd()
    return (folder.relative_to(current) if folder.is_relative_to(current) else folder).as_posix()


def _tell(text: str) -> None:
    from fhir_kb.diagnostics.render.terminal_text import terminal_safe

    sys.stderr.write(f"fhir-kb: {terminal_safe(text)}\n")
