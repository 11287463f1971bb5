"""What a search found, and whether it says so."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.validate import Validator

_URL = "https://kb.example.org/fhir"
_CODES = ("KB742", "KB743")


def entry(kind: str = "Patient", mode: str = "match", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}
    found["resource"] = {"resourceType": kind, "id": "a", **more}
    return {**found, "search": {"mode": mode}} if mode else found


def found(*entries: Any, search: str = "/Patient?name=x") -> list[tuple[str, str]]:
    link = [{"relation": "self", "url": _URL + search}] if search else []
    bundle = {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": list(entries)}
    issues = Validator("4.0.1").check(bundle)
    return [(one.code, one.path) for one in issues if one.code in _CODES]


RESOURCE = "Bundle.entry[0].resource"


def test_entries_are_what_their_mode_says() -> None:
    assert found(entry(), entry("Device", "include"), entry("OperationOutcome", "outcome")) == []
    assert found(entry("Device")) == [("KB742", RESOURCE)]
    assert found(entry("Patient", "outcome")) == [("KB742", RESOURCE)]
    lacking = entry()
    del lacking["resource"]["id"]
    assert found(lacking) == [("KB742", RESOURCE)]
    assert found({"search": {"mode": "match"}, "fullUrl": "urn:x:y"}) == [
        ("KB742", "Bundle.entry[0]")
    ]


def test_the_types_that_were_searched_for() -> None:
    assert found(entry("Device"), search="?_type=Patient,Device") == []
    assert found(entry("Group"), search="?_type=Patient,Device") == [("KB742", RESOURCE)]
    assert found(entry("Device"), search="/search") == []
    assert found(entry(), search="") == [("KB743", "Bundle")]


def test_modes_that_are_missing() -> None:
    assert found(entry(mode="")) == []
    assert found(entry(), entry(mode="")) == [("KB743", "Bundle.entry[1]")]
    assert found(entry("Device", "")) == [("KB743", "Bundle.entry[0]"), ("KB743", "Bundle")]


@pytest.mark.parametrize("odd", [None, 1, "x", [], {}, {"resource": 1}, {"search": 1}])
def test_odd_entries_raise_nothing(odd: Any) -> None:
    found(odd, {"resource": {"resourceType": odd}, "search": {"mode": odd}}, search="")
    found({"resource": {"resourceType": odd}, "search": odd})
