"""`fhir-kb push`: bring a server to the state of the definitions."""

from __future__ import annotations

from pathlib import Path

import click

from fhir_kb.cli import options, pushing
from fhir_kb.cli.exit_codes import FINDINGS


@click.command("push")
@options.definitions
@pushing.target
@pushing.bundles
@click.option(
    "--plan",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Do what this plan says, or nothing where the server has moved since.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@pushing.words
@pushing.delete
@pushing.full
@click.option("--verify/--no-verify", default=True, help="Compare what the server stored.")
@click.option(
    "--provenance", is_flag=True, help="Say on the server what was done, as FHIR Provenance."
)
@options.everything
@options.plain_form
@options.quiet
def command(
    definitions: Path,
    word: str,
    bundles: tuple[Path, ...],
    file: Path | None,
    yes: bool,
    adopt: bool,
    overwrite: bool,
    many: bool,
    delete: bool,
    full: bool,
    verify: bool,
    provenance: bool,
    everything: bool,
    form: str,
    quiet: bool,
) -> int:
    """Bring a server to the state of DEFINITIONS, after showing what will change.

    What somebody else changed is left alone unless --overwrite says otherwise; what is there but
    not from us, unless --adopt does. Run it again at any time: it goes on where it broke off.
    """
    from fhir_kb.push import parse_plan

    allowed = pushing.allowed(adopt=adopt, overwrite=overwrite, many=many)
    with pushing.at(word, definitions, quiet=quiet) as here:
        if file is not None:
            made = parse_plan(file.read_bytes())
            found = None
        else:
            found = pushing.wanted(here, definitions, bundles)
            if pushing.refused(found, form, everything=everything):
                return FINDINGS
            here.progress.stage("comparing with the server")
            made = here.book.plan(found.wanted, delete=delete, full=full)
        check = file is not None
        asked = pushing.PushRequest(
            allowed, yes, form, everything=everything, verify=verify, check=check,
            provenance=provenance,
        )  # fmt: skip
        return pushing.push(here, made, found, asked)
