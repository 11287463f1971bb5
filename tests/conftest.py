"""What holds for every test."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Long bytes by their length: archives hold the time they were made, and every process of a run
    has to find the same names."""
    if isinstance(val, bytes) and len(val) > 16:
        return f"{argname}-{len(val)}-bytes"
    return None


@pytest.fixture(name="load_script", scope="session")
def load_script_fixture() -> Callable[[str], Any]:
    """Imports one of scripts/ by its name: load_script("make_profiles")."""
    return _load_script


def _load_script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
