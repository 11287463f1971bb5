"""The options of the commands for servers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fhir_kb.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

target = click.option(
    "--target",
    "target_name",
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
    help="Take this bundle, package, NDJSON or folder instead of the definitions; repeatable.",
)
scope = click.option(
    "--scope",
    "scope",
    metavar="NAME",
    default="",
    help="Push as this scope; else that of the knowledge base, or each bundle's own.",
)
scope_filter = click.option(
    "--scope",
    "scope",
    metavar="NAME",
    default="",
    help="Only what this scope brought; 'fhir-kb status' lists them.",
)
prune = click.option(
    "--prune",
    is_flag=True,
    help="Retire what the bundle brought before and no longer holds, as is always done for "
    "definitions; otherwise that is left as it is.",
)
delete = click.option(
    "--delete", is_flag=True, help="Delete what would be retired because it is no longer defined."
)
full = click.option(
    "--full", is_flag=True, help="Read everything from the server, and do not rely on our records."
)
form = click.option(
    "--format",
    "form",
    type=options.Word(("human", "json", "markdown")),
    metavar="FORMAT",
    default="human",
    help="The output format: human (default), json or markdown.",
)


def approvals(command: F) -> F:
    """The options by which a person approves what is not done unasked."""
    for name, text in (
        ("many", "Allow more changes than the limit of the target."),
        ("overwrite", "Overwrite what others have changed on the server."),
        ("adopt", "Take over, and change, what is on the server but was not pushed by us."),
    ):
        option = "allow-many" if name == "many" else name
        command = click.option(f"--{option}", name, is_flag=True, help=text)(command)
    return command


def given_approvals(**approvals: bool) -> tuple[str, ...]:
    """The names of the approvals that were given."""
    return tuple(name for name, is_given in approvals.items() if is_given)
