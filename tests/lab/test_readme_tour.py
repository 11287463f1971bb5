"""The README's tour of a server is what the commands say, on a real HAPI."""

from __future__ import annotations

import re
import runpy
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hapi import Hapi

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.slow, pytest.mark.enable_socket]

ROOT = Path(__file__).parents[2]


def test_the_tour_of_a_server(hapi_r4: Hapi, tmp_path: Path) -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "paste_output.py"))
    shutil.copytree(ROOT / "definitions", tmp_path / "definitions")
    page = (ROOT / "README.md").read_text("utf-8")
    found = script["refreshed"](page, tmp_path, hapi_r4.base)
    assert _undated(found) == _undated(page)


def _undated(page: str) -> str:
    return re.sub(r"\(20\d\d-\d\d-\d\d\)", "(a day)", page)
