"""`fhir-kb push`: bring a server to the state of the definitions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from fhir_kb.cli import options, push_options, push_session
from fhir_kb.cli.exit_codes import FINDINGS

_NOT_COMPARED: Final = (
    "The plan is not compared with the definitions: there are none here, and no --bundle is given"
)


@click.command("push")
@options.definitions
@push_options.target
@push_options.bundles
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Carry out this plan; nothing is done where the server has changed since.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@push_options.approvals
@push_options.scope
@push_options.prune
@push_options.delete
@push_options.full
@click.option(
    "--verify/--no-verify",
    default=True,
    help="Whether to compare what the server stored with what was sent.",
)
@click.option(
    "--provenance", is_flag=True, help="Record the push on the server, as FHIR Provenance."
)
@options.everything
@options.plain_form
@options.quiet
def command(
    definitions: Path,
    target_name: str,
    bundles: tuple[Path, ...],
    plan_file: Path | None,
    yes: bool,
    adopt: bool,
    overwrite: bool,
    many: bool,
    scope: str,
    prune: bool,
    delete: bool,
    full: bool,
    verify: bool,
    provenance: bool,
    everything: bool,
    form: str,
    quiet: bool,
) -> int:
    """Bring a server to the state of DEFINITIONS, after showing what will change.

    What others have changed is left alone without --overwrite; what is there but was not pushed by
    us, without --adopt. Run it again at any time: an interrupted push is continued.
    """
    from fhir_kb.cli.console import put
    from fhir_kb.pipeline.input_files import read_named
    from fhir_kb.push import PushOptions, parse_plan

    approvals = push_options.given_approvals(adopt=adopt, overwrite=overwrite, many=many)
    with push_session.open_session(target_name, definitions, quiet=quiet) as session:
        saved = None if plan_file is None else parse_plan(read_named(plan_file))
        desired = None
        if saved is None or bundles or definitions.is_dir():
            desired = push_session.load_desired(session, definitions, bundles, scope)
            documents: list[dict[str, Any]] = []
            if push_session.has_reported_errors(desired, form, documents, everything=everything):
                put("".join(map(push_session.json_line, documents)))
                return FINDINGS
        session.progress.stage("comparing with the server")
        if desired is None:
            assert saved is not None
            plan = saved
            sys.stderr.write(f"{_NOT_COMPARED}\n")
        elif saved is not None:
            plan = session.reconciler.recomputed(saved, desired.resources, desired.scopes)
        else:
            plan = session.reconciler.plan(
                desired.resources, desired.push_scope(prune=prune), delete=delete, full=full
            )
        options_ = PushOptions(
            approvals, verify=verify, check_stale=desired is None, provenance=provenance
        )
        aim = "what is given" if bundles else "what the plan says" if saved else "what is defined"
        request = push_session.PushRequest(options_, yes, form, everything, aim)
        return push_session.push(session, plan, desired, request)
