"""The README's tour of a server is what the commands say, on a real HAPI."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path

import pytest
from hapi import hapi

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.slow, pytest.mark.enable_socket]

ROOT = Path(__file__).parents[2]


def test_the_tour_of_a_server(tmp_path: Path) -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "paste_output.py"))
    shutil.copytree(ROOT / "definitions", tmp_path / "definitions")
    page = (ROOT / "README.md").read_text("utf-8")
    with hapi("R4") as server:
        found = script["refreshed"](page, tmp_path, server.base)
    assert _undated(found) == _undated(page)


def _undated(page: str) -> str:
    return re.sub(r"\(20\d\d-\d\d-\d\d\)", "(a day)", page)
