"""The contract of servers, held by real HAPI servers as by their model."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from contract import Contract, Site, site_of
from own_ids import OwnIds
from temper import HAPI, Temper

from fhir_kb.net import open_session
from fhir_kb.push import ServerCapabilities, open_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hapi import Hapi

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.slow]


@cache
def _capabilities(base: str) -> ServerCapabilities:
    with open_session() as session:
        return open_server(session, base).capabilities


def _site(server: Hapi, temper: Temper) -> Iterator[Site]:
    yield from site_of(server.base, temper, _capabilities(server.base))


class TestHapiR4(Contract):
    @pytest.fixture
    def site(self, hapi_r4: Hapi) -> Iterator[Site]:
        yield from _site(hapi_r4, HAPI)


class TestHapiR5(Contract):
    @pytest.fixture
    def site(self, hapi_r5: Hapi) -> Iterator[Site]:
        yield from _site(hapi_r5, HAPI.but(fhir_version="5.0.0"))


class TestHapiOwnIds(OwnIds):
    """HAPI lets clients choose ids, and chooses them itself where it is asked to."""

    @pytest.fixture
    def site(self, hapi_r4: Hapi) -> Iterator[Site]:
        yield from _site(hapi_r4, HAPI)
