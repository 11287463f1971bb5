"""Pushing over real HTTP to servers of several tempers, with and without three faults in ten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from environ import sample
from faults import Plan, faulty
from model_server import ModelServer
from pushed import artifact, desired, kinds, no_sleep
from temper import HAPI, OTHER, Temper

from fhir_kb.net import RetryPolicy, SessionSettings, open_session
from fhir_kb.push import PushOptions, TargetPolicy, open_reconciler, open_server

if TYPE_CHECKING:
    from pathlib import Path

    from fhir_kb.push import Plan as PushPlan
    from fhir_kb.push import PushResult

PLAIN = OTHER.but(name="PLAIN", transactions=False, batches=False, type_history=False)
BATCH = OTHER.but(name="BATCH", transactions=False, represents=False, integrity=True)
OWN_IDS = OTHER.but(name="OWN_IDS", ids="no", integrity=True)
OWN_NUMBERS = HAPI.but(name="OWN_NUMBERS", ids="no", represents=False)
OWN_BATCH = BATCH.but(name="OWN_BATCH", ids="no")
OWN_PLAIN = PLAIN.but(name="OWN_PLAIN", ids="no", integrity=True)
OWN = (OWN_IDS, OWN_NUMBERS, OWN_BATCH, OWN_PLAIN)
TEMPERS = {one.name: one for one in (HAPI, OTHER, PLAIN, BATCH, *OWN)}


def push(
    base: str, folder: Path, resources: list[dict[str, Any]], *words: str, **more: Any
) -> tuple[PushPlan, PushResult]:
    rules = TargetPolicy(max_entries=8)
    with open_session(SessionSettings(retry=RetryPolicy(tries=12)), sleep=no_sleep) as session:
        server = open_server(session, base)
        with open_reconciler(folder, server, rules) as opened:
            plan = opened.plan(desired(*resources), **more)
            return plan, opened.push(plan, PushOptions(words), sleep=no_sleep)


def some() -> list[dict[str, Any]]:
    """Plans, and a note that refers to the first of them."""
    made = [artifact(f"p{number}") for number in range(20)]
    made.append(
        {
            "resourceType": "Basic",
            "id": "note",
            "identifier": [{"system": "https://kb.example.org", "value": "note"}],
            "code": {"text": "note"},
            "subject": {"reference": "PlanDefinition/p0"},
        }
    )
    return made


def standing(server: ModelServer) -> dict[str, dict[str, Any]]:
    """What stands there; what got its id from the server under the name that it would have."""
    if server.temper.ids != "no":
        return server.resources
    names = {}
    for place, one in server.resources.items():
        name = f"{one['url'].rpartition('/')[2]}-{one['version']}" if "url" in one else "note"
        assert name not in names.values(), f"{name} is there twice"
        names[place] = f"{one['resourceType']}/{name}"
    found = {}
    for place, one in server.resources.items():
        found[names[place]] = {**one, "id": names[place].partition("/")[2]}
        if "subject" in one:
            there = names.get(one["subject"]["reference"], "nowhere")
            found[names[place]]["subject"] = {"reference": there}
    return found


def place_of(server: ModelServer, name: str) -> str:
    """Where the plan of this name stands."""
    (place,) = (
        place
        for place, one in server.resources.items()
        if one["resourceType"] == "PlanDefinition" and one["url"].endswith(f"/{name}")
    )
    return place


def expected(resources: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What stands on the server then."""
    found = {}
    for one in resources:
        name = f"{one['id']}-{one['version']}" if "version" in one else one["id"]
        stands = {**one, "id": name}
        if one["id"] == "note":
            stands["subject"] = {"reference": "PlanDefinition/p0-1.0.0"}
        found[f"{one['resourceType']}/{name}"] = stands
    return found


@pytest.mark.parametrize("temper", TEMPERS.values(), ids=TEMPERS)
def test_from_nothing_to_the_end(temper: Temper, tmp_path: Path) -> None:
    with ModelServer(temper) as server:
        resources = some()
        plan, result = push(server.base, tmp_path, resources)
        assert set(kinds(plan).values()) == {"create"}
        assert not result.failed
        assert standing(server) == expected(resources)
        before = server.writes
        again, _ = push(server.base, tmp_path, resources)
        assert not again.has_changes
        assert server.writes == before
        third_place, fifth_place = place_of(server, "p3"), place_of(server, "p5")
        server.put({**server.resources[third_place], "title": "Theirs"})
        later = [{**one, "title": "New"} if one["id"] == "p5" else one for one in resources]
        third, _ = push(server.base, tmp_path, later)
        assert kinds(third) == {third_place: "conflict", fifth_place: "update"}
        assert server.resources[third_place]["title"] == "Theirs"
        fewer = [one for one in later if one["id"] not in ("p0", "note")]
        _, last = push(server.base, tmp_path, fewer, "overwrite", delete=True)
        assert not last.failed
        assert standing(server) == expected(fewer)


def at_three_in_ten(temper: Temper, seed: int, folder: Path) -> None:
    first = some()
    later = [{**one, "title": "New"} if one["id"] == "p5" else one for one in first]
    with ModelServer(temper) as server:
        faults = Plan(0.3, seed)
        with faulty(server.base, faults) as base:
            for resources in (first, later):
                plan, result = push(base, folder, resources)
                assert result.error is None
                assert [one.reason for one in result.failed] == []
                # A plan may rest on two answers from before: then it says so, and leaves it alone.
                if "conflict" in kinds(plan).values():
                    push(base, folder, resources)
        assert standing(server) == expected(later)
        updated = place_of(server, "p5")
        numbers = {place: len(server.versions_of(place)) for place in server.resources}
        assert numbers == {place: 2 if place == updated else 1 for place in server.resources}
        again, _ = push(server.base, folder, later)
        assert not again.has_changes


def test_three_requests_in_ten_go_wrong_in_every_way() -> None:
    faults = Plan(0.3, 0)
    kinds_ = [faults.next() for _ in range(2000)]
    assert 500 < sum(map(bool, kinds_)) < 700
    assert {*kinds_} == {"", *faults.kinds}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("temper", TEMPERS.values(), ids=TEMPERS)
def test_with_three_faults_in_ten_it_ends_as_defined(
    temper: Temper, seed: int, tmp_path: Path
) -> None:
    at_three_in_ten(temper, seed, tmp_path)


@pytest.mark.lab
@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 2 + sample(10, of=50)))
@pytest.mark.parametrize("temper", TEMPERS.values(), ids=TEMPERS)
def test_and_so_it_does_with_other_faults(temper: Temper, seed: int, tmp_path: Path) -> None:
    at_three_in_ten(temper, seed, tmp_path)
