"""Real HAPI servers take what is published, and hold afterwards what was sent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hapi import DROPPED, Hapi, HapiPool, hapi, load_and_compare, parse, versions
from sample import BASE, FHIR_VERSIONS, sample

from fhir_kb import publish
from fhir_kb.emit import EmittedResource, element_order, emit

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.enable_socket]


def emitted(release: str) -> list[EmittedResource]:
    order = element_order(FHIR_VERSIONS[release])
    return [emit(resource, order) for resource in sample(release)]


@pytest.mark.parametrize("release", ["r4", "r4b", "r5"])
def test_server_holds_what_was_published(release: str, hapis: HapiPool) -> None:
    resources = emitted(release)
    transaction = publish.transaction(resources, release).to_bytes()
    server = hapis.running(release.upper())
    assert load_and_compare(server, transaction) == []
    _loading_again_changes_nothing(server, transaction)
    _next_version_stands_beside(server, transaction)
    _batch_is_taken_whole(server, publish.batch(resources, BASE).to_bytes())


@pytest.mark.parametrize("release", ["r4", "r4b", "r5"])
def test_server_holds_what_was_built(release: str) -> None:
    """The output of a build that FHIR_KB_OUTPUT names, on a server of its own."""
    folder = os.environ.get("FHIR_KB_OUTPUT")
    if not folder:
        pytest.skip("FHIR_KB_OUTPUT names no output")
    built = (Path(folder) / release / "bundle.transaction.json").read_bytes()
    with hapi(release.upper()) as server:
        assert load_and_compare(server, built, dropped=DROPPED.get(release, ())) == []
        _loading_again_changes_nothing(server, built)


def _loading_again_changes_nothing(server: Hapi, transaction: bytes) -> None:
    before = versions(server, transaction)
    answer = server.post_bundle(transaction)
    assert {entry["response"]["status"] for entry in answer["entry"]} == {"200 OK"}
    assert versions(server, transaction) == before


def _next_version_stands_beside(server: Hapi, transaction: bytes) -> None:
    before = versions(server, transaction)
    assert load_and_compare(server, transaction.replace(b"1.0.0", b"1.1.0")) == []
    assert versions(server, transaction) == before


def _batch_is_taken_whole(server: Hapi, batch: bytes) -> None:
    """Every resource is new by its id, and each reference leads to one that came before.

    HAPI takes a code system's url and version only once, so the batch brings a different one.
    """
    answer = server.post_bundle(batch.replace(b"/fhir/CodeSystem/", b"/other/CodeSystem/"))
    statuses = [entry["response"]["status"] for entry in answer["entry"]]
    assert statuses == ["201 Created"] * len(parse(batch)["entry"])
