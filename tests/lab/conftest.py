"""The helpers beside this file, and those of push, are imported by name: `from hapi import …`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

HERE = Path(__file__).parent
PUSH = HERE.parent / "push"
sys.path[:0] = [str(HERE), str(PUSH), str(PUSH / "serving")]
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
def hapi_r4(hapis: HapiPool) -> Hapi:
    """The shared server of FHIR R4."""
    return hapis.running("R4")


@pytest.fixture
def hapi_r5(hapis: HapiPool) -> Hapi:
    """The shared server of FHIR R5."""
    return hapis.running("R5")


#: What runs first: the longest, which lets two processes end at about the same time.
ORDER = ("HAPI R4", "validator", "HAPI R5", "HAPI R4B", "Keycloak", "Medplum")
SHARED_BY = {
    "hapi_r4": "HAPI R4", "hapi_r5": "HAPI R5", "world": "Keycloak", "medplum": "Medplum",
}  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one server run one after the other, and in one process: so it starts once."""
    for item in items:
        if server := _server(item):
            item.add_marker(pytest.mark.xdist_group(server))
    items.sort(key=_rank)


def _server(item: pytest.Item) -> str:
    """What the test shares with others; "" for nothing."""
    fixtures = getattr(item, "fixturenames", ())
    if found := next((SHARED_BY[name] for name in fixtures if name in SHARED_BY), ""):
        return found
    if "hapis" not in fixtures:
        return ""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return f"HAPI {parameters.get('release', 'R4').upper()}"


def _rank(item: pytest.Item) -> int:
    name = _server(item) or ("validator" if item.path.name.startswith("test_official_") else "")
    return ORDER.index(name) if name in ORDER else len(ORDER)
