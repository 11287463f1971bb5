"""What the commands for servers have in common: options, the server, its book, what is wanted."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fhir_kb.cli import options
from fhir_kb.cli.exit_codes import FINDINGS, FINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fhir_kb.cli.progress import Progress
    from fhir_kb.diagnostics.span import Span
    from fhir_kb.pipeline.pushing import DesiredState
    from fhir_kb.pipeline.server_targets import ServerTarget
    from fhir_kb.push import FhirServer, Plan, Reconciler

F = TypeVar("F", bound="Callable[..., Any]")

target = click.option(
    "--target",
    "word",
    required=True,
    metavar="NAME|URL",
    help="The server: its name in kb.yaml, or its base URL.",
)
bundles = click.option(
    "--bundle",
    "bundles",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Push this bundle, package, NDJSON or folder instead of the definitions; repeatable.",
)
delete = click.option(
    "--delete", is_flag=True, help="Delete what is no longer defined; it is retired otherwise."
)
full = click.option(
    "--full", is_flag=True, help="Read everything from the server, whatever is known of it."
)


def words(command: F) -> F:
    """The options by which a person allows what is not done unasked."""
    for name, text in (
        ("many", "Allow that more than usual is changed."),
        ("overwrite", "Overwrite what somebody else has changed on the server."),
        ("adopt", "Take over, and change, what is there but not from us."),
    ):
        option = "allow-many" if name == "many" else name
        command = click.option(f"--{option}", name, is_flag=True, help=text)(command)
    return command


@dataclass(slots=True)
class PushSession:
    """A server that is reached, its book open."""

    target: ServerTarget
    server: FhirServer
    book: Reconciler
    progress: Progress


@contextmanager
def at(word: str, definitions: Path, *, quiet: bool) -> Iterator[PushSession]:
    """The server of that name, or at that address, and our book of it."""
    from fhir_kb.bulk import cache_folder
    from fhir_kb.cli.progress import progress
    from fhir_kb.pipeline.server_targets import find_target, reached
    from fhir_kb.push import open_reconciler, workspace_folder

    found = find_target(word, definitions, os.environ)
    folder = workspace_folder(cache_folder(definitions).parent.parent, found.url)
    with (
        progress(quiet=quiet) as shown,
        reached(found, folder) as server,
        open_reconciler(folder, server, found.policy) as book,
    ):
        if book.recovered is not None:
            shown.stage(f"the last push was interrupted after {book.recovered} changes")
        yield PushSession(found, server, book, shown)


def wanted(here: PushSession, definitions: Path, bundles: tuple[Path, ...]) -> DesiredState:
    """What shall stand there: of the definitions, or of somebody's files."""
    from fhir_kb.bulk import ProcessExecutor, cache_folder, cores
    from fhir_kb.pipeline.pushing import desired_from_definitions, desired_from_files

    release = here.server.capabilities.release
    if bundles:
        return desired_from_files(bundles, release)
    folder = cache_folder(definitions)
    with ProcessExecutor(cores(), models=False) as processes:
        return desired_from_definitions(
            definitions,
            release,
            work=processes,
            cache_folder=folder.with_name(f"{folder.name}.{release}"),
            progress=here.progress,
        )


def where(found: DesiredState) -> Callable[[str, str], Span | None]:
    """Where a resource, or an element of it, was written."""
    return found.origins.place if found.origins else lambda _, __: None


def names(found: DesiredState) -> dict[str, str]:
    """What the definitions call the resource of a key: "Type/id"."""
    return {key: f"{one.type}/{one.id}" for key, one in found.wanted.items()}


def refused(found: DesiredState, form: str, *, everything: bool) -> bool:
    """Whether there are errors in the definitions; prints them."""
    from fhir_kb.cli.console import style_of
    from fhir_kb.cli.views import findings

    if not found.has_errors:
        return False
    style = style_of(sys.stderr, everything=everything)
    findings.show(
        found.diagnostics, "human" if form != "json" else form, style, [found.release], error=True
    )
    return True


form = click.option(
    "--format",
    "form",
    type=options.Word(("human", "json", "markdown")),
    metavar="FORMAT",
    default="human",
    help="How the plan is printed: human (default), json or markdown.",
)


def as_line(content: dict[str, Any]) -> str:
    """JSON on one line; decimals digit for digit."""
    from fhir_kb.emit import compact_json

    return compact_json(content).decode() + "\n"


def allowed(**words: bool) -> tuple[str, ...]:
    """The words that the person has given."""
    return tuple(word for word, is_given in words.items() if is_given)


@dataclass(frozen=True, slots=True)
class PushRequest:
    """What the person has asked for. allowed: the words given. yes: without a question. check: the
    plan is an old one, and only good if the server has not moved.
    """

    allowed: tuple[str, ...]
    yes: bool
    form: str
    everything: bool = False
    verify: bool = True
    check: bool = False
    provenance: bool = False


def push(here: PushSession, made: Plan, found: DesiredState | None, asked: PushRequest) -> int:
    """Show a plan, ask, do it, and say what was done; the exit code."""
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.views import plans
    from fhir_kb.cli.views.findings import show
    from fhir_kb.diagnostics.render.json import as_records
    from fhir_kb.pipeline.pushing import findings
    from fhir_kb.push import PushOptions, approved_changes

    style = style_of(sys.stdout, everything=asked.everything)
    changing = sum(1 for _ in approved_changes(made, asked.allowed))
    if asked.form == "human":
        places = where(found) if found else lambda _, __: None
        called = names(found) if found else {}
        profile = here.server.capabilities
        here.progress.stage("")
        put(plans.plan(made, here.target.name, profile, style, places, called, style.limit))
    if changing and not asked.yes and not _confirmed(here, changing):
        return FINE
    result = here.book.push(
        made,
        PushOptions(
            approvals=asked.allowed,
            verify=asked.verify,
            check_stale=asked.check,
            provenance=asked.provenance,
        ),
        progress=here.progress,
    )
    told = findings(result, found)
    undecided = sum(not change.is_approved(asked.allowed) for change in made.changes)
    if asked.form == "json":
        done = {"target": here.target.name, **plans.result_data(result)}
        put(as_line({**done, "findings": as_records(told)}))
    else:
        show(told, "human", style)
        put(plans.result(result, style, undecided))
    if result.error is not None:
        raise result.error
    lost = any(entry.losses for entry in result.applied)
    return FINDINGS if result.failed or lost or undecided else FINE


def _confirmed(here: PushSession, changing: int) -> bool:
    """Whether the person wants it. Raises click.UsageError where nobody can be asked."""
    if not sys.stdin.isatty():
        raise click.UsageError(
            f"{changing} changes would be made on '{here.target.name}', and nobody is here to be "
            "asked; --yes makes them",
            click.get_current_context(silent=True),
        )
    things = "1 change" if changing == 1 else f"{changing} changes"
    return click.confirm(f"Make {things} on '{here.target.name}'?", default=False, err=True)
