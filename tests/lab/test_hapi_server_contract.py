"""The contract of servers, held by real HAPI servers as by their model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from contract import Contract, Site, site_of
from hapi import Hapi, hapi
from own_ids import OwnIds
from temper import HAPI, Temper

from fhir_kb.net import open_session
from fhir_kb.push import ServerCapabilities, open_server

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.lab, pytest.mark.long, pytest.mark.slow]


@pytest.fixture(scope="module")
def r4() -> Iterator[tuple[Hapi, ServerCapabilities]]:
    yield from _running("R4")


@pytest.fixture(scope="module")
def r5() -> Iterator[tuple[Hapi, ServerCapabilities]]:
    yield from _running("R5")


def _running(release: str) -> Iterator[tuple[Hapi, ServerCapabilities]]:
    with hapi(release) as server:
        with open_session() as session:
            profile = open_server(session, server.base).capabilities
        yield server, profile


def _site(running: tuple[Hapi, ServerCapabilities], temper: Temper) -> Iterator[Site]:
    server, profile = running
    yield from site_of(server.base, temper, profile)


class TestHapiR4(Contract):
    @pytest.fixture
    def site(self, r4: tuple[Hapi, ServerCapabilities]) -> Iterator[Site]:
        yield from _site(r4, HAPI)


class TestHapiR5(Contract):
    @pytest.fixture
    def site(self, r5: tuple[Hapi, ServerCapabilities]) -> Iterator[Site]:
        yield from _site(r5, HAPI.but(fhir_version="5.0.0"))


class TestHapiOwnIds(OwnIds):
    """HAPI lets clients choose ids, and chooses them itself where it is asked to."""

    @pytest.fixture
    def site(self, r4: tuple[Hapi, ServerCapabilities]) -> Iterator[Site]:
        yield from _site(r4, HAPI)
