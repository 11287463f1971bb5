"""A real HAPI R4 whose responses are not what its statement promises: nothing is there twice."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, Any

import moods
import orjson
import pytest
from any_json import random_damage
from moody_proxy import Asked, Forward, Mood, Reply, calm, moody
from pushed import artifact, desired, no_sleep

from fhir_kb.net import RetryPolicy, SessionSettings, open_session
from fhir_kb.push import (
    PushError,
    PushOptions,
    ServerError,
    TargetPolicy,
    load_capabilities,
    open_reconciler,
    open_server,
    save_capabilities,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hapi import Hapi
    from moody_proxy import MoodyProxy

    from fhir_kb.push import Plan, PushResult

pytestmark = [pytest.mark.lab, pytest.mark.enable_socket]


def resources(prefix: str) -> list[dict[str, Any]]:
    """A library, and plans that each refer to the one before."""
    made = [artifact(f"{prefix}l", kind="Library", type={"text": "logic"})]
    targets = ["Library/", *["PlanDefinition/"] * 3]
    for number, (kind, before) in enumerate(zip(targets, ["l", "p0", "p1", "p2"], strict=True)):
        reference = {"reference": f"{kind}{prefix}{before}"}
        extension = [{"url": "https://kb.example.org/about", "valueReference": reference}]
        made.append(artifact(f"{prefix}p{number}", extension=extension))
    return made


def push(
    proxy: MoodyProxy, folder: Path, wanted: list[dict[str, Any]], *, full: bool = True
) -> tuple[Plan, PushResult]:
    settings = SessionSettings(retry=RetryPolicy(tries=3))
    with open_session(settings, sleep=no_sleep) as session:
        server = open_server(session, proxy.base, load_capabilities(folder, proxy.base))
        try:
            with open_reconciler(folder, server, TargetPolicy(max_concurrent=1)) as opened:
                plan = opened.plan(desired(*wanted), full=full)
                result = opened.push(plan, PushOptions(("adopt", "many")), sleep=no_sleep)
        finally:
            save_capabilities(folder, server.capabilities)
    return plan, result


def held(hapi: Hapi, wanted: list[dict[str, Any]]) -> dict[str, str]:
    """The place of each on HAPI, read past the proxy; each is there once."""
    found: dict[str, str] = {}
    for resource in wanted:
        kind, url = resource["resourceType"], resource["url"]
        entries = hapi.get(f"{kind}?url={url}").get("entry", ())
        assert len(entries) == 1, f"{url} is there {len(entries)} times"
        found[url] = f"{kind}/{entries[0]['resource']['id']}"
    return found


def referenced(hapi: Hapi, places: dict[str, str]) -> set[str]:
    """What the plans refer to."""
    plans = [hapi.get(place) for place in places.values() if place.startswith("Plan")]
    return {plan["extension"][0]["valueReference"]["reference"] for plan in plans}


def entries_of(change: Callable[[list[Any]], list[Any]]) -> Mood:
    def mood(asked: Asked, forward: Forward) -> Reply:
        reply = moods.gives_own_ids(asked, forward)
        if asked.method == "POST" and reply.status == 200 and "_search" not in asked.path:
            body = reply.json
            body["entry"] = change(body["entry"])
            reply.with_json(body)
        return reply

    return mood


def an_outcome(asked: Asked, forward: Forward) -> Reply:
    reply = moods.gives_own_ids(asked, forward)
    is_made = asked.method == "POST" and reply.status == 200 and "_search" not in asked.path
    return moods.outcome(200, "all fine") if is_made else reply


OWN_IDS: dict[str, Mood] = {
    "location": moods.gives_own_ids,
    "fewer entries": entries_of(lambda entries: entries[:-1]),
    "another order": entries_of(lambda entries: entries[::-1]),
    "no location": entries_of(
        lambda entries: [{"response": {"status": entry["response"]["status"]}} for entry in entries]
    ),
    "an OperationOutcome": an_outcome,
}


@pytest.mark.parametrize("name", OWN_IDS)
def test_three_pushes_leave_it_there_once(hapi_r4: Hapi, name: str, tmp_path: Path) -> None:
    wanted = resources(f"oi{time.time_ns() % 10**9}x")
    with moody(hapi_r4.base, OWN_IDS[name]) as proxy:
        _, result = push(proxy, tmp_path, wanted)
        assert [failed.reason for failed in result.failed] == []
        places = held(hapi_r4, wanted)
        assert referenced(hapi_r4, places) <= set(places.values())
        for _ in range(2):
            plan, _ = push(proxy, tmp_path, wanted)
            assert not plan.has_changes
    assert held(hapi_r4, wanted) == places


def refuses(matches: Callable[[Asked], bool], status: int) -> Mood:
    return lambda asked, forward: (
        moods.outcome(status, "no", "not-supported") if matches(asked) else forward(asked)
    )


def is_bundle(asked: Asked) -> bool:
    return asked.method == "POST" and (asked.json or {}).get("resourceType") == "Bundle"


def is_guarded(asked: Asked) -> bool:
    entries = (asked.json or {}).get("entry", []) if asked.method == "POST" else []
    return any(entry["request"].get("ifMatch") == 'W/"0"' for entry in entries)


REFUSED: dict[str, tuple[Mood, str]] = {
    "transactions": (moods.no_transactions, "no-transaction"),
    "bundles": (refuses(is_bundle, 501), "no-batch"),
    "history": (moods.no_history, "no-history"),
    "the condition of a create": (refuses(is_guarded, 400), "no-conditional-create"),
    "_elements": (refuses(lambda asked: "_elements=" in asked.path, 400), "no-elements"),
    "_count": (refuses(lambda asked: "_count=" in asked.path, 400), "no-page-size"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_goes_otherwise(hapi_r4: Hapi, name: str, tmp_path: Path) -> None:
    wanted = resources(f"rf{time.time_ns() % 10**9}x")
    mood, observation = REFUSED[name]
    with moody(hapi_r4.base, mood) as proxy:
        _, result = push(proxy, tmp_path, wanted)
        assert [failed.reason for failed in result.failed] == []
        places = held(hapi_r4, wanted)
        plan, _ = push(proxy, tmp_path, wanted, full=False)
        assert not plan.has_changes
        known = load_capabilities(tmp_path, proxy.base)
        assert known is not None
        if name != "_elements" or known.observed:  # it is only asked for where there is no history
            assert observation in known.observed
    versions = {hapi_r4.get(place)["meta"]["versionId"] for place in places.values()}
    assert versions == {"1"}


@pytest.mark.parametrize("seed", range(3))
def test_after_damaged_answers_all_is_there_once(hapi_r4: Hapi, seed: int, tmp_path: Path) -> None:
    wanted = resources(f"dm{time.time_ns() % 10**9}x")
    rng = random.Random(seed)

    def damaging(asked: Asked, forward: Forward) -> Reply:
        reply = forward(asked)
        if "/metadata" not in asked.path and rng.random() < 0.4 and reply.content[:1] == b"{":
            reply.content = random_damage(rng, orjson.loads(reply.content))
        return reply

    with moody(hapi_r4.base, damaging) as proxy:
        for _ in range(3):
            try:
                push(proxy, tmp_path, wanted)
            except (ServerError, PushError) as error:
                assert error.message
        proxy.mood = calm
        push(proxy, tmp_path, wanted)
        plan, _ = push(proxy, tmp_path, wanted)
    assert not plan.has_changes, json.dumps(plan.counts())
    places = held(hapi_r4, wanted)
    assert referenced(hapi_r4, places) <= set(places.values())
