"""`fhir-kb validate`: check definitions, or any FHIR files, and write nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

from fhir_kb.cli import options
from fhir_kb.model.fhir_release import BY_NAME, BY_VERSION, NEWEST


@click.command("validate")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH..."
)
@click.option(
    "--fhir",
    "release",
    type=options.Release(),
    metavar="RELEASE",
    help=f"The FHIR release of files that do not tell: {options.alternatives(BY_VERSION)}; "
    "of definitions, the one to check.",
)
@click.option(
    "--package",
    "packages",
    multiple=True,
    metavar="PACKAGE",
    help="A FHIR package with profiles, extensions, value sets: name#version, a .tgz or a folder. "
    "With all that it needs; what is not on this machine is fetched.",
)
@click.option(
    "--also",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="PATH",
    help="A file or folder with profiles, value sets, questionnaires, … of your own.",
)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="URL",
    help="A profile that every resource has to conform to, besides those in its meta.profile.",
)
@click.option(
    "--tx",
    "terminology",
    default="",
    metavar="URL",
    help="A terminology server to ask for codes that cannot be known offline (SNOMED CT, LOINC). "
    "Its answers are kept.",
)
@click.option("--offline", is_flag=True, help="Open no connection, not even for packages.")
@options.everything
@options.form
@options.quiet
def command(
    paths: tuple[Path, ...],
    release: str | None,
    packages: tuple[str, ...],
    also: tuple[Path, ...],
    profiles: tuple[str, ...],
    terminology: str,
    offline: bool,
    everything: bool,
    form: str,
    quiet: bool,
) -> int:
    """Check each PATH: definitions, or FHIR files (JSON, XML, NDJSON, packages) and folders.

    A folder with kb.yaml, or a folder or file inside of one, is definitions; everything else is
    taken as FHIR. With --format json there is one line a resource, and one a knowledge base.
    """
    from fhir_kb.cli.console import style_of
    from fhir_kb.cli.validation_paths import group_paths
    from fhir_kb.cli.views.validation import ValidationRun
    from fhir_kb.validate import ValidationOptions

    if terminology and offline:
        message = "--tx asks a server, and --offline allows none: leave one of them out"
        raise click.UsageError(message, click.get_current_context())
    if terminology:
        _refuse_odd(terminology)
    version = BY_NAME[release].version if release else NEWEST.version
    validation = ValidationOptions(version, packages, also, profiles, terminology)
    if packages and not offline:
        _get(packages)
    style = style_of(sys.stdout, everything=everything)
    checks = ValidationRun(form, style, quiet=quiet)
    for target in group_paths(paths):
        if target.knowledge_base is not None:
            checks.definitions(target.knowledge_base, target.paths, release)
        elif not checks.files(target.paths, validation):
            names = ", ".join(f"'{path}'" for path in target.paths)
            raise click.UsageError(
                f"there is nothing to check in {names}: neither kb.yaml nor FHIR files",
                click.get_current_context(),
            )
    return checks.end()


def _refuse_odd(url: str) -> None:
    """A terminology server has a web address, and no password in it; neither is shown."""
    try:
        parts = urlsplit(url)
        is_fine = parts.scheme in ("http", "https") and bool(parts.hostname)
        has_secret = parts.username is not None or parts.password is not None
    except ValueError:
        is_fine = has_secret = False
    context = click.get_current_context()
    if has_secret:
        raise click.UsageError("--tx: a password does not belong into a URL", context)
    if not is_fine:
        raise click.UsageError("--tx: an http or https URL is needed", context)


def _get(packages: tuple[str, ...]) -> None:
    """Fetch the packages that are not on this machine."""
    from fhir_kb.packages.dependencies.resolution import is_package_path

    named = [word for word in packages if not is_package_path(word)]
    if named:
        from fhir_kb.pipeline import get_packages

        get_packages(
            named, Path(), on_download=lambda label: click.echo(f"fetched {label}", err=True)
        )
