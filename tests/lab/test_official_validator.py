"""The official HL7 validator over everything that the shipped definitions become."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from environ import SHARED

from fhir_kb.pipeline import build
from fhir_kb.push.planning.retirement import retired_status

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
    """Neither in what is published, nor in what it becomes when it is no longer defined."""
    result = build(ROOT / "definitions", output=tmp_path / "output")
    assert result.exit_code == 0, result.diagnostics
    retired = {
        release.name: _add_retired(tmp_path / "output" / release.name, release.name)
        for release in result.releases
    }

    checked = subprocess.run(
        ["bash", str(CHECK), str(tmp_path / "output")],
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    for release in result.releases:
        total = sum(release.counts.values()) + retired[release.name]
        assert f"{release.name}: 0 of {total} resources with errors" in checked.stdout


def _add_retired(folder: Path, release: str) -> int:
    """A retired copy of one resource of each type that can be retired; how many there are."""
    types = set()
    for path in sorted(folder.glob("[A-Z]*-*.json")):
        resource = json.loads(path.read_bytes())
        type_name = resource["resourceType"]
        status = retired_status(release, type_name)
        if status is None or type_name in types:
            continue
        types.add(type_name)
        copy = {**resource, "id": "retired", "status": status}
        (folder / f"{type_name}-retired.json").write_text(json.dumps(copy), encoding="utf-8")
    assert len(types) >= 7
    return len(types)
