"""`fhir-kb rollback`: bring a server back to what an earlier push left there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fhir_kb.cli import options, pushing

if TYPE_CHECKING:
    from pathlib import Path


@click.command("rollback")
@options.definitions
@pushing.target
@click.option(
    "--to",
    "number",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    help="The push to go back to; the one before the last if left out; 0: before the first.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pushing.words
@pushing.delete
@options.everything
@options.plain_form
@options.quiet
def command(
    definitions: Path,
    word: str,
    number: int | None,
    yes: bool,
    adopt: bool,
    overwrite: bool,
    many: bool,
    delete: bool,
    everything: bool,
    form: str,
    quiet: bool,
) -> int:
    """Bring a server back to what an earlier push left there, after showing what will change.

    By content: what was changed is put back, what was deleted is made again, and what came later is
    retired (or deleted, with --delete). 'fhir-kb status' lists the pushes.
    """
    allowed = pushing.allowed(adopt=adopt, overwrite=overwrite, many=many)
    with pushing.at(word, definitions, quiet=quiet) as here:
        here.progress.stage("comparing with the server")
        made = here.book.rollback(here.book.push_before_last() if number is None else number,
                                  delete=delete)  # fmt: skip
        asked = pushing.PushRequest(allowed, yes, form, everything=everything)
        return pushing.push(here, made, None, asked)
