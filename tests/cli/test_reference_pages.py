"""docs/reference is made from the program: it is complete and up to date."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import click
import pytest

from fhir_kb.cli import overview
from fhir_kb.cli.app import app
from fhir_kb.pipeline import catalogue

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
CLI = REFERENCE / "cli.md"
CODES = REFERENCE / "codes.md"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / "make_reference.py"))


def test_the_pages_are_up_to_date(script: dict[str, Any]) -> None:
    assert script["stale"]() == []


@pytest.mark.parametrize("name", sorted(overview.COMMANDS))
def test_every_command_and_option_is_documented(name: str) -> None:
    page = CLI.read_text("utf-8")
    command = app.get_command(click.Context(app), name)
    assert command is not None
    _, _, rest = page.partition(f"\n## fhir-kb {name}\n")
    section = rest.partition("\n## ")[0]
    assert command.help
    for each in command.params:
        if isinstance(each, click.Option):
            assert each.help, each.name
            assert all(word in section for word in each.opts), each.name
        else:
            assert each.human_readable_name.upper() in section.upper(), each.name


def test_every_code_has_its_page() -> None:
    page = CODES.read_text("utf-8")
    for code in catalogue().values():
        assert f"\n## {code.id} {code.name}\n" in page
        assert code.summary
        assert len(code.explanation.strip().splitlines()) >= 3, code.id


def test_every_code_that_the_program_names_is_in_the_catalogue() -> None:
    named = {
        code
        for path in (ROOT / "fhir_kb").rglob("*.py")
        for code in re.findall(r'"(KB\d{3})"', path.read_text("utf-8"))
    }
    assert named
    assert named - set(catalogue()) == set()
