"""The official HL7 validator over everything that the shipped definitions become."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from environ import SHARED

from fhir_kb.pipeline import build

ROOT = Path(__file__).parents[2]
CHECK = SHARED / "tools" / "check-output"

pytestmark = [
    pytest.mark.lab,
    pytest.mark.slow,
    pytest.mark.skipif(not CHECK.is_file(), reason="needs ../shared/tools/check-output"),
    pytest.mark.skipif(
        any(shutil.which(tool) is None for tool in ("java", "javac", "mvn", "npm", "bash")),
        reason="the official validator needs Java 17, Maven and npm",
    ),
]


def test_it_finds_no_error_in_any_release(tmp_path: Path) -> None:
    result = build(ROOT / "definitions", output=tmp_path / "output")
    assert result.exit_code == 0, result.diagnostics

    checked = subprocess.run(
        ["bash", str(CHECK), str(tmp_path / "output")],
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    for made in result.releases:
        total = sum(made.counts.values())
        assert f"{made.name}: 0 of {total} resources with errors" in checked.stdout
