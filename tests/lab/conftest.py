"""Helpers beside this file, those of push, and the model servers are imported by name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sharing import server_of

HERE = Path(__file__).parent
TESTS = HERE.parent
sys.path[:0] = [str(HERE), str(TESTS / "push"), str(TESTS / "servers" / "serving")]
pytest.register_assert_rewrite("contract")

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hapi import Hapi, HapiPool


@pytest.fixture(scope="session")
def hapis() -> Iterator[HapiPool]:
    """The HAPI servers that tests share: `hapis.running("R4")`. Each test has ids of its own."""
    from hapi import HapiPool

    with HapiPool() as pool:
        yield pool


@pytest.fixture
def hapi_r4(request: pytest.FixtureRequest, hapis: HapiPool) -> Hapi:
    """The shared server of FHIR R4."""
    assert server_of(request.node.nodeid) == "HAPI R4", "tests/sharing.py does not know the test"
    return hapis.running("R4")


@pytest.fixture
def hapi_r5(request: pytest.FixtureRequest, hapis: HapiPool) -> Hapi:
    """The shared server of FHIR R5."""
    assert server_of(request.node.nodeid) == "HAPI R5", "tests/sharing.py does not know the test"
    return hapis.running("R5")
