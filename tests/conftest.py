"""What holds for every test."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))  # for `from environ import …`

from environ import ALL_SAMPLES, CACHE, ROOT, SHARED
from sharing import in_order, server_of

SCRIPTS = ROOT / "scripts"

# The same examples in each run, however slow the machine is; FHIR_KB_SAMPLES=all draws new ones.
settings.register_profile(
    "fhir-kb",
    derandomize=not ALL_SAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("fhir-kb")


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Long bytes by their length: archives hold the time they were made, and every process of a run
    has to find the same names."""
    if isinstance(val, bytes) and len(val) > 16:
        return f"{argname}-{len(val)}-bytes"
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one server stand beside each other, so that it starts once."""
    items[:] = in_order(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """With `--dist loadgroup`, the tests of one server go to one process.

    pytest-xdist has that itself, but its groups are lost with pytest 9.2.
    """
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByServer(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return server_of(nodeid) or nodeid

    return ByServer(config, log)


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


@pytest.fixture(scope="session")
def official_packages() -> Path:
    """HL7's packages, as the tools of the FHIR world unpack them; fetched once a machine."""
    folder = CACHE / "fhir-home" / ".fhir" / "packages"
    setup = SHARED / "tools" / "official-validator" / "setup"
    if not setup.is_file():
        pytest.skip(f"no tool that fetches HL7's packages: {setup}")
    done = subprocess.run([setup], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"HL7's packages cannot be fetched: {done.stderr[-300:]}")
    return folder
