"""The progress of a long run on stderr: a bar on a terminal, a line for each stage elsewhere."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Final

from fhir_kb.cli.console import is_terminal
from fhir_kb.diagnostics.progress import NullProgress
from fhir_kb.diagnostics.render.terminal_text import terminal_safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from fhir_kb.diagnostics.progress import Progress

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
        name = terminal_safe(name)
        self._stream.write(f"{name} ({total})\n" if total else f"{name}\n")
        self._stream.flush()

    def advance(self, steps: int = 1) -> None:
        """Do nothing: a log needs no steps."""

    def note(self, text: str) -> None:
        """Write a line."""
        self._stream.write(f"{terminal_safe(text)}\n")
        self._stream.flush()


class ProgressBar:
    """A line that is drawn again and again, and cleared at the end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: Final = stream
        self._name = ""
        self._done = 0
        self._total: int | None = None
        self._drawn = 0.0

    def stage(self, name: str, total: int | None = None) -> None:
        """Start the bar again."""
        self._name, self._total, self._done = terminal_safe(name), total, 0
        self._draw()

    def advance(self, steps: int = 1) -> None:
        """Draw the bar further, not more than ten times a second."""
        self._done += steps
        if monotonic() - self._drawn >= _PAUSE:
            self._draw()

    def note(self, text: str) -> None:
        """Write a line above the bar."""
        self._stream.write(f"\r\x1b[K{terminal_safe(text)}\n")
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


class LoggedProgress:
    """Writes stages to the log, too."""

    def __init__(self, progress: Progress) -> None:
        import logging

        self._progress: Final = progress
        self._log: Final = logging.getLogger(__name__)

    def stage(self, name: str, total: int | None = None) -> None:
        """Log the stage's name."""
        if name:
            self._log.info("%s (%d)" if total else "%s%.0s", name, total)
        self._progress.stage(name, total)

    def advance(self, steps: int = 1) -> None:
        """Log nothing."""
        self._progress.advance(steps)


@contextmanager
def show_progress(*, quiet: bool = False) -> Iterator[Progress]:
    """The progress to show on stderr; a bar is cleared at the end, also that of a failure.

    While a request waits for a busy server, a line says so. A log on stderr replaces both.
    """
    log = sys.modules.get("fhir_kb.cli.log_setup")  # only there where somebody wants a log
    if quiet or (log is not None and log.is_on_terminal()):
        progress: Progress = NullProgress()
        yield progress if log is None else LoggedProgress(progress)
        return
    bar = ProgressBar(sys.stderr) if is_terminal(sys.stderr, os.environ) else None
    lines = LineProgress(sys.stderr)
    with show_waits(bar.note if bar else lines.note):
        try:
            progress = bar or lines
            yield progress if log is None else LoggedProgress(progress)
        finally:
            if bar:
                bar.clear()


@contextmanager
def show_waits(note: Callable[[str], None]) -> Iterator[None]:
    """Give `note` a line before a wait for a server, and each notice about one.

    Several threads may wait for the same server: there is one line a second at most, and one more
    for a later try than that of the line before.
    """
    import logging

    class Waits(logging.Handler):
        last = -1.0
        number = 0

        def emit(self, record: logging.LogRecord) -> None:
            pause = record.args[-1] if isinstance(record.args, tuple) else None
            number = getattr(pause, "number", 0)
            if record.created - self.last >= 1 or number > self.number:
                self.last, self.number = record.created, number
                note(record.getMessage())

    class Notices(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            note(record.getMessage())

    handlers = {"fhir_kb.net.retry": Waits(), "fhir_kb.net.notices": Notices()}
    levels = {name: logging.getLogger(name).level for name in handlers}
    for name, handler in handlers.items():
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).setLevel(logging.INFO)
    try:
        yield
    finally:
        for name, handler in handlers.items():
            logging.getLogger(name).removeHandler(handler)
            logging.getLogger(name).setLevel(levels[name])
