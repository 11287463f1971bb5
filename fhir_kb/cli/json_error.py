"""The JSON document of a run that fails: with `--format json` a program reads one in any case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.cli.exit_codes import CLOSED_PIPE, FINE
from fhir_kb.cli.output_state import Written

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINES: Final = frozenset({"validate"})
"""The commands with a document a line: the error is one more."""


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether the words of a command line ask for JSON, also where they are wrong otherwise."""
    form = ""
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word == "--":
            break
        if word == "--format":
            form = following
        elif word.startswith("--format="):
            form = word.partition("=")[2]
    return form == "json"


def put_json_error(arguments: Sequence[str], code: int, messages: Sequence[str]) -> None:
    """Write why a run failed as JSON, unless the output has its document already.

    Args:
        arguments: The words of the command line.
        code: The exit code.
        messages: What was written to the error output: what happened, then what to do.
    """
    if code in (FINE, CLOSED_PIPE) or not messages or not wants_json(arguments):
        return
    from fhir_kb.cli.console import put
    from fhir_kb.cli.overview import COMMANDS

    command = next((word for word in arguments if word in COMMANDS), "")
    if Written.anything and command not in _LINES:
        return
    from fhir_kb.diagnostics.render.json import as_json

    put(as_json({"error": messages[0], "help": " ".join(messages[1:]), "exitCode": code}))
