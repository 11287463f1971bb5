"""Arguments and options that several commands have, and how their words are completed."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from fhir_kb.cli.knowledge_base_folder import default_definitions
from fhir_kb.model.fhir_release import NAMES, release_spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from click.shell_completion import CompletionItem

    ParamType = click.ParamType[Any]
    Choice = click.Choice[str]
else:  # older releases of click have no generic types
    ParamType = click.ParamType
    Choice = click.Choice

FORMATS: Final = ("human", "json", "sarif", "github")
_TOPIC: Final = re.compile(r"""^topic:[ \t]*["']?([a-z0-9-]+)["']?[ \t]*(?:#.*)?$""", re.MULTILINE)
_HEAD: Final = 4096


def alternatives(words: Iterable[str], default: str) -> str:
    """What an option takes, for its help: "r5 (default), r4b or r4"."""
    *others, last = (word for word in words if word != default)
    return f"{', '.join((f'{default} (default)', *others))} or {last}"


class Release(ParamType):
    """A FHIR release by its name or version, in any case; the value is its name."""

    name = "release"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """`r4` for `R4`, `4.0.1` and `4.0`."""
        release = release_spelled(str(value))
        if release is None:
            known = ", ".join(NAMES)
            self.fail(
                f"'{value}' is not a supported FHIR release; expected one of: {known}", param, ctx
            )
        return release.name

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The names."""
        return completions(name for name in NAMES if name.startswith(incomplete.lower()))


class Releases(Release):
    """FHIR releases, separated by commas; the value is their names."""

    name = "releases"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """`("r5", "r4")` for `r5,r4`; each once, in the order given."""
        if isinstance(value, tuple):
            return value
        words = [word for word in str(value).split(",") if word.strip()]
        if not words:
            self.fail(f"name at least one of: {', '.join(NAMES)}", param, ctx)
        return tuple(dict.fromkeys(super(Releases, self).convert(w, param, ctx) for w in words))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The names that are not yet there, after the last comma."""
        before, comma, word = incomplete.rpartition(",")
        return completions(
            f"{before}{comma}{name}"
            for name in NAMES
            if name.startswith(word.lower()) and name not in before.split(",")
        )


class Topic(ParamType):
    """A topic's name, completed from the definitions."""

    name = "topic"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The topics of the definitions that the command works on."""
        folder = Path(ctx.params.get("definitions") or default_definitions())
        return completions(name for name in topics_in(folder) if name.startswith(incomplete))


class Word(Choice):
    """One of a few words; the error for an unknown one names the nearest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word as it was written, if it is one of them."""
        word = str(value)
        if word not in self.choices:
            from fhir_kb.diagnostics.nearest import did_you_mean

            self.fail(f"'{word}' is not known; {did_you_mean(word, self.choices)}", param, ctx)
        return word


def completions(words: Iterable[str]) -> list[CompletionItem]:
    """Words as a shell's completion takes them."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(word) for word in words]


def topics_in(definitions: Path) -> list[str]:
    """The names of the topics below a folder, read off the first lines of their files."""
    return sorted(set(_topics(definitions)))


def _topics(definitions: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(definitions):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if "topic.yaml" not in files:
            continue
        try:
            with (Path(folder) / "topic.yaml").open(encoding="utf-8", errors="replace") as file:
                head = file.read(_HEAD)
        except OSError:
            continue
        if match := _TOPIC.search(head):
            yield match[1]


definitions = click.argument(
    "definitions",
    metavar="[DEFINITIONS]",
    default=default_definitions,
    type=click.Path(file_okay=False, path_type=Path),
)
releases = click.option(
    "--fhir",
    "releases",
    type=Releases(),
    metavar="RELEASES",
    help="FHIR releases to make, such as r5,r4; those of kb.yaml if left out.",
)
form = click.option(
    "--format",
    "form",
    type=Word(FORMATS),
    metavar="FORMAT",
    default="human",
    help="The output format: human (default), json, sarif or github.",
)
plain_form = click.option(
    "--format",
    "form",
    type=Word(("human", "json")),
    metavar="FORMAT",
    default="human",
    help="The output format: human (default) or json.",
)
everything = click.option(
    "--all", "everything", is_flag=True, help="Print all findings and losses."
)
quiet = click.option("-q", "--quiet", is_flag=True, help="Print neither progress nor a summary.")


def log_options() -> list[click.Option]:
    """`-v` and `--log-file`: those of the group, and of every command."""
    return [
        click.Option(
            ["-v", "--verbose"],
            count=True,
            expose_value=False,
            callback=_enable_log,
            help="Log steps and requests on stderr; -vv: headers and sizes, too.",
        ),
        click.Option(
            ["--log-file"],
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            expose_value=False,
            callback=_enable_log,
            help="Write a log with everything but secrets to FILE.",
        ),
    ]


def _enable_log(ctx: click.Context, _: click.Parameter, value: int | Path | None) -> None:
    if not value or ctx.resilient_parsing:
        return
    from fhir_kb.cli import log_setup

    words: list[str] = ctx.find_root().obj or []
    if isinstance(value, int):
        log_setup.log_to_terminal(value, words)
    else:
        log_setup.log_to_file(value, words)
