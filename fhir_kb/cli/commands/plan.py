"""`fhir-kb plan`: what a push would change on a server."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fhir_kb.cli import options, push_options, push_session
from fhir_kb.cli.exit_codes import CHANGES, FINDINGS, FINE
from fhir_kb.diagnostics.errors import FhirKbError

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

    DEFINITIONS is the folder with kb.yaml; 'definitions' if left out. With --format json there is
    one document: the plan, or {"targets": [...]} where several servers are named.
    """
    from fhir_kb.cli.console import put
    from fhir_kb.diagnostics.render.terminal_text import terminal_safe

    if out is not None and len(targets) > 1:
        raise click.UsageError("a plan file is for one target: leave out --out, or the others")
    documents: list[dict[str, Any]] = []
    code = FINE
    try:
        for name in targets:
            with push_session.open_session(name, definitions, quiet=quiet) as session:
                desired = push_session.load_desired(session, definitions, bundles, scope)
                if push_session.has_reported_errors(
                    desired, form, documents, everything=everything
                ):
                    return _finished(FINDINGS, documents, targets)
                session.progress.stage("comparing with the server")
                plan = session.reconciler.plan(
                    desired.resources, desired.push_scope(prune=prune), delete=delete, full=full
                )
                _write(out, plan)
                code = CHANGES if exit_code and plan.has_changes else code
            if form == "json":
                documents.append(_data(session, desired, plan))
            else:
                _show(session, desired, plan, form, everything=everything)
            if out is not None and form == "human" and not quiet:
                put(f"The plan is in {terminal_safe(str(out))}: give it to 'push --plan'\n")
    except FhirKbError as error:
        if documents:
            _finished(code, documents, targets, error.message)
        raise
    return _finished(code, documents, targets)


def _finished(
    code: int, documents: list[dict[str, Any]], targets: tuple[str, ...], error: str = ""
) -> int:
    """The exit code, once the one JSON document of all targets is written; error: what ended it."""
    from fhir_kb.cli.console import put

    if len(targets) > 1 and documents:
        put(push_session.json_line({"targets": documents} | ({"error": error} if error else {})))
    elif documents:
        put(push_session.json_line(documents[0]))
    return code


def _write(out: Path | None, plan: Plan) -> None:
    from fhir_kb.files import OutputKind, write_named
    from fhir_kb.push import serialize_plan

    if out is not None:
        beginning = re.compile(rb'\s*\{\s*"format"\s*:\s*"fhir-kb plan ')
        out.parent.mkdir(parents=True, exist_ok=True)
        write_named(out, serialize_plan(plan), OutputKind("a plan", beginning), mode=0o600)


def _data(session: push_session.PushSession, desired: DesiredState, plan: Plan) -> dict[str, Any]:
    from fhir_kb.diagnostics.render.json import as_records
    from fhir_kb.push import plan_json

    losses = as_records(desired.losses, [desired.release])
    return {
        "target": session.target.name,
        **plan_json(plan),
        "losses": losses,
        "findings": as_records(desired.file_findings),
        "leftOut": desired.left_out,
        "otherNames": list(session.other_names),
    }


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

    style = style_of(sys.stdout, everything=everything)
    name = session.target.name
    push_session.show_file_findings(desired, everything=everything)
    if form == "markdown":
        put(plans.render_markdown(plan, name, desired))
        return
    capabilities = session.server.capabilities
    put(plans.render_plan(plan, name, capabilities, style, desired, style.limit))
    limit = None if everything else 0
    put(build_summary.losses(desired.losses, [desired.release], style, limit))
