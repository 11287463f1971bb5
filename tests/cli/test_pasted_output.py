"""What README.md and the tutorial show is what the commands say."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_pages_show_what_the_commands_say(monkeypatch: pytest.MonkeyPatch) -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "paste_output.py"))
    assert script["main"](["--check"]) == 0


def test_old_output_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "paste_output.py"))
    page = "Before\n\n    $ fhir-kb init ward\n    old\n    $ ls\n    kept\n\nAfter\n"
    made = script["refreshed"](page, tmp_path)
    assert made.startswith("Before\n\n    $ fhir-kb init ward\n    ward/ is ready:\n")
    assert made.endswith("\n    $ ls\n    kept\n\nAfter\n")
    assert "old" not in made
