"""Packages to test with; `making` beside this file makes them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fhir_kb.packages import Places


@pytest.fixture
def where(tmp_path: Path) -> Places:
    return Places(tmp_path / "packages", tmp_path / "own")
