"""What the commands for servers have in common: reaching the server, and carrying out a plan."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from fhir_kb.cli.exit_codes import FINDINGS, FINE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fhir_kb.cli.views.push_results import Remaining
    from fhir_kb.diagnostics.progress import Progress
    from fhir_kb.pipeline.desired_state import DesiredState
    from fhir_kb.pipeline.server_targets import ServerTarget
    from fhir_kb.push import FhirServer, Plan, PushOptions, PushResult, Reconciler


@dataclass(slots=True)
class PushSession:
    """A connection to a server, and its open workspace."""

    target: ServerTarget
    server: FhirServer
    reconciler: Reconciler
    progress: Progress
    other_names: dict[str, int]
    """Other base URLs of the same machine that something was pushed to, with how much."""


@contextmanager
def open_session(target_name: str, definitions: Path, *, quiet: bool) -> Iterator[PushSession]:
    """Connect to the server of that name or URL, and open its workspace."""
    from fhir_kb.bulk import cache_folder
    from fhir_kb.cli.progress import show_progress
    from fhir_kb.pipeline.server_targets import connect, find_target
    from fhir_kb.push import open_reconciler, other_names, workspace_folder

    target = find_target(target_name, definitions, os.environ)
    folder = workspace_folder(cache_folder(definitions).parent.parent, target.url)
    names = other_names(folder, target.url)
    for name, count in names.items():
        sys.stderr.write(_other_name_text(name, count, target.url))
    with (
        show_progress(quiet=quiet) as progress,
        connect(target, folder) as server,
        open_reconciler(folder, server, target.policy) as reconciler,
    ):
        if reconciler.recovered is not None:
            progress.stage(f"the last push was interrupted after {reconciler.recovered} changes")
        yield PushSession(target, server, reconciler, progress, names)


def _other_name_text(name: str, count: int, url: str) -> str:
    from fhir_kb.diagnostics.render.terminal_text import terminal_safe

    resources = "1 resource" if count == 1 else f"{count} resources"
    return (
        f"warning: {terminal_safe(url)} is {terminal_safe(name)} by another name:\n"
        f"  {resources} pushed there before will not be recognized as ours. Use one name\n"
    )


def load_desired(
    session: PushSession, definitions: Path, bundles: tuple[Path, ...], scope: str = ""
) -> DesiredState:
    """What the server shall hold: by the definitions, or by the given files.

    scope: The scope to push it as; "" for its own.
    """
    from fhir_kb.bulk import ProcessExecutor, available_cores, cache_folder
    from fhir_kb.pipeline.desired_state import desired_from_definitions, desired_from_files

    capabilities = session.server.capabilities
    release = capabilities.release
    if bundles:
        return desired_from_files(bundles, release, scope, capabilities.types)
    folder = cache_folder(definitions)
    with ProcessExecutor(available_cores(), models=False) as executor:
        return desired_from_definitions(
            definitions,
            release,
            executor=executor,
            cache_folder=folder.with_name(f"{folder.name}.{release}"),
            progress=session.progress,
            scope=scope,
        )


def recorded_scopes(session: PushSession, scope: str) -> tuple[str, ...]:
    """The scope that was given, if anything was pushed as it; none for "". Raises PushError."""
    from fhir_kb.diagnostics import did_you_mean
    from fhir_kb.push import PushError, scope_names

    known = scope_names(session.reconciler.state)
    if not scope or scope in known:
        return (scope,) if scope else ()
    advice = did_you_mean(scope, known) or f"there are {', '.join(known) or 'none'}"
    raise PushError(f"nothing was pushed to this server as '{scope}'", advice, usage=True)


def has_reported_errors(
    desired: DesiredState,
    form: str,
    documents: list[dict[str, Any]],
    *,
    everything: bool,
) -> bool:
    """Whether there are errors in the definitions; they are printed, or added to `documents`.

    Args:
        desired: What the server shall hold, with its findings.
        form: The output format; with "json" nothing is printed.
        documents: The findings are added here then.
        everything: Whether all findings are printed.
    """
    from fhir_kb.cli.console import style_of
    from fhir_kb.cli.views import findings
    from fhir_kb.diagnostics.render.json import as_data

    if not desired.has_errors:
        return False
    if form == "json":
        documents.append(as_data(desired.diagnostics, [desired.release]))
    else:
        style = style_of(sys.stderr, everything=everything)
        findings.show(desired.diagnostics, "human", style, [desired.release], error=True)
    return True


def show_file_findings(desired: DesiredState | None, *, everything: bool) -> None:
    """Print on stderr what is said of given files, for people."""
    from fhir_kb.cli.console import style_of
    from fhir_kb.cli.views import findings

    if desired is not None and desired.file_findings:
        style = style_of(sys.stderr, everything=everything)
        findings.show(desired.file_findings, "human", style, [desired.release], error=True)


def json_line(content: dict[str, Any]) -> str:
    """JSON on one line; decimals digit for digit."""
    from fhir_kb.diagnostics.render.terminal_text import json_safe
    from fhir_kb.emit import compact_json

    return json_safe(compact_json(content).decode()) + "\n"


@dataclass(frozen=True, slots=True)
class PushRequest:
    """How a plan is to be carried out."""

    options: PushOptions
    yes: bool
    """Whether to carry it out without asking."""
    form: str
    everything: bool = False
    aim: str = "what is defined"
    """What the server shall hold, in words."""


def push(
    session: PushSession, plan: Plan, desired: DesiredState | None, request: PushRequest
) -> int:
    """Show a plan, ask, carry it out and show the outcome; the exit code."""
    from fhir_kb.cli.views.push_results import Remaining
    from fhir_kb.push import PushError, PushResult, approved_changes, unresolved_changes

    approvals = request.options.approvals
    count = sum(1 for _ in approved_changes(plan, approvals))
    if request.form == "human":
        show_file_findings(desired, everything=request.everything)
        _show_plan(session, plan, desired, everything=request.everything)
    if count and not request.yes and not _confirmed(session, count):
        sys.stderr.write("Nothing was pushed\n")
        if request.form == "json":
            declined = PushResult(error=PushError("nothing was pushed: it was not confirmed"))
            _show_result(session, (plan, declined), desired, request, Remaining())
        return FINDINGS
    result = session.reconciler.push(plan, request.options, progress=session.progress)
    session.progress.stage("")  # what follows begins on a line of its own
    remaining = Remaining(
        unresolved_changes(plan, approvals),
        [change for change in plan.changes if change.action == "orphaned"],
        session.reconciler.altered(plan),
    )
    _show_result(session, (plan, result), desired, request, remaining)
    if result.error is not None:
        raise result.error
    wrong = any(applied.losses or applied.replaced for applied in result.applied)
    left_out = desired.left_out if desired else 0
    left = remaining.unresolved or remaining.altered or left_out
    return FINDINGS if result.failed or wrong or left else FINE


def _show_plan(
    session: PushSession, plan: Plan, desired: DesiredState | None, *, everything: bool
) -> None:
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.views import plans

    session.progress.stage("")
    style = style_of(sys.stdout, everything=everything)
    name, capabilities = session.target.name, session.server.capabilities
    put(plans.render_plan(plan, name, capabilities, style, desired, style.limit))


def _show_result(
    session: PushSession,
    pushed: tuple[Plan, PushResult],
    desired: DesiredState | None,
    request: PushRequest,
    remaining: Remaining,
) -> None:
    """Print what a push did and left."""
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.views import findings, push_results
    from fhir_kb.diagnostics.render.json import as_records
    from fhir_kb.pipeline.push_findings import findings as push_findings

    plan, result = pushed
    left_out = desired.left_out if desired else 0
    diagnostics = push_findings(result, desired)
    if request.form == "json":
        content = {"target": session.target.name, **push_results.result_data(result)}
        content |= push_results.remaining_data(remaining)
        content |= {"otherNames": list(session.other_names)}
        content |= {"scopes": list(plan.scopes), "unpruned": list(plan.unpruned)}
        given = desired.file_findings if desired else ()
        content["leftOut"] = left_out
        put(json_line({**content, "findings": as_records([*given, *diagnostics])}))
        return
    style = style_of(sys.stdout, everything=request.everything)
    findings.show(diagnostics, "human", style)
    put(push_results.render_result(result, style, remaining, request.aim, left_out))


def _confirmed(session: PushSession, count: int) -> bool:
    """Whether the person confirms. Raises click.UsageError where nobody can be asked."""
    name = session.target.name
    if not sys.stdin.isatty():
        raise click.UsageError(
            f"{count} changes would be made on '{name}', and this is not a terminal where you "
            "could confirm them; --yes makes them",
            click.get_current_context(silent=True),
        )
    changes = "1 change" if count == 1 else f"{count} changes"
    return click.confirm(f"Make {changes} on '{name}'?", default=False, err=True)
