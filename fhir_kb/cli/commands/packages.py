"""`fhir-kb packages`: the FHIR packages on this machine, and the lock file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fhir_kb.cli import options
from fhir_kb.cli.knowledge_base_folder import default_definitions

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

ACTIONS = ("list", "get", "lock", "show")


class PackageName(options.ParamType):
    """A package, by name and version."""

    name = "package"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The packages on this machine."""
        from fhir_kb.packages.cache.store import installed_packages

        labels = (f"{name}#{version}" for name, version, _ in installed_packages())
        return options.completions(label for label in labels if label.startswith(incomplete))


@click.command("packages")
@click.argument("action", type=options.Word(ACTIONS), metavar="list|get|lock|show")
@click.argument("names", nargs=-1, type=PackageName(), metavar="[PACKAGE...]")
@click.option(
    "--definitions",
    type=click.Path(file_okay=False, path_type=Path),
    default=default_definitions,
    metavar="DIR",
    help="The folder with kb.yaml and fhir-packages.lock; definitions if left out.",
)
@click.option("--offline", is_flag=True, help="Open no connection; use what is on this machine.")
@options.plain_form
@options.quiet
def command(
    action: str, names: tuple[str, ...], definitions: Path, offline: bool, form: str, quiet: bool
) -> int:
    """List the FHIR packages on this machine, get missing ones, lock versions, or show one.

    A PACKAGE is name#version, name#1.2.x, name#^1.2.0 or name, which means the latest; to show one,
    also the path of a .tgz file. 'get' without any gets what kb.yaml and the lock file name.
    'lock' chooses versions for kb.yaml and each PACKAGE and writes fhir-packages.lock beside it.

    The registry is named by FHIR_KB_REGISTRY, by kb.yaml or in your own settings; there is none
    otherwise. See docs/packages.md.
    """
    _check(action, names, definitions)
    from fhir_kb import pipeline
    from fhir_kb.cli.console import put, style_of
    from fhir_kb.cli.progress import show_progress
    from fhir_kb.cli.views import packages as view

    style = style_of(sys.stdout)
    on_download = _show_fetch(silent=quiet or form == "json")
    if action == "list":
        page = view.listing(pipeline.list_packages(), style)
    elif action == "show":
        page = view.details(pipeline.show_package(names[0]), style)
    elif action == "get":
        with show_progress(quiet=quiet):
            packages = pipeline.get_packages(
                names, definitions, offline=offline, on_download=on_download
            )
        page = view.installed(packages, style)
    else:
        with show_progress(quiet=quiet):
            result = pipeline.lock_packages(
                names, definitions, offline=offline, on_download=on_download
            )
        page = view.locked(result, style)
    if form == "json":
        from fhir_kb.diagnostics.render.json import as_json

        put(as_json(page.data))
    elif not (quiet and action in ("get", "lock")):
        put(page.text)
    return 0


def _check(action: str, names: tuple[str, ...], definitions: Path) -> None:
    """Raises click.UsageError for arguments that do not go together."""
    problem = ""
    if action == "list" and names:
        problem = f"list takes no package; did you mean 'fhir-kb packages show {names[0]}'?"
    elif action == "show" and len(names) != 1:
        problem = "name one package to show, such as hl7.fhir.uv.cpg#2.0.0"
    elif action == "lock" and not (definitions / "kb.yaml").is_file():
        problem = f"the lock file goes beside kb.yaml, and there is none in '{definitions}'"
    elif action == "get" and not names and not (definitions / "kb.yaml").is_file():
        problem = f"name a package: there is no kb.yaml in '{definitions}' that names any"
    if not problem and names and not (action == "show" and _is_path(names[0])):
        problem = next(filter(None, map(_name_problem, names)), "")
    if problem:
        raise click.UsageError(problem, click.get_current_context())


def _is_path(name: str) -> bool:
    from fhir_kb.packages.dependencies.resolution import is_package_path

    return is_package_path(name)


def _name_problem(name: str) -> str:
    """What is wrong with the name of a package, and what to write instead; "" if nothing is."""
    from fhir_kb.packages import PackageError
    from fhir_kb.packages.dependencies.versions import parse_requirement

    try:
        parse_requirement(name)
    except PackageError as error:
        return f"{error.message}; {error.help[0].lower()}{error.help[1:]}"
    return ""


def _show_fetch(*, silent: bool) -> Callable[[str], None]:
    def show(label: str) -> None:
        if not silent:
            from fhir_kb.cli.console import put
            from fhir_kb.diagnostics.render.terminal_text import terminal_safe

            put(f"getting {terminal_safe(label)}\n", error=True)

    return show
