"""`fhir-kb bundle`: one bundle of some topics and all they need."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from fhir_kb.cli import options
from fhir_kb.cli.exit_codes import USAGE
from fhir_kb.cli.knowledge_base_folder import default_definitions

UNKNOWN_TOPIC = "KB225"
KINDS = ("transaction", "batch", "collection", "document")


@click.command("bundle")
@click.argument("topics", nargs=-1, type=options.Topic(), metavar="[TOPIC]...")
@click.option(
    "-d",
    "--definitions",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    default=default_definitions,
    is_eager=True,
    help="The folder with kb.yaml; 'definitions' if left out.",
)
@click.option(
    "--fhir",
    "release",
    type=options.Release(),
    required=True,
    metavar="RELEASE",
    help="The FHIR release of the bundle: r5, r4b or r4.",
)
@click.option(
    "--type",
    "kind",
    type=options.Word(KINDS),
    metavar="TYPE",
    default="transaction",
    help="The bundle's type: transaction (default), batch, collection or document.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    default=Path("-"),
    help="The file to write; '-', the standard output, if left out.",
)
@options.everything
@options.form
@options.quiet
def command(
    topics: tuple[str, ...],
    definitions: Path,
    release: str,
    kind: str,
    output: Path,
    everything: bool,
    form: str,
    quiet: bool,
) -> int:
    """Make one bundle of the named TOPICs and all they need; of all topics if none is named.

    Findings go to the standard error, so that the bundle can be piped on; as JSON only where the
    bundle goes to the standard output.
    """
    from fhir_kb.bulk import cache_folder
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.progress import show_progress
    from fhir_kb.cli.views import build_summary, findings
    from fhir_kb.diagnostics.render.json import as_records
    from fhir_kb.pipeline import bundle

    with show_progress(quiet=quiet) as progress:
        result = bundle(
            definitions,
            topics,
            release=release,
            kind=kind,
            progress=progress,
            cache_folder=cache_folder(definitions),
        )
    style = style_of(sys.stderr, everything=everything)
    if form == "human":
        findings.show(result.diagnostics, form, style, [release], error=True)
        if not quiet and result.data is not None:
            limit = None if everything else 0
            put(build_summary.losses(result.losses, [release], style, limit), error=True)
    elif form == "json":
        losses = {"losses": as_records(result.losses, [release])}
        is_taken = result.data is not None and str(output) == "-"
        findings.show(result.diagnostics, form, style, [release], losses, error=is_taken)
    else:
        diagnostics = (*result.diagnostics, *result.losses)
        findings.show(diagnostics, form, style, [release], error=True)
    if result.data is not None:
        _write(result.data, output)
        return 0
    is_unknown = any(finding.code == UNKNOWN_TOPIC for finding in result.diagnostics)
    return USAGE if is_unknown else result.exit_code


def _write(data: bytes, output: Path) -> None:
    if str(output) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        from fhir_kb.files import OutputKind, write_named

        beginning = re.compile(rb'\s*\{\s*"resourceType"\s*:\s*"Bundle"')
        write_named(output, data, OutputKind("a bundle", beginning))
