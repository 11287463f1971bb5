"""`fhir-kb plan`: what a push would change on a server."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fhir_kb.cli import options, push_options, push_session
from fhir_kb.cli.exit_codes import CHANGES, FINDINGS, FINE

if TYPE_CHECKING:
    from fhir_kb.pipeline.desired_state import DesiredState
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
@push_options.bundles
@push_options.scope
@push_options.prune
@push_options.delete
@push_options.full
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the plan to a file that 'push --plan' takes.",
)
@click.option("--exit-code", "exit_code", is_flag=True, help="End with 4 where there are changes.")
@options.everything
@push_options.form
@options.quiet
def command(
    definitions: Path,
    targets: tuple[str, ...],
    bundles: tuple[Path, ...],
    scope: str,
    prune: bool,
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
    has_changes = False
    for name in targets:
        with push_session.open_session(name, definitions, quiet=quiet) as session:
            desired = push_session.load_desired(session, definitions, bundles, scope)
            if push_session.report_errors(desired, form, everything=everything):
                return FINDINGS
            session.progress.stage("comparing with the server")
            plan = session.reconciler.plan(
                desired.resources, desired.push_scope(prune=prune), delete=delete, full=full
            )
            _write(out, plan)
            has_changes = has_changes or plan.has_changes
        _show(session, desired, plan, form, everything=everything)
    return CHANGES if exit_code and has_changes else FINE


def _write(out: Path | None, plan: Plan) -> None:
    from fhir_kb.files import OutputKind, write_named
    from fhir_kb.push import serialize_plan

    if out is not None:
        beginning = re.compile(rb'\s*\{\s*"format"\s*:\s*"fhir-kb plan ')
        out.parent.mkdir(parents=True, exist_ok=True)
        write_named(out, serialize_plan(plan), OutputKind("a plan", beginning), mode=0o600)


def _show(
    session: push_session.PushSession,
    desired: DesiredState,
    plan: Plan,
    form: str,
    *,
    everything: bool,
) -> None:
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.views import build_summary, plans
    from fhir_kb.diagnostics.render.json import as_records
    from fhir_kb.push import plan_json

    style = style_of(sys.stdout, everything=everything)
    name = session.target.name
    if form == "json":
        losses = as_records(desired.losses, [desired.release])
        content = {"target": name, **plan_json(plan), "losses": losses}
        put(push_session.json_line({**content, "otherNames": list(session.other_names)}))
        return
    if form == "markdown":
        put(plans.render_markdown(plan, name, desired))
        return
    capabilities = session.server.capabilities
    put(plans.render_plan(plan, name, capabilities, style, desired, style.limit))
    limit = None if everything else 0
    put(build_summary.losses(desired.losses, [desired.release], style, limit))
