"""Which tests of the lab share a running server: they run one after the other, in one process.

By the names of the tests, because that is all that pytest-xdist knows where it deals them out. For
a test that is missing here, its process starts a server of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_OF_HAPI = re.compile(
    r"test_hapi_(?:bundles\.py::test_server_holds_what_was_published|server_contract|terminology|proxy)"
    r"|test_apply\.py|test_readme_tour|test_push_hapi(?!\.py::test_a_server_that_is_killed)"
)
_RELEASE = re.compile(r"\[(r4b|r5)\b|TestHapi(R5)", re.IGNORECASE)
_OTHERS = {
    "test_keycloak_login": "Keycloak",
    "test_medplum_server_contract": "Medplum",
}
_LONG = {"::test_a_server_that_is_killed": "killed", "lab/test_official_": "validator"}
_FIRST = ("HAPI R4", "killed", "validator", "HAPI R5", "HAPI R4B", "Keycloak", "Medplum")
"""The longest come first, so that two processes end at about the same time."""


def server_of(nodeid: str) -> str:
    """The server that a test shares with others; "" where it needs none, or one of its own."""
    for name, server in _OTHERS.items():
        if name in nodeid:
            return server
    if not _OF_HAPI.search(nodeid):
        return ""
    release = _RELEASE.search(nodeid)
    return f"HAPI {(release[1] or release[2]).upper()}" if release else "HAPI R4"


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """The tests with those of one server beside each other."""
    return sorted(items, key=lambda item: _rank(item.nodeid))


def _rank(nodeid: str) -> int:
    name = server_of(nodeid) or next((name for sign, name in _LONG.items() if sign in nodeid), "")
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)
