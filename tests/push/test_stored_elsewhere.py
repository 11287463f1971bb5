"""A server takes ids by its statement and stores things elsewhere: its response is where they are.

https://hl7.org/fhir/http.html#transaction-response: `location` of the entry, or of the response.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import moods
import orjson
import pytest
from model_server import ModelServer
from moody_proxy import Asked, Forward, Mood, Reply, moody
from pushed import artifact, desired, no_sleep
from temper import HAPI, OTHER

from fhir_kb.net import RetryPolicy, SessionSettings, open_session
from fhir_kb.pipeline.push_findings import findings
from fhir_kb.push import (
    PushOptions,
    TargetPolicy,
    load_capabilities,
    open_reconciler,
    open_server,
    save_capabilities,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from moody_proxy import MoodyProxy

    from fhir_kb.push import Plan, PushResult

ALONE = [artifact(name) for name in ("a", "b", "c")]
LINKED = [
    artifact("lib", kind="Library"),
    artifact("p0", subjectReference={"reference": "Library/lib"}),
    artifact("p1", subjectReference={"reference": "PlanDefinition/p0"}),
    {
        "resourceType": "Basic",
        "id": "about",
        "identifier": [{"system": "https://kb.example.org/ids", "value": "about/1.0.0"}],
        "code": {"text": "note"},
        "subject": {"reference": "PlanDefinition/p1"},
    },
]


@pytest.fixture(params=[HAPI, OTHER], ids=lambda temper: temper.name)
def model(request: pytest.FixtureRequest) -> Iterator[ModelServer]:
    with ModelServer(request.param) as started:
        yield started


@contextmanager
def before(model: ModelServer, mood: Mood) -> Iterator[MoodyProxy]:
    with moody(model.base, mood) as proxy:
        yield proxy


def push(
    base: str, folder: Path, resources: list[dict[str, Any]], **options: Any
) -> tuple[Plan, PushResult]:
    """Plan and push; what the server can do is kept as by a run of the command."""
    rules = TargetPolicy(max_entries=options.pop("entries", 50), max_concurrent=1)
    settings = SessionSettings(retry=RetryPolicy(tries=3))
    with open_session(settings, sleep=no_sleep) as session:
        server = open_server(session, base, load_capabilities(folder, base))
        with open_reconciler(folder, server, rules) as opened:
            delete = options.pop("delete", False)
            plan = opened.plan(desired(*resources), full=True, delete=delete)
            result = opened.push(plan, PushOptions(**options), sleep=no_sleep)
        save_capabilities(folder, server.capabilities)
    return plan, result


def held(model: ModelServer) -> dict[str, str]:
    """Place by title or identifier; that each is there once is checked."""
    found: dict[str, str] = {}
    for place, resource in model.resources.items():
        name = resource.get("title") or resource["identifier"][0]["value"]
        assert name not in found, f"{name} is there twice"
        found[name] = place
    return found


def references(model: ModelServer) -> dict[str, str]:
    """What refers to which place."""
    return {
        place: (resource.get("subjectReference") or resource["subject"])["reference"]
        for place, resource in model.resources.items()
        if "subjectReference" in resource or "subject" in resource
    }


def entries_of(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Mood:
    """A server with ids of its own in bundles, whose response has other entries."""

    def mood(asked: Asked, forward: Forward) -> Reply:
        reply = moods.gives_own_ids(asked, forward)
        body = orjson.loads(reply.content) if reply.content[:1] == b"{" else {}
        if asked.method != "POST" or "entry" not in body or "_search" in asked.path:
            return reply
        body["entry"] = change(body["entry"])
        return reply.with_json(body)

    return mood


def with_location(change: Callable[[str], str | None], *, body: bool = True) -> Mood:
    def rewritten(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for entry in entries:
            location = change(entry["response"].get("location", ""))
            entry["response"] = {**entry["response"], "location": location}
            if location is None:
                del entry["response"]["location"]
            if not body:
                entry.pop("resource", None)
        return entries

    return entries_of(rewritten)


def other_id_in_body(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for entry in entries:
        if "resource" in entry:
            entry["resource"]["id"] = "other"
    return entries


def an_outcome_instead(asked: Asked, forward: Forward) -> Reply:
    reply = moods.gives_own_ids(asked, forward)
    is_change = asked.method == "POST" and asked.json and reply.status < 400
    return moods.outcome(200, "all fine") if is_change else reply


MOODS: dict[str, Mood] = {
    "location": moods.gives_own_ids,
    "location without the body": with_location(lambda text: text, body=False),
    "location with another host": with_location(lambda text: f"https://other.example/r/{text}"),
    "location of a server below a path like the type": with_location(
        lambda text: f"https://other.example/Library/PlanDefinition/{text}"
    ),
    "location without the version": with_location(
        lambda text: text.partition("/_history")[0], body=False
    ),
    "no location": with_location(lambda _: None),
    "no location and no body": with_location(lambda _: None, body=False),
    "location of nonsense": with_location(lambda _: "%%", body=False),
    "location of another type": with_location(
        lambda text: "Patient/" + text.partition("/")[2], body=False
    ),
    "another id in the body": entries_of(other_id_in_body),
    "fewer entries": entries_of(lambda entries: entries[:-1]),
    "more entries": entries_of(lambda entries: [*entries, entries[0]]),
    "no entries": entries_of(lambda _: []),
    "another order": entries_of(lambda entries: entries[::-1]),
    "another order without bodies": entries_of(
        lambda entries: [{"response": entry["response"]} for entry in entries[::-1]]
    ),
    "an OperationOutcome": an_outcome_instead,
}


@pytest.mark.parametrize("resources", [ALONE, LINKED], ids=["alone", "linked"])
@pytest.mark.parametrize("mood", MOODS)
def test_three_pushes_leave_it_there_once(
    model: ModelServer, mood: str, resources: list[dict[str, Any]], tmp_path: Path
) -> None:
    with before(model, MOODS[mood]) as proxy:
        _, first = push(proxy.base, tmp_path, resources)
        assert not first.error
        assert not first.failed
        assert not any(applied.losses for applied in first.applied)
        places = held(model)
        assert len(places) == len(resources)
        assert not set(places.values()) & {f"{r['resourceType']}/{r['id']}" for r in resources}
        assert set(references(model).values()) <= set(places.values())
        for _ in range(2):
            plan, nothing = push(proxy.base, tmp_path, resources)
            assert not plan.has_changes, plan.counts()
            assert nothing.number == 0
    assert held(model) == places


def test_it_is_told_where_it_is(model: ModelServer, tmp_path: Path) -> None:
    with before(model, moods.gives_own_ids) as proxy:
        _, result = push(proxy.base, tmp_path, ALONE[:1])
    (place,) = model.resources
    (finding,) = findings(result, None)
    assert finding.code == "KB811"
    assert f"stores it as {place}, not as PlanDefinition/a" in finding.message


def test_a_later_resource_refers_to_the_place(model: ModelServer, tmp_path: Path) -> None:
    with before(model, moods.gives_own_ids) as proxy:
        push(proxy.base, tmp_path, LINKED[:1])
        (place,) = model.resources
        _, result = push(proxy.base, tmp_path, LINKED)
    assert not result.failed
    assert place in references(model).values()
    assert len(held(model)) == len(LINKED)


def test_a_change_goes_to_the_place(model: ModelServer, tmp_path: Path) -> None:
    with before(model, moods.gives_own_ids) as proxy:
        push(proxy.base, tmp_path, ALONE)
        places = held(model)
        changed = [artifact("a", description="New"), *ALONE[1:]]
        _, result = push(proxy.base, tmp_path, changed)
    assert [str(applied.change.action) for applied in result.applied] == ["update"]
    assert held(model) == places
    assert model.resources[places["The a"]]["description"] == "New"


@pytest.mark.parametrize("verify", [True, False])
def test_a_single_put_that_is_stored_elsewhere(
    model: ModelServer, tmp_path: Path, verify: bool
) -> None:
    def mood(asked: Asked, forward: Forward) -> Reply:
        if (asked.method == "PUT" and "if-match" not in asked.headers) or (
            asked.headers.get("if-match") == 'W/"0"'
        ):
            resource = asked.json
            resource.pop("id")
            headers = {k: v for k, v in asked.headers.items() if not k.startswith("if-")}
            path = asked.path.rpartition("/")[0]
            reply = forward(
                replace(
                    asked, method="POST", path=path, body=orjson.dumps(resource), headers=headers
                )
            )
            return replace(reply, content=b"")
        return moods.no_transactions(asked, forward)

    temper = model.temper.but(transactions=False, batches=False, software="Other")
    with ModelServer(temper) as only, moody(only.base, mood) as proxy:
        _, result = push(proxy.base, tmp_path, LINKED, verify=verify)
        assert not result.failed
        assert len(held(only)) == len(LINKED)
        assert set(references(only).values()) <= set(only.resources)
        plan, _ = push(proxy.base, tmp_path, LINKED)
        assert not plan.has_changes


def test_what_is_said_to_be_stored_and_is_nowhere_failed(
    model: ModelServer, tmp_path: Path
) -> None:
    def mood(asked: Asked, forward: Forward) -> Reply:
        if asked.method != "POST" or not asked.json:
            return forward(asked)
        entries = [
            {"response": {"status": "201 Created", "location": f"PlanDefinition/{number}"}}
            for number, _ in enumerate(asked.json["entry"])
        ]
        body = {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
        return Reply(200, {}, orjson.dumps(body))

    with before(model, mood) as proxy:
        _, result = push(proxy.base, tmp_path, ALONE)
    assert not result.applied
    assert len(result.failed) == len(ALONE)
    assert not model.resources


def only_says_so(request: Asked, forward: Forward) -> Reply:
    """A server that says of each change that it was made, and makes none."""
    if not request.is_change or "entry" not in (request.json or ()):
        return forward(request)
    entries = [
        {
            "response": {
                "status": "204" if one["request"]["method"] == "DELETE" else "200",
                "location": f"{one['request']['url']}/_history/9",
                "etag": 'W/"9"',
            }
        }
        for one in request.json["entry"]
    ]
    reply = Reply(200, {"Content-Type": "application/fhir+json"})
    return reply.with_json(
        {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
    )


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("create", "it is not there"),
        ("update", "still holds version"),
        ("delete", "it is still there"),
    ],
)
def test_a_change_that_a_server_only_says_it_has_made(
    change: str, text: str, model: ModelServer, tmp_path: Path
) -> None:
    with before(model, moods.calm) as proxy:
        if change != "create":
            push(proxy.base, tmp_path, ALONE)
        there = dict(model.resources)
        new = {
            "create": ALONE,
            "update": [{**one, "title": "Another"} for one in ALONE],
            "delete": [],
        }[change]
        proxy.mood = only_says_so
        _, result = push(proxy.base, tmp_path, new, approvals=("many",), delete=True)
        assert not result.applied
        reasons = {failed.reason.partition(", but ")[2] for failed in result.failed}
        assert all(reason.startswith(text) for reason in reasons)
        assert len(result.failed) == len(ALONE)
        proxy.mood = moods.calm
        assert model.resources == there
        push(proxy.base, tmp_path, new, approvals=("many",), delete=True)
    assert len(model.resources) == (0 if change == "delete" else len(ALONE))
