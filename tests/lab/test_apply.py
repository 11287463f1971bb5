"""HAPI applies what is published as the page says: each shape of a step, and the shipped topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from applying import BASE, CASES, Applied, apply, differences, published, put, write_shapes

if TYPE_CHECKING:
    from hapi import Hapi, HapiPool

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.enable_socket]

PATIENT = {"resourceType": "Patient", "gender": "female", "birthDate": "1970-05-17"}
_APPLIED: dict[str, Applied] = {}
"""By release: one push and one $apply serve all shapes."""


def shapes(release: str, hapis: HapiPool, tmp_path_factory: pytest.TempPathFactory) -> Applied:
    if release not in _APPLIED:
        folder = tmp_path_factory.mktemp("shapes")
        write_shapes(folder)
        server: Hapi = hapis.running(release.upper())
        server.post_bundle(published(folder, release, folder / "output"))
        put(server, {**PATIENT, "id": "apply-shapes"})
        _APPLIED[release] = apply(server, f"{BASE}/PlanDefinition/apply-shapes", "apply-shapes")
    return _APPLIED[release]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("release", ["r4", "r5"])
def test_what_is_applied_is_what_the_topic_says(
    release: str, name: str, hapis: HapiPool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    applied = shapes(release, hapis, tmp_path_factory)
    case: dict[str, Any] = CASES[name]
    expected = {key: case.get(key) for key in ("action", "order", "goal", "says")}
    expected |= case.get(release, {})
    action = applied.actions.get(case["step"]["id"])
    if expected["action"] == "not proposed":
        assert action is None
    else:
        assert action is not None, applied.messages
        assert differences(expected["action"] or {}, action) == []
    if expected["order"] is not None:
        assert action is not None
        assert differences(expected["order"], applied.order(action)) == []
    if expected["goal"] is not None:
        words = expected["goal"]["description"]
        (goal,) = (one for one in applied.of_type("Goal") if one["description"] == words)
        assert differences(expected["goal"], goal) == []
    said = [line for line in applied.messages if str(expected["says"]) in line]
    assert bool(said) == (expected["says"] is not None)
