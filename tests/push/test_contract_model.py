"""The contract of servers, held by the model servers that other tests rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from contract import Contract, Site, site_of
from model_server import ModelServer
from temper import HAPI, OTHER

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
