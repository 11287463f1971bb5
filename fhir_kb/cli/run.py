"""One run of the command line: the command, and an exit code and a message for any failure."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import click

from fhir_kb.cli.completion import VARIABLE
from fhir_kb.cli.exit_codes import BUG, CLOSED_PIPE, ENVIRONMENT, FINE, INTERRUPTED, USAGE
from fhir_kb.cli.json_error import put_json_error
from fhir_kb.cli.output_state import Written
from fhir_kb.cli.scrubbed_streams import scrubbed_streams
from fhir_kb.diagnostics.errors import FhirKbError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import TextIO


_MESSAGES: Final[list[str]] = []
"""The errors of this run, as they were written."""
_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def run(arguments: list[str]) -> int:
    """Run `fhir-kb ARGUMENTS` and print all messages; the exit code.

    0 fine, 1 errors in the input, 2 wrong usage, 3 the environment failed (disk, network, server);
    also, as shells have it, 130 interrupted, 141 closed pipe, and 70 a bug in this program.
    """
    try:
        _use_utf8()
    except OSError:  # something is waiting to be written, and cannot be
        return _flushed(FINE)
    Written.anything = False
    _MESSAGES.clear()
    try:
        with scrubbed_streams():
            code = _guarded(lambda: _command(arguments))
            logged = _guarded(_logged)
            code = code or logged
            return _flushed(_guarded(lambda: _reported(arguments, code)))
    finally:
        if log := _log():
            log.close()


def _logged() -> int:
    """Nothing is wrong once the log is complete. Raises FhirKbError where it is not."""
    if log := _log():
        log.finish()
    return FINE


def _reported(arguments: list[str], code: int) -> int:
    """The exit code, once the output says why the run failed, where a program reads it."""
    put_json_error(arguments, code, tuple(_MESSAGES))
    return code


def _command(arguments: list[str]) -> int:
    from fhir_kb.cli.app import app

    if instruction := os.environ.get(VARIABLE):
        from click.shell_completion import shell_complete

        return shell_complete(app, {}, "fhir-kb", VARIABLE, instruction)
    if not arguments:
        from fhir_kb.cli.overview import text

        sys.stderr.write(text())
        return USAGE
    with app.make_context("fhir-kb", list(arguments), obj=arguments) as context:
        result = app.invoke(context)
    return result if isinstance(result, int) else FINE


def _guarded(command: Callable[[], int]) -> int:
    try:
        return command()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.UsageError as error:
        return _usage(error)
    except (KeyboardInterrupt, click.Abort):
        _print_error("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        return CLOSED_PIPE
    except FhirKbError as error:
        return _failed(error)
    except OSError as error:
        return _os_error(error)
    except Exception as error:  # noqa: BLE001  the last resort: a bug of ours, in one line
        return _bug(error)


def _usage(error: click.UsageError) -> int:
    if isinstance(error, click.NoSuchOption):
        from fhir_kb.cli.app import near_option

        _print_error(f"there is no option '{error.option_name}'; {near_option(error)}")
    else:
        message = error.format_message().rstrip(".")
        message = message.replace("'[", "'").replace("]'", "'")  # of optional arguments
        _print_error(message)
    command = error.ctx.command_path if error.ctx is not None else "fhir-kb"
    sys.stderr.write(f"  {command} --help shows more\n")
    return USAGE


def _failed(error: FhirKbError) -> int:
    _print_error(error.message)
    if error.help:
        _print_error(error.help, "  ")
    return USAGE if error.usage else ENVIRONMENT


def _os_error(error: OSError) -> int:
    """Print what the operating system refused, and what to do about it."""
    name = f"{error.filename}" if error.filename else "the output"
    reason = error.strerror or str(error)
    if error.errno in _NO_SPACE:
        _print_error(f"{name} cannot be written: {reason}")
        _print_error("Free disk space and run the command again", "  ")
    elif error.errno in (errno.EACCES, errno.EPERM):
        _print_error(f"{name}: {reason}")
        _print_error("Fix its permissions, or choose another path", "  ")
    else:
        _print_error(f"{name}: {reason}" if error.filename else reason)
    return ENVIRONMENT


def _bug(error: Exception) -> int:
    import traceback

    if os.environ.get("FHIR_KB_DEBUG"):
        traceback.print_exception(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    _print_error(f"this is a bug in fhir-kb, not in your files: {what}{place}")
    sys.stderr.write(
        "  Please report it with the command and its input; FHIR_KB_DEBUG=1 shows the traceback\n"
    )
    return BUG


def _log() -> ModuleType | None:
    """The log of this run, if somebody has asked for one."""
    return sys.modules.get("fhir_kb.cli.log_setup")


def _print_error(message: str, start: str = "fhir-kb: ") -> None:
    if log := _log():
        log.note(f"{start}{message}")
    from fhir_kb.diagnostics.render.terminal_text import terminal_safe

    shown = terminal_safe(message)
    _MESSAGES.append(shown)
    sys.stderr.write(f"{start}{shown}\n")


def _use_utf8() -> None:
    """UTF-8 in and out, whatever the locale; what has no UTF-8 form is shown as its escape.

    A stream that was closed before we began becomes the null device.
    """
    sys.stdin = sys.stdin or _null_device("r")
    sys.stdout = sys.stdout or _null_device("w")
    sys.stderr = sys.stderr or _null_device("w")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")


def _null_device(mode: str) -> TextIO:
    return cast("TextIO", Path(os.devnull).open(mode, encoding="utf-8"))


def _flushed(code: int) -> int:
    """The exit code, once all of the output was written."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _discard(sys.stdout)
        return CLOSED_PIPE
    except OSError as error:
        _discard(sys.stdout)
        return code if code == ENVIRONMENT else _os_error(error)
    return code


def _discard(stream: TextIO) -> None:
    """Let the interpreter's last flush of the stream go to the null device."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):  # closed, or not a file at all
        return
