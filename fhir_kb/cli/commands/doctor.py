"""`fhir-kb doctor`: what this machine has, and what a server can do."""

from __future__ import annotations

import os
import platform
import sys
from typing import TYPE_CHECKING

import click

from fhir_kb import __version__
from fhir_kb.cli import options, push_session
from fhir_kb.cli.exit_codes import FINDINGS, FINE

if TYPE_CHECKING:
    from pathlib import Path

    from fhir_kb.cli.views.doctor import ServerReport


@click.command("doctor")
@options.definitions
@click.option(
    "--target",
    "target_name",
    metavar="NAME|URL",
    help="Also ask this server what it can do; nothing is written to it.",
)
@options.plain_form
@options.quiet
def command(definitions: Path, target_name: str | None, form: str, quiet: bool) -> int:
    """Show what fhir-kb finds on this machine and, with --target, what a server can do.

    What the server can do is kept for the next push.
    """
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.views import doctor

    machine = _machine(definitions)
    report = None if target_name is None else _probe(target_name, definitions, quiet=quiet)
    if form == "json":
        put(push_session.json_line(doctor.data(machine, report)))
    else:
        put(doctor.page(machine, report, style_of(sys.stdout)))
    return FINE if report is None or report.is_fit else FINDINGS


def _probe(target_name: str, definitions: Path, *, quiet: bool) -> ServerReport:
    from fhir_kb.bulk import cache_folder
    from fhir_kb.cli.progress import show_progress
    from fhir_kb.cli.views.doctor import ServerReport
    from fhir_kb.pipeline.server_targets import connect, find_target
    from fhir_kb.push import workspace_folder
    from fhir_kb.servers.probe import probe

    target = find_target(target_name, definitions, os.environ)
    folder = workspace_folder(cache_folder(definitions).parent.parent, target.url)
    with show_progress(quiet=quiet) as progress, connect(target, folder, refresh=True) as server:
        progress.stage("asking the server")
        return ServerReport(target.name, target.url, probe(server))


def _machine(definitions: Path) -> dict[str, str]:
    """What is found here; no secret is read."""
    from fhir_kb.net.login import login_file_path
    from fhir_kb.packages import cache_folders

    topics = options.topics_in(definitions) if definitions.is_dir() else []
    count = "1 topic" if len(topics) == 1 else f"{len(topics)} topics"
    return {
        "version": __version__,
        "python": f"{platform.python_version()} on {platform.system()}",
        "definitions": f"{definitions}: {count}" if topics else f"no topics in '{definitions}'",
        "packages": _path_text(cache_folders().packages),
        "loginFile": _path_text(login_file_path(os.environ)),
    }


def _path_text(path: Path) -> str:
    return str(path) if path.exists() else f"{path} (does not exist)"
