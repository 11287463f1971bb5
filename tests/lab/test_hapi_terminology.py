"""A real terminology server: HAPI, with a code system and value sets of ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fhir_kb.net import open_session
from fhir_kb.packages import definitions
from fhir_kb.terminology.service import TerminologyService
from fhir_kb.terminology.tx_cache import TxCache
from fhir_kb.terminology.tx_server import TxServer
from fhir_kb.validate import Validator

if TYPE_CHECKING:
    from pathlib import Path

    from hapi import Hapi, HapiPool

pytestmark = [pytest.mark.lab, pytest.mark.slow]

ANIMALS = {
    "resourceType": "CodeSystem",
    "id": "animals",
    "url": "http://kb.test/animals",
    "status": "active",
    "content": "complete",
    "concept": [{"code": "cat", "display": "Cat"}, {"code": "owl", "display": "Owl"}],
}
BIRDS = {
    "resourceType": "ValueSet",
    "id": "birds",
    "url": "http://kb.test/birds",
    "status": "active",
    "compose": {"include": [{"system": ANIMALS["url"], "concept": [{"code": "owl"}]}]},
}
SNOMED = {
    "resourceType": "ValueSet",
    "id": "sct",
    "url": "http://kb.test/sct",
    "status": "active",
    "compose": {"include": [{"system": "http://snomed.info/sct"}]},
}


@pytest.fixture(scope="module")
def base(hapis: HapiPool) -> str:
    server = hapis.running("R4")
    for resource in (ANIMALS, BIRDS, SNOMED):
        _put(server, resource)
    return server.base


def _put(server: Hapi, resource: dict[str, Any]) -> None:
    url = f"{server.base}/{resource['resourceType']}/{resource['id']}"
    kind = {"Content-Type": "application/fhir+json"}
    answer = server.session.put(url, data=json.dumps(resource), headers=kind, timeout=120)
    assert answer.status_code == 201, answer.text


def test_it_knows_its_own_and_no_more(base: str, tmp_path: Path) -> None:
    with open_session() as session:
        server = TxServer(session, base, TxCache(tmp_path / "answers.sqlite"))
        known = TerminologyService(None, definitions("4.0.1"), server)
        animals = str(ANIMALS["url"])
        for number in range(2):  # the second time from memory
            assert known.contains("http://kb.test/birds", animals, "owl") is True, number
            assert known.contains("http://kb.test/birds", animals, "cat") is False
            assert known.contains("http://kb.test/sct", "http://snomed.info/sct", "1") is None
            assert known.contains("http://kb.test/none", animals, "owl") is None
            assert known.has_code(animals, "dog") is False
            assert known.has_code("http://kb.test/none", "dog") is None
            assert known.display(animals, "cat") == "Cat"
        assert server.problem == ""


def test_the_validator_asks_it(base: str) -> None:
    codes = [
        {"system": ANIMALS["url"], "code": "dog"},
        {"system": ANIMALS["url"], "code": "cat"},
        {"system": "http://snomed.info/sct", "code": "1"},
        {"system": "http://unitsofmeasure.org", "code": "nonsense"},
    ]
    resource = {"resourceType": "Basic", "code": {"coding": codes}}
    with open_session() as session:
        known = TerminologyService(None, definitions("4.0.1"), TxServer(session, base))
        found = Validator("4.0.1", terminology=known).check(resource)
    assert [one.path for one in found if one.code == "KB572"] == [
        "Basic.code.coding[0].code",
        "Basic.code.coding[3].code",
    ]
