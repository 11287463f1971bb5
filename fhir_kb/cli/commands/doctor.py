"""`fhir-kb doctor`: what this machine has, and what a server can do."""

from __future__ import annotations

import os
import platform
import sys
from typing import TYPE_CHECKING

import click

from fhir_kb import __version__
from fhir_kb.cli import options, pushing
from fhir_kb.cli.exit_codes import FINDINGS, FINE

if TYPE_CHECKING:
    from pathlib import Path

    from fhir_kb.servers.probe import ProbeResult


@click.command("doctor")
@options.definitions
@click.option(
    "--target",
    "word",
    metavar="NAME|URL",
    help="Also ask this server what it can do. Nothing is written there.",
)
@options.plain_form
@options.quiet
def command(definitions: Path, word: str | None, form: str, quiet: bool) -> int:
    """Tell what fhir-kb finds on this machine and, with --target, what a server can do.

    What the server can do is remembered, and the next push goes by it.
    """
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.views import doctor

    here = _machine(definitions)
    answers, name, base = ([], "", "") if word is None else _asked(word, definitions, quiet=quiet)
    if form == "json":
        put(pushing.as_line(doctor.data(here, name, base, answers)))
    else:
        put(doctor.page(here, name, base, answers, style_of(sys.stdout)))
    return FINE if all(one.fits for one in answers) else FINDINGS


def _asked(word: str, definitions: Path, *, quiet: bool) -> tuple[list[ProbeResult], str, str]:
    from fhir_kb.bulk import cache_folder
    from fhir_kb.cli.progress import progress
    from fhir_kb.pipeline.server_targets import find_target, reached
    from fhir_kb.push import workspace_folder
    from fhir_kb.servers.probe import probe

    target = find_target(word, definitions, os.environ)
    folder = workspace_folder(cache_folder(definitions).parent.parent, target.url)
    with progress(quiet=quiet) as shown, reached(target, folder, anew=True) as server:
        shown.stage("asking the server")
        return probe(server), target.name, target.url


def _machine(definitions: Path) -> dict[str, str]:
    """What is found here; no secret is looked at."""
    from fhir_kb.net.login import logins_file
    from fhir_kb.packages import cache_folders

    where = cache_folders()
    logins = logins_file(os.environ)
    topics = options.topics_in(definitions) if definitions.is_dir() else []
    number = "1 topic" if len(topics) == 1 else f"{len(topics)} topics"
    return {
        "fhir-kb": __version__,
        "Python": f"{platform.python_version()} on {platform.system()}",
        "definitions": f"{definitions}: {number}" if topics else "none here",
        "packages": _shown(where.packages),
        "logins": _shown(logins),
    }


def _shown(path: Path) -> str:
    return str(path) if path.exists() else f"{path} (not there)"
