"""What a profile says that its base does not allow: http://hl7.org/fhir/profiling.html."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.packages import InMemoryCanonicals
from fhir_kb.packages.snapshots import contradictions

_BASE = {
    "resourceType": "StructureDefinition",
    "url": "http://example.org/base",
    "snapshot": {
        "element": [
            {"id": "T", "path": "T", "min": 0, "max": "*"},
            {"id": "T.one", "path": "T.one", "min": 1, "max": "1", "type": [{"code": "code"}],
             "binding": {"strength": "required", "valueSet": "http://example.org/a"}},
            {"id": "T.many", "path": "T.many", "min": 1, "max": "3", "fixedCode": "a"},
        ]
    },
}  # fmt: skip


def _noted(*elements: dict[str, Any]) -> list[tuple[str, str]]:
    profile = {
        "url": "http://example.org/profile",
        "baseDefinition": "http://example.org/base",
        "derivation": "constraint",
        "differential": {"element": list(elements)},
    }
    return [(one.id, one.property) for one in contradictions(profile, InMemoryCanonicals([_BASE]))]


@pytest.mark.parametrize(
    ("said", "property_"),
    [
        ({"path": "T.many", "max": "4"}, "max"),
        ({"path": "T.many", "max": "*"}, "max"),
        ({"path": "T.many", "min": 0}, "min"),
        ({"path": "T.many", "fixedCode": "b"}, "fixedCode"),
        ({"path": "T.one", "binding": {"strength": "preferred"}}, "binding"),
    ],
)
def test_more_than_the_base_allows(said: dict[str, Any], property_: str) -> None:
    assert _noted(said) == [(said["path"], property_)]


@pytest.mark.parametrize(
    "said",
    [
        {"path": "T.many", "min": 2, "max": "2", "fixedCode": "a"},
        {"path": "T.many", "sliceName": "a", "min": 0},
        {"path": "T.one", "binding": {"strength": "required", "valueSet": "http://example.org/b"}},
        {"path": "T.one", "max": "0", "min": 1},
    ],
    ids=["narrower", "slice", "binding", "none"],
)
def test_no_more_than_the_base_allows(said: dict[str, Any]) -> None:
    assert _noted(said) == []


def test_a_slice_is_held_against_what_its_base_says_of_all() -> None:
    whole = {"path": "T.many", "max": "0", "min": 1, "slicing": {"rules": "open"}}
    assert _noted(whole, {"path": "T.many", "sliceName": "a", "max": "3"}) == []
    assert _noted(whole, {"path": "T.many", "sliceName": "a", "max": "4"}) == [("T.many:a", "max")]
