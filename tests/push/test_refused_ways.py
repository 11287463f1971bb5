"""What a server promises and refuses: the other way that exists is taken, once, and remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import moods
import pytest
import requests
from model_server import ModelServer
from moody_proxy import Asked, Forward, Mood, Reply, moody
from pushed import artifact, desired, no_sleep
from temper import HAPI, OTHER

from fhir_kb.net import RetryPolicy, SessionSettings, open_session
from fhir_kb.push import (
    PushOptions,
    TargetPolicy,
    load_capabilities,
    open_reconciler,
    open_server,
    save_capabilities,
)
from fhir_kb.servers.probe import probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from moody_proxy import MoodyProxy

    from fhir_kb.push import Plan, PushResult

RESOURCES = [
    artifact("lib", kind="Library"),
    *(artifact(f"p{n}", subjectReference={"reference": "Library/lib"}) for n in range(5)),
]


def refuses(matches: Callable[[Asked], bool], status: int, *, page: bool = False) -> Mood:
    """These requests are refused, with an OperationOutcome or with a page."""

    def mood(asked: Asked, forward: Forward) -> Reply:
        if not matches(asked):
            return forward(asked)
        if page:
            return moods.html(status, "No")
        return moods.outcome(status, "it is not supported", "not-supported")

    return mood


def is_bundle(type_: str) -> Callable[[Asked], bool]:
    return lambda asked: asked.method == "POST" and (asked.json or {}).get("type") == type_


def is_bundle_of_any_type(asked: Asked) -> bool:
    return is_bundle("transaction")(asked) or is_bundle("batch")(asked)


def is_history(asked: Asked) -> bool:
    return urlsplit(asked.path).path.endswith("/_history")


def is_post_search(asked: Asked) -> bool:
    return asked.path.endswith("/_search")


def has(name: str, value: str = "") -> Callable[[Asked], bool]:
    def matches(asked: Asked) -> bool:
        query = dict(parse_qsl(urlsplit(asked.path).query))
        return query.get(name, "") == value if value else name in query

    return matches


def is_conditional(asked: Asked) -> bool:
    entries = (asked.json or {}).get("entry", []) if asked.method == "POST" else []
    requests = [entry.get("request", {}) for entry in entries]
    headers = asked.headers
    return (
        "if-none-exist" in headers
        or "if-none-match" in headers
        or headers.get("if-match") == 'W/"0"'
        or any(r.get("ifNoneExist") or r.get("ifNoneMatch") for r in requests)
        or any(r.get("ifMatch") == 'W/"0"' for r in requests)
    )


@pytest.fixture(params=[HAPI, OTHER], ids=lambda temper: temper.name)
def model(request: pytest.FixtureRequest) -> Iterator[ModelServer]:
    with ModelServer(request.param) as started:
        yield started


def push(
    proxy: MoodyProxy,
    folder: Path,
    resources: list[dict[str, Any]],
    *approvals: str,
    full: bool = False,
) -> tuple[Plan, PushResult]:
    settings = SessionSettings(retry=RetryPolicy(tries=3))
    rules = TargetPolicy(max_entries=4, max_concurrent=2)
    with open_session(settings, sleep=no_sleep) as session:
        server = open_server(session, proxy.base, load_capabilities(folder, proxy.base))
        with open_reconciler(folder, server, rules) as opened:
            plan = opened.plan(desired(*resources), full=full)
            result = opened.push(plan, PushOptions(approvals), sleep=no_sleep)
        save_capabilities(folder, server.capabilities)
    return plan, result


def observed(folder: Path, base: str) -> tuple[str, ...]:
    capabilities = load_capabilities(folder, base)
    assert capabilities is not None
    return capabilities.observed


CHANGES = {
    "transaction 405": (refuses(is_bundle("transaction"), 405), "no-transaction"),
    "transaction 405 with a page": (
        refuses(is_bundle("transaction"), 405, page=True), "no-transaction",
    ),
    "transaction 501": (refuses(is_bundle("transaction"), 501), "no-transaction"),
    "batch 405": (refuses(is_bundle_of_any_type, 405), "no-batch"),
    "batch 501": (refuses(is_bundle_of_any_type, 501), "no-batch"),
    "condition 400": (refuses(is_conditional, 400), "no-conditional-create"),
    "condition 412": (refuses(is_conditional, 412), "no-conditional-create"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_goes_the_other_way(model: ModelServer, name: str, tmp_path: Path) -> None:
    mood, observation = CHANGES[name]
    with moody(model.base, mood) as proxy:
        _, result = push(proxy, tmp_path, RESOURCES)
        assert not result.error
        assert not result.failed
        assert len(result.applied) == len(model.resources) == len(RESOURCES)
        assert observation in observed(tmp_path, proxy.base)
        writes = model.writes
        plan, _ = push(proxy, tmp_path, RESOURCES, full=True)
        assert not plan.has_changes
        assert model.writes == writes == len(RESOURCES)
        # it is remembered: the next change is not sent in the refused way any more
        proxy.asked.clear()
        _, changed = push(proxy, tmp_path, [*RESOURCES, artifact("new")])
        assert not changed.failed
        if "condition" not in name:
            assert not any(is_bundle("transaction")(asked) for asked in proxy.asked)
    assert len(model.resources) == len(RESOURCES) + 1


@pytest.mark.parametrize("refusal", [400, 412])
def test_a_server_that_assigns_ids_refuses_the_condition(refusal: int, tmp_path: Path) -> None:
    with (
        ModelServer(OTHER.but(ids="no")) as model,
        moody(model.base, refuses(is_conditional, refusal)) as proxy,
    ):
        _, result = push(proxy, tmp_path, RESOURCES)
        assert not result.failed
        assert len(model.resources) == len(RESOURCES)
        plan, _ = push(proxy, tmp_path, RESOURCES, full=True)
        assert not plan.has_changes
        assert observed(tmp_path, proxy.base) == ("no-conditional-create",)


def test_what_is_there_is_not_replaced_without_the_condition(
    model: ModelServer, tmp_path: Path
) -> None:
    """Somebody creates it between the plan and the push."""
    theirs = {**artifact("p0"), "id": "p0-1.0.0", "title": "Theirs"}

    def mood(asked: Asked, forward: Forward) -> Reply:
        if asked.method == "POST" and is_conditional(asked):
            if "PlanDefinition/p0-1.0.0" not in model.resources:
                model.put(theirs)
            return moods.outcome(412, "no conditions here", "not-supported")
        return forward(asked)

    with moody(model.base, mood) as proxy:
        _, result = push(proxy, tmp_path, RESOURCES)
    assert model.resources["PlanDefinition/p0-1.0.0"]["title"] == "Theirs"
    assert "p0" in {failed.change.ref.id.partition("-")[0] for failed in result.failed}


@pytest.mark.parametrize("status", [403, 404, 405, 501])
def test_without_a_history_versions_are_compared(
    model: ModelServer, status: int, tmp_path: Path
) -> None:
    with moody(model.base, refuses(is_history, status)) as proxy:
        push(proxy, tmp_path, RESOURCES)
        place = next(place for place in model.resources if "p1" in place)
        model.put({**model.resources[place], "title": "Theirs"})
        plan, _ = push(proxy, tmp_path, RESOURCES)
        assert [str(c.ref) for c in plan.changes if c.action == "conflict"] == [place]
        assert "no-history" in observed(tmp_path, proxy.base)
        proxy.asked.clear()
        push(proxy, tmp_path, RESOURCES)
        assert not any(map(is_history, proxy.asked))


@pytest.mark.parametrize("status", [400, 404, 405, 415, 501])
def test_a_long_search_goes_in_parts(model: ModelServer, status: int) -> None:
    names = [f"library-with-a-long-name-{number:04}" for number in range(200)]
    for name in names:
        model.put({"resourceType": "Library", "id": name})
    with (
        moody(model.base, refuses(is_post_search, status)) as proxy,
        open_session(sleep=no_sleep) as session,
    ):
        server = open_server(session, proxy.base)
        for _ in range(2):
            matches = list(server.search("Library", {"_id": ",".join(names)}))
            assert sorted(match.ref.id for match in matches) == names
        assert sum(map(is_post_search, proxy.asked)) <= 3
        assert "no-post-search" in server.capabilities.observed


OPTIONAL = {
    "_elements": (has("_elements"), "no-elements"),
    "_count": (has("_count"), "no-page-size"),
    "_summary=count": (has("_summary", "count"), "no-summary-count"),
}


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_refused_parameter_is_left_out(model: ModelServer, name: str, tmp_path: Path) -> None:
    matches, observation = OPTIONAL[name]
    with (
        moody(model.base, refuses(matches, 400)) as proxy,
        open_session(sleep=no_sleep) as session,
    ):
        push(proxy, tmp_path, RESOURCES)
        plan, _ = push(proxy, tmp_path, RESOURCES, full=True)
        assert not plan.has_changes
        server = open_server(session, proxy.base)
        for _ in range(2):
            assert server.count("PlanDefinition", {}) == 5
            assert len(list(server.search("PlanDefinition", {}, summary=True))) == 5
        assert observation in server.capabilities.observed
        assert any(result.topic == "observed" for result in probe(server))


def test_the_summary_of_the_statement_is_refused(model: ModelServer, tmp_path: Path) -> None:
    with moody(model.base, refuses(has("_summary", "true"), 400)) as proxy:
        push(proxy, tmp_path, RESOURCES)
        plan, _ = push(proxy, tmp_path, RESOURCES)
        assert not plan.has_changes


def test_what_was_observed_outlasts_a_look_at_the_statement(model: ModelServer) -> None:
    with open_session(sleep=no_sleep) as session:
        server = open_server(session, model.base)
        server.observe("no-transaction")
        again = open_server(session, model.base, server.capabilities, refresh=True)
        assert again.capabilities == server.capabilities
        assert "transaction" not in again.capabilities.send_modes


def puts_back(deleted: set[str]) -> Callable[[Asked], bool]:
    """A transaction with what was deleted: HAPI 8.2 refuses it (HAPI-0825) where entries refer."""

    def matches(asked: Asked) -> bool:
        entries = (asked.json or {}).get("entry", []) if is_bundle("transaction")(asked) else []
        return any(entry["request"]["url"] in deleted for entry in entries)

    return matches


@pytest.mark.parametrize("number", [1, 3])
def test_what_was_deleted_is_put_back_alone_where_transactions_refuse_it(
    model: ModelServer, number: int, tmp_path: Path
) -> None:
    deleted = {f"PlanDefinition/p{index}-1.0.0" for index in range(number)}
    with moody(model.base, refuses(puts_back(deleted), 409)) as proxy:
        with moody(model.base) as open_way:
            push(open_way, tmp_path / "before", RESOURCES)
        push(proxy, tmp_path, RESOURCES, "adopt")
        for place in deleted:
            requests.delete(f"{model.base}/{place}", timeout=10).raise_for_status()
        assert len(model.resources) == len(RESOURCES) - number
        changed = [*RESOURCES[:-1], {**RESOURCES[-1], "title": "Another"}]
        _, result = push(proxy, tmp_path, changed, "overwrite")
        assert not result.error
        assert not result.failed
        assert len(result.applied) == number + 1
        plan, _ = push(proxy, tmp_path, changed, full=True)
        assert not plan.has_changes
