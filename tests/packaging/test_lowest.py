from __future__ import annotations

import runpy
from pathlib import Path

import pytest

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "lowest.py"))


def test_each_dependency_is_pinned_to_its_lower_bound() -> None:
    pyproject = '[project]\ndependencies = ["click>=8.1.7", "fhir.resources >= 8.0.0,<9"]'
    assert SCRIPT["constraints"](pyproject) == ["click==8.1.7", "fhir.resources==8.0.0"]


def test_a_dependency_without_a_lower_bound_is_refused() -> None:
    with pytest.raises(ValueError, match="'requests' has no lower bound"):
        SCRIPT["constraints"]('[project]\ndependencies = ["requests"]')
