"""How far a long run is: a bar on a terminal, a plain line a stage elsewhere, on stderr."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol

from fhir_kb.cli.console import is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

_BAR: Final = 24
_PAUSE: Final = 0.1


class Progress(Protocol):
    """What a long run tells while it goes on; the same as `fhir_kb.pipeline.Progress`."""

    def stage(self, name: str, total: int | None = None) -> None:
        """A new stage begins, of `total` steps if that is known."""

    def advance(self, steps: int = 1) -> None:
        """So many steps of the stage are done."""


class Silent:
    """Says nothing."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Say nothing."""

    def advance(self, steps: int = 1) -> None:
        """Say nothing."""


class LineProgress:
    """One line a stage, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: Final = stream

    def stage(self, name: str, total: int | None = None) -> None:
        """Say what begins; without a name, nothing."""
        if not name:
            return
        self._stream.write(f"{name} ({total})\n" if total else f"{name}\n")
        self._stream.flush()

    def advance(self, steps: int = 1) -> None:
        """Say nothing: a log wants no steps."""


class ProgressBar:
    """One line that is drawn again and again, and gone at the end."""

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
        """Take the bar away."""
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
def progress(*, quiet: bool = False) -> Iterator[Progress]:
    """The progress to show on stderr; a bar is cleared at the end, also that of a failure."""
    if quiet:
        yield Silent()
    elif is_terminal(sys.stderr, os.environ):
        bar = ProgressBar(sys.stderr)
        try:
            yield bar
        finally:
            bar.clear()
    else:
        yield LineProgress(sys.stderr)
