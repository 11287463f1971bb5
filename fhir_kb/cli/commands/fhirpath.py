"""`fhir-kb fhirpath`: evaluate an expression on a resource."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fhir_kb.cli import options
from fhir_kb.cli.exit_codes import FINDINGS, FINE
from fhir_kb.model.fhir_release import BY_NAME, DEFAULT_RELEASE, NAMES

if TYPE_CHECKING:
    from fhir_kb.packages import Definitions


@click.command("fhirpath")
@click.argument("expression", metavar="[EXPR]", required=False)
@click.argument(
    "path",
    metavar="[FILE]",
    required=False,
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
)
@click.option(
    "--fhir",
    "release",
    type=options.Release(),
    default=DEFAULT_RELEASE.name,
    metavar="RELEASE",
    help=f"The FHIR release of FILE: {options.alternatives(NAMES, DEFAULT_RELEASE.name)}.",
)
@click.option("--strict", is_flag=True, help="Refuse names that the type does not have.")
@click.option(
    "--jsonl",
    is_flag=True,
    help="Respond to requests from the standard input, one JSON object a line.",
)
@options.plain_form
def command(
    expression: str | None, path: Path | None, release: str, strict: bool, jsonl: bool, form: str
) -> int:
    """Evaluate EXPR on the resource in FILE: JSON or XML, '-' for the standard input.

    Each item of the result is a line: its path in the resource, its type, its value. Without FILE
    the expression has no input.

    With --jsonl, each line of the standard input is {"fhir": "5.0.0", "input": "file" or null,
    "expression": "..."} and its response is {"result": [{"type", "value"}]} or {"error": "..."}.
    """
    from fhir_kb.cli import fhirpath_queries
    from fhir_kb.diagnostics.render.terminal_text import json_safe

    if jsonl:
        fhirpath_queries.serve(sys.stdin, sys.stdout, _model)
        return FINE
    if expression is None:
        raise click.UsageError("Missing argument 'EXPR'", click.get_current_context())
    version = BY_NAME[release].version
    file = None if path is None else str(path)
    if form == "json":
        line = fhirpath_queries.response_line(expression, file, version, _model, strict=strict)
        sys.stdout.write(f"{json_safe(line)}\n")
        return FINDINGS if line.startswith('{"error"') else FINE
    return fhirpath_queries.show(expression, file, _model(version), strict=strict)


def _model(version: str) -> Definitions:
    """The definitions of a FHIR version. Raises ValueError where there are none."""
    from fhir_kb.packages import definitions

    return definitions(version)
