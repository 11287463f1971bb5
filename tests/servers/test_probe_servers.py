"""What is found out about servers without leaving a trace, and keeping it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from model_server import ModelServer
from temper import HAPI, OTHER, Temper

from fhir_kb.model.fhir_release import R4
from fhir_kb.model.resource_kind import published_types
from fhir_kb.net import SessionSettings, open_session
from fhir_kb.push import ServerCapabilities, open_server
from fhir_kb.servers.capabilities import (
    capabilities_from_json,
    capabilities_from_statement,
    capabilities_to_json,
)
from fhir_kb.servers.probe import ProbeResult, probe

if TYPE_CHECKING:
    from collections.abc import Mapping

R4_TYPES = published_types(R4)
LACKING = ("Basic", "Composition", "EvidenceVariable")


def probed(temper: Temper) -> tuple[Mapping[str, ProbeResult], ModelServer]:
    """The answers by topic."""
    with (
        ModelServer(temper) as model,
        open_session(SessionSettings(), sleep=lambda _: None) as session,
    ):
        answers = probe(open_server(session, model.base))
    return {one.topic: one for one in answers}, model


@pytest.mark.parametrize("temper", [HAPI, OTHER], ids=["HAPI", "OTHER"])
def test_nothing_is_written(temper: Temper) -> None:
    _, model = probed(temper)
    assert model.requests
    assert {one.method for one in model.requests} == {"GET"}
    assert model.writes == 0


def test_a_server_that_lacks_nothing() -> None:
    answers, _ = probed(HAPI.but(types=R4_TYPES))
    assert [one.topic for one in answers.values() if not one.fits] == []
    assert "HAPI" in answers["software"].text
    assert answers["FHIR"].text == "4.0.1 (R4)"
    assert answers["send mode"].text == "as transactions"


def test_types_that_it_lacks_are_named() -> None:
    answers, _ = probed(OTHER.but(types=tuple(kind for kind in R4_TYPES if kind not in LACKING)))
    assert not answers["types"].fits
    assert answers["types"].text == "lacks Basic, Composition, EvidenceVariable"


def test_a_release_that_we_do_not_publish() -> None:
    answers, _ = probed(OTHER.but(fhir_version="3.0.2"))
    assert not answers["FHIR"].fits


def test_what_only_writing_would_show_is_not_known() -> None:
    answers, _ = probed(OTHER)
    for topic in ("versions", "ids", "references"):
        assert answers[topic].how == "not known", topic
    known, _ = probed(HAPI)
    for topic in ("versions", "ids", "references"):
        assert known[topic].how == "known", topic


def test_a_server_that_cannot_search() -> None:
    answers, _ = probed(OTHER.but(types=("Library",)))
    assert not answers["search"].fits
    assert "Nothing is known about" in answers["search"].text


@pytest.mark.parametrize("temper", [HAPI, OTHER], ids=["HAPI", "OTHER"])
def test_a_profile_is_kept_and_found_again(temper: Temper) -> None:
    with (
        ModelServer(temper) as model,
        open_session(SessionSettings(), sleep=lambda _: None) as session,
    ):
        profile = open_server(session, model.base).capabilities
        text = json.dumps(capabilities_to_json(profile))
        again = capabilities_from_json(json.loads(text), model.base)
        assert again == profile
        model.requests.clear()
        assert open_server(session, model.base, again).capabilities is again
        assert [one.path for one in model.requests] == ["/fhir/metadata?_summary=true"]


def test_a_kept_profile_does_not_hold_for_another_software() -> None:
    with (
        ModelServer(OTHER) as model,
        open_session(SessionSettings(), sleep=lambda _: None) as session,
    ):
        kept = ServerCapabilities(model.base, software="Older 0.9", fhir_version="4.0.1")
        assert open_server(session, model.base, kept).capabilities.software == "Model Server 1"


@pytest.mark.parametrize(
    "change",
    [
        {"base": "https://elsewhere.example.org"},
        {"software": 1},
        {"types": []},
        {"versioning": "yes"},
        {"surprise": True},
        {"types": {"Library": 5}},
        {"search": {"Library": [["url"]]}},
        {"page": [1000]},
        {"ways": [["single"]]},
        {"ways": "single"},
    ],
)
def test_what_is_no_profile_is_not_taken_for_one(change: dict[str, object]) -> None:
    base = "https://fhir.example.org"
    assert capabilities_from_json(
        capabilities_to_json(ServerCapabilities(base)), base
    ) == ServerCapabilities(base)
    assert (
        capabilities_from_json({**capabilities_to_json(ServerCapabilities(base)), **change}, base)
        is None
    )


@pytest.mark.parametrize(
    "statement",
    [
        {},
        {"software": "x", "fhirVersion": 4, "rest": "none"},
        {"rest": [{"mode": "client", "interaction": [{"code": "transaction"}]}]},
        {"rest": [{"mode": "server", "resource": [1, {"type": None}], "interaction": None}]},
    ],
)
def test_statements_that_say_little(statement: dict[str, object]) -> None:
    profile = capabilities_from_statement("https://fhir.example.org", statement)
    assert profile.send_modes == ("single",)
    assert profile.release == ""


def test_hapi_is_known_for_what_it_does_not_say() -> None:
    said = {"software": {"name": "HAPI FHIR Server", "version": "8.2.0"}, "fhirVersion": "5.0.0"}
    profile = capabilities_from_statement("https://fhir.example.org", said)
    assert profile.release == "r5"
    assert profile.if_none_match == "if-match"
    assert "batch" in profile.send_modes
