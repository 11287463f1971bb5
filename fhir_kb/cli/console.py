"""Where output goes: colours, width and progress only on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Final

import click

from fhir_kb.cli.output_state import Written
from fhir_kb.diagnostics.render.human import Style
from fhir_kb.diagnostics.render.terminal_text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

PLAIN_WIDTH: Final = 80
SHOWN: Final = 50


def is_terminal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether `stream` is a terminal that can redraw a line."""
    return stream.isatty() and environ.get("TERM") != "dumb"


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether to colour: as NO_COLOR and FORCE_COLOR say, otherwise on a terminal only."""
    if environ.get("NO_COLOR"):
        return False
    return bool(environ.get("FORCE_COLOR")) or is_terminal(stream, environ)


def style_of(stream: TextIO, *, everything: bool = False) -> Style:
    """How findings are shown on `stream`."""
    width = shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns if stream.isatty() else PLAIN_WIDTH
    colour = wants_colour(stream, os.environ)
    return Style(colour, max(40, width), None if everything else SHOWN)


def put(text: str, *, error: bool = False, commands: bool = False) -> None:
    """Write `text` to the output, or to the error output.

    What a terminal or a CI server would obey is made visible, but for our own colours.

    commands: Whether the lines of `text` are commands to a CI server.
    """
    stream = sys.stderr if error else sys.stdout
    Written.anything = Written.anything or not error
    colour = wants_colour(stream, os.environ)
    text = printable(text, colour=colour, commands=commands)
    click.echo(text, nl=False, err=error, color=colour)
