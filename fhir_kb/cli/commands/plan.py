"""`fhir-kb plan`: what a push would change on a server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fhir_kb.cli import options, pushing
from fhir_kb.cli.exit_codes import CHANGES, FINDINGS, FINE

if TYPE_CHECKING:
    from fhir_kb.pipeline.pushing import DesiredState
    from fhir_kb.push import Plan


@click.command("plan")
@options.definitions
@click.option(
    "--target",
    "targets",
    required=True,
    multiple=True,
    metavar="NAME|URL",
    help="The server: its name in kb.yaml, or its base URL; repeatable.",
)
@pushing.bundles
@pushing.delete
@pushing.full
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the plan to a file that 'push --plan' takes.",
)
@click.option("--exit-code", "exit_code", is_flag=True, help="End with 4 where there are changes.")
@options.everything
@pushing.form
@options.quiet
def command(
    definitions: Path,
    targets: tuple[str, ...],
    bundles: tuple[Path, ...],
    delete: bool,
    full: bool,
    out: Path | None,
    exit_code: bool,
    everything: bool,
    form: str,
    quiet: bool,
) -> int:
    """Show what a push of DEFINITIONS would change on a server. Nothing is changed.

    DEFINITIONS is the folder with kb.yaml; 'definitions' if left out.
    """
    if out is not None and len(targets) > 1:
        raise click.UsageError("a plan file is for one target: leave out --out, or the others")
    changes = False
    for word in targets:
        with pushing.at(word, definitions, quiet=quiet) as here:
            found = pushing.wanted(here, definitions, bundles)
            if pushing.refused(found, form, everything=everything):
                return FINDINGS
            here.progress.stage("comparing with the server")
            made = here.book.plan(found.wanted, delete=delete, full=full)
            _write(out, made)
            changes = changes or made.has_changes
        _show(here, found, made, form, everything=everything)
    return CHANGES if exit_code and changes else FINE


def _write(out: Path | None, made: Plan) -> None:
    from fhir_kb.push import serialize_plan

    if out is not None:
        out.write_bytes(serialize_plan(made))


def _show(
    here: pushing.PushSession, found: DesiredState, made: Plan, form: str, *, everything: bool
) -> None:
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.views import plans, summary
    from fhir_kb.diagnostics.render.json import as_records
    from fhir_kb.push import plan_json

    style = style_of(sys.stdout, everything=everything)
    where, names = pushing.where(found), pushing.names(found)
    if form == "json":
        losses = as_records(found.losses, [found.release])
        put(pushing.as_line({"target": here.target.name, **plan_json(made), "losses": losses}))
        return
    if form == "markdown":
        put(plans.markdown(made, here.target.name, where, names))
        return
    profile = here.server.capabilities
    put(plans.plan(made, here.target.name, profile, style, where, names, style.limit))
    limit = None if everything else 0
    put(summary.losses(found.losses, [found.release], style, limit))
