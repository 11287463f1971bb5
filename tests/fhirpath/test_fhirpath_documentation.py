"""docs/fhirpath.md says what is there, and nothing else."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from fhir_kb.fhirpath.functions import FUNCTIONS

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs/fhirpath.md").read_text("utf-8")


def _section(title: str) -> str:
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def test_every_function_is_documented_and_every_documented_one_exists():
    table = _section("Functions").split("Variables:")[0]
    assert set(re.findall(r"`(\w+)`", table)) == set(FUNCTIONS) | {"is", "as", "ofType"}


def test_every_contradiction_is_documented():
    spec = importlib.util.spec_from_file_location(
        "official_suites", HERE / "test_fhirpath_official_suites.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", _section("Score"), re.MULTILINE))
    named = {
        (release.lower(), test)
        for test, releases in rows.items()
        for release in releases.strip().split(", ")
    }
    assert named == set(module.CONTRADICTIONS)
