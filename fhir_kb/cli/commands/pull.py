"""`fhir-kb pull`: the resources on a server that we pushed, as files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fhir_kb.cli import options, push_options, push_session
from fhir_kb.cli.exit_codes import FINDINGS, FINE


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
@push_options.scope_filter
@options.plain_form
@options.quiet
def command(
    definitions: Path, target_name: str, output: Path, scope: str, form: str, quiet: bool
) -> int:
    """Write the resources that we pushed to a server, as they are there now, to files.

    Files of an earlier pull that are no longer on the server are removed. Files that no pull has
    written are left alone; where one is in the way, nothing is written. Ends with 1 where the
    server no longer holds some of the resources.

    The records are beside DEFINITIONS, the folder with kb.yaml; 'definitions' if left out.
    """
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.views import findings
    from fhir_kb.diagnostics.render.json import as_records
    from fhir_kb.diagnostics.render.terminal_text import terminal_safe
    from fhir_kb.pipeline.pulled_files import write_pulled

    with push_session.open_session(target_name, definitions, quiet=quiet) as session:
        scopes = push_session.recorded_scopes(session, scope)
        recorded = session.reconciler.recorded(scopes)
        session.progress.stage("reading the server", len(recorded))
        resources = session.reconciler.pull(scopes)
    files, changed = write_pulled(resources, output)
    name = session.target.name
    held = {(resource.get("resourceType"), resource.get("id")) for resource in resources}
    missing = sorted(str(record.ref) for record in recorded.values() if record.ref not in held)
    if form == "json":
        content = {"target": name, "files": [str(file) for file in files], "missing": missing}
        put(push_session.json_line({**content, "findings": as_records(changed)}))
    else:
        findings.show(changed, form, style_of(sys.stderr), error=True)
        folder = terminal_safe(output.as_posix())
        count = "1 resource" if len(files) == 1 else f"{len(files)} resources"
        put(f"{folder}/: {count} of {terminal_safe(name)}\n")
        if not recorded:
            put("Nothing that was pushed from here is recorded\n")
        put("".join(f"{terminal_safe(ref)} is no longer on the server\n" for ref in missing))
    return FINDINGS if missing else FINE
