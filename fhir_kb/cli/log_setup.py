"""The log of a run: `-v`, `-vv` and `--log-file`. Only this module configures `logging`.

It is imported when somebody asks for a log. Secrets are taken out of every line, whoever wrote it.
"""

from __future__ import annotations

import logging
import os
import platform
import re
import stat
import sys
import time
from typing import TYPE_CHECKING, Final

from fhir_kb import __version__
from fhir_kb.diagnostics.errors import FhirKbError
from fhir_kb.diagnostics.render.terminal_text import terminal_safe
from fhir_kb.files import OutputKind, check_overwrite, open_special
from fhir_kb.net.redaction import protect_url, redact, redacted_url

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import TextIO

_BEGINNING: Final = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+Z \w+ \w+ fhir_kb")
"""Of a log file: its first line says what runs."""
_ROOT: Final = logging.getLogger("fhir_kb")
_verbosity = 0
_terminal: logging.Handler | None = None
_files: list[_FileHandler] = []


class _FileHandler(logging.StreamHandler["TextIO"]):
    """Writes lines to a file until that fails."""

    def __init__(self, stream: TextIO, path: Path) -> None:
        super().__init__(stream)
        self.path = path
        self.error: OSError | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; nothing after one that could not be written."""
        if self.error is None:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Keep why a line could not be written: `finish` says so, once."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            self.error = error
        else:
            super().handleError(record)


class _Formatter(logging.Formatter):
    """One safe line for every record, without secrets; times are UTC."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """In UTC."""
        return time.strftime(datefmt or "%H:%M:%S", time.gmtime(record.created))

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return terminal_safe(redact(super().format(record)))


def log_to_terminal(verbosity: int, words: Sequence[str]) -> None:
    """Log on stderr from now on; several calls add up.

    Args:
        verbosity: 1: steps and requests; 2: headers and sizes, too.
        words: The command line.
    """
    global _verbosity, _terminal  # noqa: PLW0603  there is one log, as there is one stderr
    _verbosity += verbosity
    is_new = _terminal is None
    if _terminal is None:
        _terminal = logging.StreamHandler(sys.stderr)
        _terminal.setFormatter(_Formatter("%(asctime)s.%(msecs)03d %(message)s", "%H:%M:%S"))
    _terminal.setLevel(logging.DEBUG if _verbosity > 1 else logging.INFO)
    if is_new:
        _add(_terminal, words)
    _set_level()


def log_to_file(path: Path, words: Sequence[str]) -> None:
    """Log everything to a file that only its owner can read. Raises FhirKbError."""
    try:
        mode = check_overwrite(path, OutputKind("a log of fhir-kb", _BEGINNING))
        if mode is not None and not stat.S_ISREG(mode):
            descriptor = open_special(path)
        else:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            if os.name == "posix":
                os.fchmod(descriptor, 0o600)  # it may have been there
    except OSError as error:
        raise _unwritable(path, error) from error
    stream: TextIO = os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace")
    handler = _FileHandler(stream, path)
    handler.setFormatter(
        _Formatter(
            "%(asctime)s.%(msecs)03dZ %(levelname)s %(threadName)s %(name)s: %(message)s",
            "%Y-%m-%dT%H:%M:%S",
        )
    )
    _files.append(handler)
    _add(handler, words)
    _set_level()


def _add(handler: logging.Handler, words: Sequence[str]) -> None:
    """Begin with what runs: versions and the command line, its URLs without secrets."""
    shown = []
    for word in words:
        protect_url(word)
        shown.append(redacted_url(word, query=True) if "://" in word else word)
    system = f"Python {platform.python_version()}, {platform.system()} {platform.release()}"
    handler.handle(_record(f"fhir-kb {__version__}, {system}"))
    handler.handle(_record(f"command: fhir-kb {' '.join(shown)}"))
    _ROOT.addHandler(handler)


def _set_level() -> None:
    _ROOT.setLevel(logging.DEBUG if _files or _verbosity > 1 else logging.INFO)
    _ROOT.propagate = False


def _record(text: str) -> logging.LogRecord:
    return _ROOT.makeRecord("fhir_kb.cli", logging.INFO, "", 0, text, (), None)


def is_on_terminal() -> bool:
    """Whether the log goes to stderr, so that nothing else should draw there."""
    return _terminal is not None


def note(text: str) -> None:
    """Add what a person was told on stderr; only files get it."""
    for handler in _files:
        handler.handle(_record(text))


def finish() -> None:
    """End the log. Raises FhirKbError where a file does not have all of it."""
    incomplete = [(handler.path, error) for handler in _files if (error := _closed(handler))]
    close()
    for path, error in incomplete:
        raise _unwritable(path, error) from error


def _closed(handler: _FileHandler) -> OSError | None:
    """Why a file does not have all of the log; None where it has."""
    _ROOT.removeHandler(handler)
    try:
        handler.stream.close()
    except OSError as error:
        return handler.error or error
    return handler.error


def _unwritable(path: Path, error: OSError) -> FhirKbError:
    return FhirKbError(
        f"the log file '{path}' cannot be written: {error.strerror or error}",
        "Choose another file (--log-file), free disk space, or fix the permissions of its folder",
    )


def close() -> None:
    """End the log."""
    global _verbosity, _terminal
    for handler in _files:
        _closed(handler)
    _files.clear()
    if _terminal is not None:
        _ROOT.removeHandler(_terminal)
    _verbosity, _terminal = 0, None
    _ROOT.setLevel(logging.NOTSET)
    _ROOT.propagate = True
