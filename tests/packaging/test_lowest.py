from __future__ import annotations

import runpy
from pathlib import Path

import pytest

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "lowest.py"))


def test_each_dependency_is_pinned_to_its_lower_bound() -> None:
    pyproject = '[project]\ndependencies = ["click>=8.1.7", "fhir.resources >= 8.0.0,<9"]'
    assert SCRIPT["constraints"](pyproject) == ["click==8.1.7", "fhir.resources==8.0.0"]


def test_so_are_those_of_the_extras() -> None:
    pyproject = '[project]\ndependencies = []\noptional-dependencies.a = ["PyJWT[crypto]>=2.10"]'
    assert SCRIPT["constraints"](pyproject) == ["PyJWT==2.10"]


def test_what_runs_the_tests_is_that_of_the_lock() -> None:
    pyproject = """
project.dependencies = ["click>=8.1"]
dependency-groups.test = [{ include-group = "build" }, "click>=8.2", "pytest>=8.2"]
"""
    lock = "click==8.5.1 \\\n    --hash=sha256:00\npytest==9.2.0 ; python_version < '4' \\\n"
    assert SCRIPT["constraints"](pyproject, lock) == ["click==8.1", "pytest==9.2.0"]


def test_a_dependency_without_a_lower_bound_is_refused() -> None:
    with pytest.raises(ValueError, match="'requests' has no lower bound"):
        SCRIPT["constraints"]('[project]\ndependencies = ["requests"]')
