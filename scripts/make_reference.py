"""Write docs/reference/cli.md and docs/reference/codes.md from the program itself.

python scripts/make_reference.py            write them
python scripts/make_reference.py --check    exit 1 where they are not what would be written
"""

from __future__ import annotations

import sys
from inspect import cleandoc
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fhir_kb.cli import overview
from fhir_kb.cli.app import app
from fhir_kb.pipeline import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.diagnostics import FindingCode

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
GENERATED = "<!-- made by scripts/make_reference.py: `make docs` -->"

COMMON = """
## What all commands have in common

**Exit codes**: 0 fine; 1 findings of severity error; 2 wrong usage; 3 the outside world failed
(disk, network); 4 of `plan --exit-code` and `drift --exit-code`, that there are changes. As shells
have it, 130 is interrupted and 141 a pipe that nobody reads any more; 70 is a bug in fhir-kb.

**Findings** (`--format`): `human` shows the place, the code, one sentence, the source line and
what to do; `json` is one object on one line, with `errors`, `warnings`, `notes`, `notChecked` and
`findings` (each: `code`, `severity`, `message`, `file`, `line`, `column`, `endLine`, `endColumn`,
and where they are known `path`, `help`, `releases`), and of `build` also `made`, `files`,
`losses`; `sarif` is SARIF 2.1.0 for code hosts and editors; `github` is workflow commands that
annotate a change. Lines and columns count from 1, the end is exclusive. [codes.md](codes.md)
explains each code, as does `fhir-kb explain CODE`.

**Terminal**: colours and the progress bar appear on a terminal only. `NO_COLOR=1` turns colours
off, `FORCE_COLOR=1` on. Elsewhere progress is a plain line a stage on the standard error;
`--quiet` drops it. Output is UTF-8 whatever the locale.

**Bugs**: no input makes fhir-kb print a traceback. Should one line say that there is a bug,
`FHIR_KB_DEBUG=1` shows where it comes from.

**Completion** of commands, options, releases, codes and topic names:

    eval "$(_FHIR_KB_COMPLETE=bash_source fhir-kb)"       # in ~/.bashrc
    eval "$(_FHIR_KB_COMPLETE=zsh_source fhir-kb)"        # in ~/.zshrc
    _FHIR_KB_COMPLETE=fish_source fhir-kb | source        # in ~/.config/fish/config.fish
"""


def cli_page() -> str:
    """docs/reference/cli.md."""
    lines = ["# The command line", "", GENERATED, "", "```text", overview.text().rstrip(), "```"]
    lines += COMMON.splitlines()
    context = click.Context(app, info_name="fhir-kb")
    for name in app.list_commands(context):
        found = app.get_command(context, name)
        assert found is not None, name
        lines += _command(name, found)
    return "\n".join(lines).rstrip() + "\n"


def _command(name: str, command: click.Command) -> Iterator[str]:
    """A command's section; written from the parameters, as click's own text changes."""
    arguments = [str(each.metavar) for each in command.params if isinstance(each, click.Argument)]
    yield from ("", f"## fhir-kb {name}", "")
    yield " ".join((f"    fhir-kb {name}", *arguments, "[OPTIONS]"))
    yield from ("", cleandoc(command.help or ""), "", "| option | |", "|---|---|")
    for each in command.params:
        if isinstance(each, click.Option):
            words = ", ".join((*each.opts, *each.secondary_opts))
            value = f" {each.metavar}" if each.metavar else ""
            needed = " Required." if each.required else ""
            yield f"| `{words}{value}` | {each.help}{needed} |"


def codes_page() -> str:
    """docs/reference/codes.md."""
    known = list(catalogue().values())
    lines = ["# The codes of findings", "", GENERATED, ""]
    lines += ["Codes never change their meaning. `fhir-kb explain CODE` prints the same pages.", ""]
    lines += ["| code | severity | what is wrong |", "|---|---|---|"]
    for code in known:
        summary = code.summary.replace("|", "\\|")
        lines.append(f"| [{code.id}](#{_anchor(code)}) | {code.severity.value} | {summary} |")
    for code in known:
        lines += ["", f"## {code.id} {code.name}", "", code.explanation.strip()]
        if code.specification:
            lines += ["", f"Specification: <{code.specification}>"]
    return "\n".join(lines) + "\n"


def _anchor(code: FindingCode) -> str:
    return f"{code.id} {code.name}".lower().replace(" ", "-")


PAGES = {"cli.md": cli_page, "codes.md": codes_page}


def stale() -> list[str]:
    """The pages that are not what would be written now."""
    return [
        name
        for name, page in PAGES.items()
        if not (FOLDER / name).is_file() or (FOLDER / name).read_text(encoding="utf-8") != page()
    ]


def main(words: list[str]) -> int:
    """Write the pages, or with --check say which are not up to date."""
    if words == ["--check"]:
        for name in stale():
            print(f"docs/reference/{name} is not up to date: run 'make docs'", file=sys.stderr)
        return int(bool(stale()))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
