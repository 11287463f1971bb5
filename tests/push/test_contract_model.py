"""The contract of servers, held by the model servers that other tests rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from contract import Contract, Site, create, new, site_of
from model_server import ModelServer
from own_ids import OwnIds
from temper import HAPI, OTHER

from fhir_kb.servers.protocol import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator


class TestHapiTemper(Contract):
    @pytest.fixture
    def site(self) -> Iterator[Site]:
        with ModelServer(HAPI) as server:
            yield from site_of(server.base, HAPI)


class TestOtherTemper(Contract):
    @pytest.fixture
    def site(self) -> Iterator[Site]:
        with ModelServer(OTHER) as server:
            yield from site_of(server.base, OTHER)


class TestOwnIds(OwnIds):
    @pytest.fixture(params=[HAPI, OTHER], ids=lambda temper: temper.name)
    def site(self, request: pytest.FixtureRequest) -> Iterator[Site]:
        temper = request.param.but(ids="no")
        with ModelServer(temper) as server:
            yield from site_of(server.base, temper)

    def test_it_says_so(self, site: Site) -> None:
        assert site.server.capabilities.client_ids == "no"

    def test_ids_of_ours_are_refused(self, site: Site) -> None:
        (made,) = site.server.send([create(*new())], "single")
        assert isinstance(made, Rejected)
        assert not made.conflict
