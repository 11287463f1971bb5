"""`fhir-kb rollback`: restore the state of a server after an earlier push."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fhir_kb.cli import options, push_options, push_session

if TYPE_CHECKING:
    from pathlib import Path


@click.command("rollback")
@options.definitions
@push_options.target
@click.option(
    "--to",
    "number",
    type=click.IntRange(min=0),
    metavar="NUMBER",
    help="The push to go back to; the one before the last if left out; 0: before the first.",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@push_options.scope_filter
@push_options.approvals
@push_options.delete
@options.everything
@options.plain_form
@options.quiet
def command(
    definitions: Path,
    target_name: str,
    number: int | None,
    yes: bool,
    scope: str,
    adopt: bool,
    overwrite: bool,
    many: bool,
    delete: bool,
    everything: bool,
    form: str,
    quiet: bool,
) -> int:
    """Restore the state of a server after an earlier push, after showing what will change.

    What was changed since is put back, what was deleted is created again, and what was added is
    retired (or deleted, with --delete). It is that of the last push's scope (the definitions, or a
    bundle) unless --scope says otherwise; where that was not DEFINITIONS but another knowledge
    base, or a topic of one, --scope is needed. 'fhir-kb status' lists pushes and scopes.
    """
    from fhir_kb.push import PushOptions

    approvals = push_options.given_approvals(adopt=adopt, overwrite=overwrite, many=many)
    with push_session.open_session(target_name, definitions, quiet=quiet) as session:
        session.progress.stage("comparing with the server")
        scopes = (
            push_session.recorded_scopes(session, scope) or session.reconciler.state.last_scopes
        )
        if not scope:
            _check_is_own(definitions, scopes)
        push = session.reconciler.push_before_last(scopes) if number is None else number
        plan = session.reconciler.rollback(push, scopes, delete=delete)
        aim = (
            f"what it held after push {push}" if push else "nothing of it, as before the first push"
        )
        request = push_session.PushRequest(PushOptions(approvals), yes, form, everything, aim)
        return push_session.push(session, plan, None, request)


def _check_is_own(definitions: Path, scopes: tuple[str, ...]) -> None:
    """Raises PushError where the last push was of another manifest than that of the definitions."""
    from fhir_kb.pipeline.push_scopes import other_manifest
    from fhir_kb.push import PushError

    other, own = other_manifest(definitions, scopes)
    if other:
        raise PushError(
            f"the last push was not of '{definitions}', but of {other}",
            f"Say which is rolled back: --scope {own}, or --scope {other}",
            usage=True,
        )
