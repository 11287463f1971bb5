"""The contract of servers, held by Medplum's router in memory: another temper than HAPI's.

What it does otherwise is named below, and has to be so: a test that holds all the same fails here.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from contract import Contract, Site, site_of
from environ import CACHE
from pushed import artifact, desired, kinds
from temper import OTHER

from fhir_kb.net import open_session
from fhir_kb.push import ServerError, open_reconciler, open_server

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.slow]

HERE = Path(__file__).parents[1] / "servers" / "serving" / "medplum"
HOME = CACHE / "medplum"
MEDPLUM = OTHER.but(
    name="MEDPLUM", software="Medplum", match_missing=404, type_history=False, transactions=False
)

_FORGETS = "it does not remember that something was deleted"
_UNGUARDED = "it minds no If-None-Match: nothing keeps a PUT from replacing"
UNLIKE = {
    "test_what_is_new_is_created": "it says 200 for what it creates",
    "test_a_create_replaces_nothing": _UNGUARDED,
    "test_two_that_create_at_once": _UNGUARDED,
    "test_what_is_deleted_is_known_to_be": _FORGETS,
    "test_deleting_again_is_done_already": _FORGETS,
    "test_what_was_deleted_is_put_back": _FORGETS,
    "test_a_create_where_something_was_deleted": _FORGETS,
    "test_all_pages_are_read": "its pages have no links; we say so and do not take some for all",
    "test_what_was_changed_since": "it has no history of a type",
    "test_a_transaction_is_all_or_nothing": "its store in memory does not take back a part",
    "test_a_type_that_is_not_there": "it stores any type",
}
RAISES: dict[str, type[Exception]] = {
    "test_deleting_again_is_done_already": KeyError,
    "test_what_was_deleted_is_put_back": KeyError,
    "test_a_create_where_something_was_deleted": KeyError,
    "test_what_was_changed_since": KeyError,
    "test_all_pages_are_read": ServerError,
}
"""How these fail; the others by an assertion."""


@pytest.fixture(scope="module")
def medplum() -> Iterator[str]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("no node or npm")
    HOME.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "server.mjs"):
        shutil.copy(HERE / name, HOME / name)
    if not (HOME / "node_modules" / "@medplum" / "fhir-router").is_dir():
        words = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            done = subprocess.run(words, cwd=HOME, capture_output=True, timeout=300, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip("npm does not answer")
        if done.returncode:
            pytest.skip("npm does not have @medplum/fhir-router")
    with subprocess.Popen(
        [node, "server.mjs"], cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        try:
            address = running.stdout.readline().strip()
            assert address, "it did not start"
            yield address
        finally:
            running.kill()


class TestMedplum(Contract):
    @pytest.fixture
    def site(self, medplum: str, request: pytest.FixtureRequest) -> Iterator[Site]:
        reason = UNLIKE.get(request.node.originalname)
        if reason:
            raises = RAISES.get(request.node.originalname, AssertionError)
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True, raises=raises))
        yield from site_of(medplum, MEDPLUM)

    def test_it_says_what_it_is(self, site: Site) -> None:
        """In the words of `server.mjs`, since the router says nothing of itself."""
        assert site.server.capabilities.release == "r4"
        assert site.server.capabilities.send_modes == ("batch", "single")


def test_pushing_to_it(medplum: str, tmp_path: Path) -> None:
    """New, the same again, a change of ours, and one of somebody else's."""
    resources = [artifact(f"m{number}") for number in range(30)]

    def push(*wanted: dict[str, Any]) -> dict[str, str]:
        with open_session() as session:
            server = open_server(session, medplum)
            with open_reconciler(tmp_path, server) as opened:
                plan = opened.plan(desired(*wanted))
                result = opened.push(plan)
        assert [one.reason for one in result.failed] == []
        return kinds(plan)

    assert set(push(*resources).values()) == {"create"}
    assert push(*resources) == {}
    resources[3]["title"] = "New"
    assert push(*resources) == {"PlanDefinition/m3-1.0.0": "update"}
    place = f"{medplum}/PlanDefinition/m4-1.0.0"
    with requests.Session() as others:
        others.trust_env = False
        there = others.get(place, timeout=60).json()
        others.put(place, json={**there, "title": "Theirs"}, timeout=60).raise_for_status()
        assert push(*resources) == {"PlanDefinition/m4-1.0.0": "conflict"}
        history = others.get(f"{medplum}/PlanDefinition/m3-1.0.0/_history", timeout=60).json()
        assert len(history["entry"]) == 2
