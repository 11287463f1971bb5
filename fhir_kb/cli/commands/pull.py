"""`fhir-kb pull`: what stands on a server, as files."""

from __future__ import annotations

from pathlib import Path

import click

from fhir_kb.cli import options, pushing


@click.command("pull")
@options.definitions
@pushing.target
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    default=Path("pulled"),
    help="The folder to write to, a file each; 'pulled' if left out.",
)
@options.plain_form
@options.quiet
def command(definitions: Path, word: str, output: Path, form: str, quiet: bool) -> int:
    """Write what stands on a server because of us, as it is there now, to files.

    Files of an earlier pull that are no longer there are removed; others are left alone.
    """
    from fhir_kb.cli.console import put
    from fhir_kb.pipeline.pulling import write_pulled

    with pushing.at(word, definitions, quiet=quiet) as here:
        here.progress.stage("reading the server", len(here.book.state.resources))
        resources = here.book.pull()
    files = write_pulled(resources, output)
    if form == "json":
        put(pushing.as_line({"target": here.target.name, "files": [str(one) for one in files]}))
    else:
        put(f"{output.as_posix()}/: {len(files)} resources of {here.target.name}\n")
    return 0
