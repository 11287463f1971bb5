"""Where the knowledge base is when none is given: here or above, as git looks for its folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_NAME: Final = "definitions"
_OUTPUT: Final = "output"
_SETTINGS: Final = "kb.yaml"


def default_definitions() -> Path:
    """The folder with kb.yaml that a command works on when none is given.

    In the current folder and then in each above it: `definitions`, or the folder itself. The path
    is relative to the current folder. Without a kb.yaml anywhere it is `definitions`, which the
    command will miss by that name.
    """
    return _found() or Path(_NAME)


def default_output(definitions: Path) -> Path:
    """The folder that `build` writes to: `output` beside definitions that were looked for."""
    absolute = Path(os.path.abspath(definitions))  # noqa: PTH100  (without "..", links as named)
    return Path(os.path.relpath(absolute.parent / _OUTPUT))


def _found() -> Path | None:
    try:
        here = Path.cwd()
    except OSError:
        return None
    for folder in (here, *here.parents):
        for definitions in (folder / _NAME, folder):
            if (definitions / _SETTINGS).is_file():
                return Path(os.path.relpath(definitions, here))
    return None
