"""`fhir-kb build`: definitions in, checked files out."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fhir_kb.cli import options
from fhir_kb.cli.knowledge_base_folder import default_output


@click.command("build")
@options.definitions
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="The folder to write to; 'output' if left out, beside the definitions where these were "
    "looked for.",
)
@options.releases
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="How many processes work at once; as many as there are cores if left out.",
)
@click.option(
    "--cache/--no-cache", default=True, help="Whether to use the results of earlier builds."
)
@click.option(
    "--models/--no-models",
    default=None,
    help="Whether the models of fhir.resources check the resources as well; they do unless more "
    "than 100 topics have changed.",
)
@options.everything
@options.form
@options.quiet
@click.pass_context
def command(
    ctx: click.Context,
    definitions: Path,
    output: Path | None,
    releases: tuple[str, ...] | None,
    jobs: int | None,
    cache: bool,
    models: bool | None,
    everything: bool,
    form: str,
    quiet: bool,
) -> int:
    """Compile DEFINITIONS, check the result and write files for each FHIR release.

    DEFINITIONS is the folder with kb.yaml; 'definitions' if left out. Nothing is written where an
    error was found.
    """
    import gc

    from click.core import ParameterSource

    from fhir_kb.bulk import build
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.progress import show_progress
    from fhir_kb.cli.views import build_summary, findings

    if output is None:
        looked_for = ctx.get_parameter_source("definitions") is ParameterSource.DEFAULT
        output = default_output(definitions) if looked_for else Path("output")
    gc.disable()  # the process ends with the build, and looking for garbage takes a fifth of it
    with show_progress(quiet=quiet) as progress:
        result = build(
            definitions,
            output=output,
            releases=releases,
            progress=progress,
            jobs=jobs,
            cache=cache,
            models=models,
        )
    style = style_of(sys.stdout, everything=everything)
    names = [release.name for release in result.releases]
    if form == "human":
        findings.show(result.diagnostics, form, style, names)
        if not quiet:
            put(build_summary.summary(result, output, style, everything=everything))
    elif form == "json":
        findings.show(result.diagnostics, form, style, names, build_summary.as_data(result))
    else:
        findings.show((*result.diagnostics, *result.losses), form, style, names)
    return result.exit_code
