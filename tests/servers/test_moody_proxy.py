"""The proxy of the tests: what passes it calmly is as it was, and a mood does what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import moods
import pytest
from model_server import ModelServer
from moody_proxy import calm, moody
from temper import OTHER

from fhir_kb.net import NetError, open_session
from fhir_kb.servers.http_fhir_server import open_server
from fhir_kb.servers.protocol import Applied, ChangeRequest, Ref

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARY = {"resourceType": "Library", "id": "a", "status": "draft"}
CREATE = ChangeRequest("create", Ref("Library", "a"), LIBRARY)


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer(OTHER) as started:
        yield started


def test_calm(model: ModelServer) -> None:
    with moody(model.base) as proxy, open_session() as session:
        server = open_server(session, proxy.base)
        (outcome,) = server.send([CREATE], "transaction")
        assert isinstance(outcome, Applied)
        assert set(model.resources) == {"Library/a"}
        assert [one.ref.id for one in server.search("Library", {})] == ["a"]
    assert proxy.changes == ["POST /fhir"]


def test_ids_of_the_servers_own(model: ModelServer) -> None:
    with moody(model.base, moods.gives_own_ids) as proxy, open_session() as session:
        open_server(session, proxy.base).send([CREATE], "transaction")
    (place,) = model.resources
    assert place != "Library/a"


def test_a_connection_is_reset(model: ModelServer) -> None:
    with moody(model.base, calm) as proxy, open_session(sleep=lambda _: None) as session:
        proxy.mood = moods.hangs_up
        with pytest.raises(NetError):
            session.request("GET", proxy.base + "/metadata", retry=False)
    assert model.requests == []
