"""`fhir-kb validate`: check definitions, or any FHIR files, and write nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fhir_kb.cli import options


@click.command("validate")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH..."
)
@click.option(
    "--fhir",
    "release",
    type=options.Release(),
    metavar="RELEASE",
    help="The FHIR release of files that do not tell: 5.0.0 (default), 4.3.0 or 4.0.1; "
    "of definitions, the one to check.",
)
@options.everything
@options.form
@options.quiet
def command(
    paths: tuple[Path, ...], release: str | None, everything: bool, form: str, quiet: bool
) -> int:
    """Check each PATH: definitions, or files and folders with FHIR resources (JSON, NDJSON).

    A folder with kb.yaml, or a folder or file inside of one, is definitions; everything else is
    taken as FHIR. With --format json there is one line a resource, and one a knowledge base.
    """
    from fhir_kb.cli.console import style_of
    from fhir_kb.cli.targets import targets
    from fhir_kb.cli.views.checks import Checks

    style = style_of(sys.stdout, everything=everything)
    checks = Checks(form, style, quiet=quiet)
    for target in targets(paths):
        if target.knowledge_base is not None:
            checks.definitions(target.knowledge_base, target.paths, release)
        elif not checks.files(target.paths, options.VERSIONS[release or "r5"]):
            names = ", ".join(f"'{path}'" for path in target.paths)
            raise click.UsageError(
                f"there is nothing to check in {names}: neither kb.yaml nor FHIR files",
                click.get_current_context(),
            )
    return checks.end()
