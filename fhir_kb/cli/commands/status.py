"""`fhir-kb status`: what we know of a server, without asking it more than what it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from fhir_kb.cli import options, pushing

if TYPE_CHECKING:
    from pathlib import Path


@click.command("status")
@options.definitions
@pushing.target
@options.plain_form
@options.quiet
def command(definitions: Path, word: str, form: str, quiet: bool) -> int:
    """Tell what stands on a server because of us, and which pushes brought it there."""
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.views import status

    with pushing.at(word, definitions, quiet=quiet) as here:
        page = status.page(
            here.target.name, here.server.capabilities, here.book.state, here.book.log(),
            style_of(sys.stdout),
        )  # fmt: skip
    put(page.text if form == "human" else pushing.as_line(page.data))
    return 0
