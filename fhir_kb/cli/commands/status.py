"""`fhir-kb status`: what is recorded of a server; it is asked for its capabilities only."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from fhir_kb.cli import options, push_options, push_session

if TYPE_CHECKING:
    from pathlib import Path


@click.command("status")
@options.definitions
@push_options.target
@push_options.scope_filter
@options.plain_form
@options.quiet
def command(definitions: Path, target_name: str, scope: str, form: str, quiet: bool) -> int:
    """Show what we have pushed to a server, and the last pushes; from our own records.

    The records are beside DEFINITIONS, the folder with kb.yaml; 'definitions' if left out.
    """
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.views import status

    with push_session.open_session(target_name, definitions, quiet=quiet) as session:
        reconciler = session.reconciler
        scopes = push_session.recorded_scopes(session, scope)
        state = replace(reconciler.state, resources=reconciler.recorded(scopes))
        log = [entry for entry in reconciler.log() if not scope or scope in entry.scopes]
        page = status.page(
            session.target.name, session.server.capabilities, state, log,
            style_of(sys.stdout),
        )  # fmt: skip
    put(page.text if form == "human" else push_session.json_line(page.data))
    return 0
