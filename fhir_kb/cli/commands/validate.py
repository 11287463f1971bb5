"""`fhir-kb validate`: check definitions, or any FHIR files, and write nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from fhir_kb.cli import options
from fhir_kb.model.fhir_release import BY_NAME, DEFAULT_RELEASE, NAMES

_NO_FHIR: Final = "neither kb.yaml nor FHIR files"
_UNREAD: Final = "its knowledge base does not read it"


@click.command("validate")
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH..."
)
@click.option(
    "--fhir",
    "release",
    type=options.Release(),
    metavar="RELEASE",
    help="The FHIR release of files, whatever they name: "
    f"{', '.join(NAMES[:-1])} or {NAMES[-1]}. If left out, the one that they, their "
    f"package or folder name; else {DEFAULT_RELEASE.name}. Of definitions, the one to check.",
)
@click.option(
    "--package",
    "packages",
    multiple=True,
    metavar="PACKAGE",
    help="A FHIR package with profiles, extensions, value sets: name#version, a .tgz or a folder. "
    "Its dependencies too; what is not on this machine is downloaded.",
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
    help="A terminology server to ask for codes that cannot be checked offline (SNOMED CT, LOINC). "
    "Its responses are cached.",
)
@click.option(
    "--allow-extensions",
    "allowed",
    multiple=True,
    metavar="URL",
    help="Extensions that may be used without a definition at hand: how their urls begin, or "
    "'any' for all.",
)
@click.option(
    "--strict", is_flag=True, help="Take as an error that something could not be checked."
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
    allowed: tuple[str, ...],
    strict: bool,
    offline: bool,
    everything: bool,
    form: str,
    quiet: bool,
) -> int:
    """Check each PATH: definitions, or FHIR files (JSON, XML, NDJSON, packages) and folders.

    A folder with kb.yaml, or a folder or file inside of one, is definitions; everything else is
    taken as FHIR. '-' is the standard input. With --format json there is one line a resource, and
    one a knowledge base.
    """
    from fhir_kb.cli.console import style_of
    from fhir_kb.cli.validation_paths import group_paths
    from fhir_kb.cli.views.validation import ValidationRun
    from fhir_kb.diagnostics.errors import FhirKbError
    from fhir_kb.validate import ValidationOptions

    if terminology and offline:
        message = "--tx asks a server, which --offline forbids: leave one of them out"
        raise click.UsageError(message, click.get_current_context())
    if terminology:
        _check_server_url(terminology)
    _check_prefixes(allowed)
    version = BY_NAME[release].version if release else DEFAULT_RELEASE.version
    validation = ValidationOptions(version, packages, also, profiles, terminology, allowed)
    if packages and not offline:
        _install(packages, quiet=quiet)
    style = style_of(sys.stdout, everything=everything)
    run = ValidationRun(form, style, quiet=quiet, strict=strict)
    unchecked: dict[Path, str] = {}
    try:
        for group in group_paths(paths):
            if group.knowledge_base is not None:
                if not run.definitions(group.knowledge_base, group.paths, release):
                    unchecked.update(dict.fromkeys(group.paths, _UNREAD))
            elif not run.files(group.paths, validation, detect_release=release is None):
                unchecked.update(dict.fromkeys(group.paths, _NO_FHIR))
    except FhirKbError:  # what was found before it is true all the same
        run.show_kept()
        raise
    if not run.has_checked:
        run.show_kept()
        run.show_skipped()
        raise _nothing_to_check(unchecked)
    for path, reason in unchecked.items():
        run.skip(path, reason)
    return run.end()


def _nothing_to_check(paths: dict[Path, str]) -> click.UsageError:
    names = ", ".join(f"'{path}'" for path in paths)
    message = f"there is nothing to check in {names}: {'; '.join(dict.fromkeys(paths.values()))}"
    return click.UsageError(message, click.get_current_context())


def _check_server_url(url: str) -> None:
    """Raises click.UsageError for what is no web address, or has a password; shows neither."""
    try:
        parts = urlsplit(url)
        is_web_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        has_secret = parts.username is not None or parts.password is not None
    except ValueError:
        is_web_address = has_secret = False
    context = click.get_current_context()
    if has_secret:
        raise click.UsageError("--tx: the URL must not contain a user name or a password", context)
    if not is_web_address:
        raise click.UsageError("--tx needs an http or https URL", context)


def _check_prefixes(prefixes: tuple[str, ...]) -> None:
    """Raises click.UsageError for what no url of an extension can begin with."""
    for prefix in prefixes:
        if prefix != "any" and ":" not in prefix:
            message = f"--allow-extensions takes the beginning of a URL, or 'any', not '{prefix}'"
            raise click.UsageError(message, click.get_current_context())


def _install(packages: tuple[str, ...], *, quiet: bool) -> None:
    """Fetch the packages that are not on this machine."""
    from fhir_kb.packages.dependencies.resolution import is_package_path

    names = [package for package in packages if not is_package_path(package)]
    if names:
        from fhir_kb.cli.console import put
        from fhir_kb.cli.progress import show_progress
        from fhir_kb.diagnostics.render.terminal_text import terminal_safe
        from fhir_kb.pipeline import get_packages

        with show_progress(quiet=quiet):
            get_packages(
                names,
                Path(),
                on_download=lambda label: put(f"getting {terminal_safe(label)}\n", error=True),
                given=[Path(package) for package in packages if is_package_path(package)],
            )
