"""`fhir-kb drift`: what others have changed on a server of what we pushed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from fhir_kb.cli import options, push_options, push_session
from fhir_kb.cli.exit_codes import CHANGES, FINE

if TYPE_CHECKING:
    from pathlib import Path


@click.command("drift")
@options.definitions
@push_options.target
@click.option("--exit-code", "exit_code", is_flag=True, help="End with 4 where there is drift.")
@push_options.scope_filter
@options.everything
@options.plain_form
@options.quiet
def command(
    definitions: Path,
    target_name: str,
    exit_code: bool,
    scope: str,
    everything: bool,
    form: str,
    quiet: bool,
) -> int:
    """Show what others have changed or deleted on a server since our last push.

    Everything that we pushed is read again. Nothing is changed. The records are beside
    DEFINITIONS, the folder with kb.yaml; 'definitions' if left out.
    """
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.views import push_results

    with push_session.open_session(target_name, definitions, quiet=quiet) as session:
        scopes = push_session.recorded_scopes(session, scope)
        count = len(session.reconciler.recorded(scopes))
        session.progress.stage("reading the server", count)
        drifts = session.reconciler.drift(scopes)
    name = session.target.name
    if form == "json":
        data = push_results.drift_data(drifts)
        content = {"target": name, "recordedResources": count, "drift": data}
        put(push_session.json_line(content))
    else:
        style = style_of(sys.stdout, everything=everything)
        put(push_results.render_drift(drifts, name, style, count))
    return CHANGES if exit_code and drifts else FINE
