"""`fhir-kb pull`: the resources on a server that we pushed, as files."""

from __future__ import annotations

from pathlib import Path

import click

from fhir_kb.cli import options, push_options, push_session


@click.command("pull")
@options.definitions
@push_options.target
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    default=Path("pulled"),
    help="The folder to write to, a file for each resource; 'pulled' if left out.",
)
@options.plain_form
@options.quiet
def command(definitions: Path, target_name: str, output: Path, form: str, quiet: bool) -> int:
    """Write the resources that we pushed to a server, as they are there now, to files.

    Files of an earlier pull that are no longer on the server are removed; others are left alone.
    """
    from fhir_kb.cli.console import put
    from fhir_kb.pipeline.pulled_files import write_pulled

    with push_session.open_session(target_name, definitions, quiet=quiet) as session:
        session.progress.stage("reading the server", len(session.reconciler.state.resources))
        resources = session.reconciler.pull()
    files = write_pulled(resources, output)
    name = session.target.name
    if form == "json":
        put(push_session.json_line({"target": name, "files": [str(file) for file in files]}))
    else:
        put(f"{output.as_posix()}/: {len(files)} resources of {name}\n")
    return 0
