"""`fhir-kb drift`: what somebody else has changed of ours on a server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from fhir_kb.cli import options, pushing
from fhir_kb.cli.exit_codes import CHANGES, FINE

if TYPE_CHECKING:
    from pathlib import Path


@click.command("drift")
@options.definitions
@pushing.target
@click.option("--exit-code", "exit_code", is_flag=True, help="End with 4 where there is drift.")
@options.everything
@options.plain_form
@options.quiet
def command(
    definitions: Path, word: str, exit_code: bool, everything: bool, form: str, quiet: bool
) -> int:
    """Show what was changed or deleted on a server since our last push, not by us.

    Everything of ours is read anew. Nothing is changed.
    """
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.views import plans

    with pushing.at(word, definitions, quiet=quiet) as here:
        here.progress.stage("reading the server", len(here.book.state.resources))
        found = here.book.drift()
    name = here.target.name
    if form == "json":
        put(pushing.as_line({"target": name, "drift": plans.drift_data(found)}))
    else:
        put(plans.drift(found, name, style_of(sys.stdout, everything=everything)))
    return CHANGES if exit_code and found else FINE
