"""The top of the command line: finds a command by its name and imports only that one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

from fhir_kb import __version__
from fhir_kb.cli.interrupted import after_completing
from fhir_kb.cli.options import log_options
from fhir_kb.cli.overview import COMMANDS, text

if TYPE_CHECKING:
    from collections.abc import Sequence


class App(click.Group):
    """The group `fhir-kb`: its commands are modules of `fhir_kb.cli.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the overview."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"fhir_kb.cli.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        if not any(param.name == "verbose" for param in command.params):
            command.params += log_options()
            if command.callback is not None:
                command.callback = after_completing(command.callback)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name.

        Raises click.UsageError, with the nearest command, for an unknown one.
        """
        name = args[0]
        if name in COMMANDS or ctx.resilient_parsing:
            return name, self.get_command(ctx, name), args[1:]
        from fhir_kb.diagnostics.nearest import did_you_mean

        advice = did_you_mean(name, COMMANDS) or "fhir-kb --help lists all"
        raise click.UsageError(f"there is no command '{name}'; {advice}", ctx)

    def get_help(self, ctx: click.Context) -> str:
        """The overview."""
        return text().rstrip("\n")


@click.group(cls=App, name="fhir-kb", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="fhir-kb %(version)s")
def app() -> None:
    """Clinical knowledge as text, published as FHIR."""


app.params += log_options()


def near_option(error: click.NoSuchOption) -> str:
    """What an unknown option was probably meant to be."""
    from fhir_kb.diagnostics.nearest import did_you_mean

    names: Sequence[str] = ()
    if error.ctx is not None:
        options = (
            p for p in error.ctx.command.get_params(error.ctx) if isinstance(p, click.Option)
        )
        names = [name for option in options for name in option.opts if name.startswith("--")]
    return did_you_mean(error.option_name, names) or f"expected one of: {', '.join(names)}"
