"""The model server itself, where no contract holds it: what only some servers do."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from contract import create, new
from model_server import ModelServer
from temper import HAPI, OTHER, Temper

from fhir_kb.net import SessionSettings, open_session
from fhir_kb.push import Ref, open_server
from fhir_kb.servers.protocol import Applied, ChangeRequest, Rejected, ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.servers.http_fhir_server import HttpFhirServer


@pytest.fixture
def others() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


class Both:
    """A model and what talks to it."""

    def __init__(self, temper: Temper) -> None:
        self.model = ModelServer(temper)
        self.session = open_session(SessionSettings(), sleep=lambda _: None)

    def __enter__(self) -> tuple[ModelServer, HttpFhirServer]:
        self.model.start()
        return self.model, open_server(self.session, self.model.base)

    def __exit__(self, *_: object) -> None:
        self.session.close()
        self.model.stop()


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize("way", ["transaction", "batch"])
def test_too_many_entries_are_refused(status: int, way: Any) -> None:
    with Both(OTHER.but(cap=2, cap_status=status)) as (model, server):
        outcomes = server.send([create(*new()) for _ in range(3)], way)
        assert [one.status for one in outcomes if isinstance(one, Rejected)] == [status] * 3
        assert model.resources == {}
        assert all(
            isinstance(one, Applied) for one in server.send([create(*new()) for _ in range(2)], way)
        )


def test_too_many_bytes_are_refused() -> None:
    with Both(OTHER.but(max_bytes=5000)) as (_, server):
        (refused,) = server.send([create(*new(description="x" * 5000))], "transaction")
        assert isinstance(refused, Rejected)
        assert refused.status == 413


@pytest.mark.parametrize("way", ["transaction", "batch"])
def test_a_server_without_bundles(way: Any) -> None:
    with Both(OTHER.but(transactions=False, batches=False)) as (_, server):
        assert server.capabilities.send_modes == ("single",)
        (refused,) = server.send([create(*new())], way)
        assert isinstance(refused, Rejected)


def test_elements_are_dropped_without_a_word() -> None:
    with Both(HAPI.but(drops=frozenset({"title"}))) as (model, server):
        ref, body = new(title="Gone", relatedArtifact=[{"type": "citation", "title": "Gone"}])
        (made,) = server.send([create(ref, body)], "single")
        assert isinstance(made, Applied)
        kept = {name: value for name, value in body.items() if name != "title"}
        assert model.resources[str(ref)] == {**kept, "relatedArtifact": [{"type": "citation"}]}


def test_what_is_not_said_back_has_its_version_all_the_same() -> None:
    with Both(OTHER.but(represents=False)) as (model, server):
        for way in ("transaction", "batch", "single"):
            ref, body = new()
            (made,) = server.send([create(ref, body)], way)  # type: ignore[arg-type]  # a way
            assert isinstance(made, Applied)
            assert made.stored is None
            assert model.versions_of(ref) == [made.version]


def test_ids_of_clients_may_be_refused() -> None:
    with Both(OTHER.but(ids="no")) as (model, server):
        (refused,) = server.send([create(*new())], "single")
        assert isinstance(refused, Rejected)
        assert refused.status == 405
        assert model.resources == {}


def test_a_server_without_histories_of_types() -> None:
    with Both(OTHER.but(type_history=False)) as (_, server):
        assert "history-type" not in server.capabilities.types["Library"]
        with pytest.raises(ServerError):
            list(server.changed_since("Library", "2026-01-01T00:00:00Z"))


def test_the_cache_of_searches(others: requests.Session) -> None:
    with ModelServer(HAPI) as model:
        url = f"{model.base}/Library?status=active"
        assert "entry" not in others.get(url).json() or not others.get(url).json()["entry"]
        model.put(new()[1])
        assert others.get(url).json()["entry"] == []
        assert len(others.get(url, headers={"Cache-Control": "no-cache"}).json()["entry"]) == 1


def test_a_restart_keeps_what_stands_and_no_open_pages() -> None:
    with Both(HAPI) as (model, server):
        refs = [Ref("Library", model_put(model)) for _ in range(5)]
        server.capabilities = dataclasses.replace(server.capabilities, page_size=2)
        pages = server.search("Library", {})
        next(pages)
        model.restart()
        with pytest.raises(ServerError):
            list(pages)
        assert set(server.read(refs)) == set(refs)
        assert {one.ref for one in server.search("Library", {})} == set(refs)


def model_put(model: ModelServer) -> str:
    _, body = new()
    model.put(body)
    return str(body["id"])


def test_pages_are_no_larger_than_the_server_likes() -> None:
    with Both(OTHER.but(max_page=3)) as (model, server):
        names = {model_put(model) for _ in range(10)}
        assert {live.ref.id for live in server.search("Library", {})} == names
        assert sum("_offset" in one.path for one in model.requests) == 3


def test_what_it_refuses_comes_with_the_place() -> None:
    with Both(OTHER) as (model, server):
        good, bad = new(), new()
        model.refuses[str(bad[0])] = "the title is too long"
        first, second = server.send([create(*good), create(*bad)], "transaction")
        assert isinstance(first, Rejected)
        assert isinstance(second, Rejected)
        assert first.text == f"because of {bad[0]}: the title is too long"
        assert second.text == "the title is too long"
        assert model.resources == {}


def test_decimals_are_kept_digit_for_digit(others: requests.Session) -> None:
    with ModelServer(OTHER) as model:
        body = b'{"resourceType":"Basic","id":"d","extension":[{"url":"u","valueDecimal":1.10}]}'
        others.put(f"{model.base}/Basic/d", data=body)
        assert b'"valueDecimal":1.10}' in others.get(f"{model.base}/Basic/d").content


def test_conditional_creates(others: requests.Session) -> None:
    with ModelServer(OTHER) as model:
        _, body = new()
        condition = {"If-None-Exist": f"url={body['url']}"}
        first = others.post(f"{model.base}/Library", json=body, headers=condition)
        again = others.post(f"{model.base}/Library", json=body, headers=condition)
        assert (first.status_code, again.status_code) == (201, 200)
        (place,) = model.resources
        assert place != f"Library/{body['id']}"
        assert first.headers["Location"].startswith(f"{model.base}/{place}/_history/")


@pytest.mark.parametrize("search", ["Library?publisher=x", "Library?url:exact=x"])
def test_what_it_cannot_search_for_is_not_passed_over(
    search: str, others: requests.Session
) -> None:
    with ModelServer(OTHER) as model:
        assert others.get(f"{model.base}/{search}").status_code == 400


def test_times(others: requests.Session) -> None:
    with ModelServer(OTHER) as model:
        model.put(new()[1])
        _, body = new()
        model.put(body)
        url = f"{model.base}/Library/{body['id']}"
        at = others.get(url).json()["meta"]["lastUpdated"]

        def found(prefix: str) -> int:
            query = {"_lastUpdated": f"{prefix}{at}", "_summary": "count"}
            return int(others.get(f"{model.base}/Library", params=query).json()["total"])

        assert [found(prefix) for prefix in ("ge", "gt", "le", "lt", "eq")] == [1, 0, 2, 1, 1]


def test_requests_are_noted() -> None:
    with Both(OTHER) as (model, server):
        server.send([ChangeRequest("delete", Ref("Library", "never"), None)], "single")
        assert [tuple(one) for one in model.requests] == [
            ("GET", "/fhir/metadata", 200),
            ("DELETE", "/fhir/Library/never", 404),
        ]


def test_four_thousand_in_a_few_seconds(others: requests.Session) -> None:
    """Not a measure of speed: it must only be no burden on the tests that need many."""
    with ModelServer(HAPI) as model:
        for start in range(0, 4000, 200):
            entries = []
            for _ in range(start, start + 200):
                ref, body = new(description="x" * 2000)
                entries.append({"resource": body, "request": {"method": "PUT", "url": str(ref)}})
            body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
            assert others.post(model.base, data=json.dumps(body)).status_code == 200
        assert len(model.resources) == 4000
