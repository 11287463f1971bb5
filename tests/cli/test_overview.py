from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import fhir_kb.cli.commands
from fhir_kb.cli import overview

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

MODULES = {
    path.stem
    for path in Path(fhir_kb.cli.commands.__file__).parent.glob("*.py")
    if path.stem != "__init__"
}


def test_every_command_that_is_there_is_in_the_overview_and_the_other_way_round() -> None:
    assert set(overview.COMMANDS) == MODULES


def test_the_overview_fits_80_columns() -> None:
    assert max(map(len, overview.text().splitlines())) <= 80


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_commands_help_fits_80_columns_and_names_no_default_twice(
    fhir_kb: Callable[..., Ended], name: str
) -> None:
    code, out, err = fhir_kb(name, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: fhir-kb {name}")
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_command_has_a_json_form(fhir_kb: Callable[..., Ended], name: str) -> None:
    assert re.search(r"--format FORMAT .*json", fhir_kb(name, "--help").out, re.DOTALL)


def test_help_of_the_group_is_the_overview(fhir_kb: Callable[..., Ended]) -> None:
    assert fhir_kb("--help").out == overview.text()


def test_the_version_is_the_packages(fhir_kb: Callable[..., Ended]) -> None:
    assert fhir_kb("--version").out == f"fhir-kb {fhir_kb_version()}\n"


def fhir_kb_version() -> str:
    from fhir_kb import __version__

    return __version__
