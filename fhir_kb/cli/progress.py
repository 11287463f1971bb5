"""The progress of a long run on stderr: a bar on a terminal, a line for each stage elsewhere."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Final

from fhir_kb.cli.console import is_terminal
from fhir_kb.pipeline.progress import NullProgress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from fhir_kb.pipeline.progress import Progress

_BAR: Final = 24
_PAUSE: Final = 0.1


class LineProgress:
    """A line for each stage, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: Final = stream

    def stage(self, name: str, total: int | None = None) -> None:
        """Write the stage's name; nothing where it has none."""
        if not name:
            return
        self._stream.write(f"{name} ({total})\n" if total else f"{name}\n")
        self._stream.flush()

    def advance(self, steps: int = 1) -> None:
        """Do nothing: a log needs no steps."""


class ProgressBar:
    """A line that is drawn again and again, and cleared at the end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: Final = stream
        self._name = ""
        self._done = 0
        self._total: int | None = None
        self._drawn = 0.0

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin the bar anew."""
        self._name, self._total, self._done = name, total, 0
        self._draw()

    def advance(self, steps: int = 1) -> None:
        """Draw the bar further, not more than ten times a second."""
        self._done += steps
        if monotonic() - self._drawn >= _PAUSE:
            self._draw()

    def clear(self) -> None:
        """Clear the line."""
        self._stream.write("\r\x1b[K")
        self._stream.flush()

    def _draw(self) -> None:
        self._drawn = monotonic()
        line = self._name
        if self._total:
            full = min(self._done, self._total) * _BAR // self._total
            line = f"{'█' * full}{'░' * (_BAR - full)} {self._done}/{self._total} {self._name}"
        self._stream.write(f"\r\x1b[K{line}")
        self._stream.flush()


@contextmanager
def show_progress(*, quiet: bool = False) -> Iterator[Progress]:
    """Progress on stderr; a bar is cleared at the end, also of a failure."""
    if quiet:
        yield NullProgress()
    elif is_terminal(sys.stderr, os.environ):
        bar = ProgressBar(sys.stderr)
        try:
            yield bar
        finally:
            bar.clear()
    else:
        yield LineProgress(sys.stderr)
