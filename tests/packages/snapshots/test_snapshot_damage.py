"""Damaged definitions are refused, or what is of no use in them is passed over: nothing else."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from fhir_kb.packages import InMemoryCanonicals
from fhir_kb.packages.snapshots import SnapshotError, contradictions, snapshot

_JUNK: tuple[Any, ...] = (
    None,
    1,
    True,
    "",
    "a..b",
    "x",
    [],
    {},
    [None],
    ["x"],
    [{"code": 1}],
    {"a": 1},
)
_BASE = "http://hl7.org/fhir/StructureDefinition/T"


def _base() -> dict[str, Any]:
    extension = {"code": "T", "profile": ["http://example.org/p"]}
    return {
        "resourceType": "StructureDefinition",
        "url": _BASE,
        "type": "T",
        "snapshot": {
            "element": [
                {"id": "T", "path": "T", "min": 0, "max": "*"},
                {"id": "T.a", "path": "T.a", "min": 0, "max": "1", "type": [extension],
                 "binding": {"strength": "required"}, "constraint": [{"key": "k"}]},
                {"id": "T.b[x]", "path": "T.b[x]", "min": 0, "max": "1",
                 "type": [{"code": "string"}, {"code": "T"}], "slicing": {"rules": "open"}},
                {"id": "T.c", "path": "T.c", "contentReference": "#T.a"},
            ]
        },
    }  # fmt: skip


def _profile() -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/p",
        "type": "T",
        "baseDefinition": _BASE,
        "derivation": "constraint",
        "differential": {
            "element": [
                {"id": "T.a", "path": "T.a", "min": 1, "max": "1", "slicing": {"rules": "open"},
                 "binding": {"strength": "required"}, "constraint": [{"key": "l"}]},
                {"id": "T.a:s", "path": "T.a", "sliceName": "s", "type": [{"code": "T"}]},
                {"id": "T.b[x]:bString", "path": "T.b[x]", "sliceName": "bString",
                 "fixedString": "a"},
                {"id": "T.c.b[x]", "path": "T.c.b[x]", "patternString": "a", "extension": []},
            ]
        },
    }  # fmt: skip


def _refused_or_made(profile: Any, base: Any) -> None:
    for make in (snapshot, contradictions):
        try:
            make(profile, InMemoryCanonicals([base]))
        except SnapshotError as error:
            assert str(error)


def test_what_is_not_damaged_is_made() -> None:
    elements = snapshot(_profile(), InMemoryCanonicals([_base()]))["snapshot"]["element"]
    said = {one["id"]: one for one in elements}
    assert said["T.a"]["min"] == 1
    assert said["T.c.b[x]"]["patternString"] == "a"


_KEYS = sorted({key for one in _profile()["differential"]["element"] for key in one})
_BASE_KEYS = sorted({key for one in _base()["snapshot"]["element"] for key in one})


@pytest.mark.parametrize("key", _KEYS)
def test_damaged_differentials(key: str) -> None:
    for number, junk in itertools.product(range(4), _JUNK):
        profile = _profile()
        profile["differential"]["element"][number][key] = junk
        _refused_or_made(profile, _base())


@pytest.mark.parametrize("key", _BASE_KEYS)
def test_damaged_bases(key: str) -> None:
    for number, junk in itertools.product(range(4), _JUNK):
        base = _base()
        base["snapshot"]["element"][number][key] = junk
        _refused_or_made(_profile(), base)


@pytest.mark.parametrize("key", ["url", "type", "baseDefinition", "derivation", "differential"])
def test_damaged_definitions(key: str) -> None:
    for junk in _JUNK:
        _refused_or_made(_profile() | {key: junk}, _base())
        _refused_or_made(_profile(), _base() | {key: junk})
        _refused_or_made(_profile(), _base() | {"snapshot": junk})
        _refused_or_made(_profile(), _base() | {"snapshot": {"element": junk}})


def test_profiles_of_each_others_types_are_refused() -> None:
    """Each goes below an element whose type is the other: neither can be made before the other."""
    first, second = _profile(), _profile() | {"url": "http://example.org/q"}
    for one, other in ((first, second), (second, first)):
        one["differential"] = {
            "element": [
                {"path": "T.a", "type": [{"code": "T", "profile": [other["url"]]}]},
                {"path": "T.a.a", "min": 1},
            ]
        }
    with pytest.raises(SnapshotError, match="circle"):
        snapshot(first, InMemoryCanonicals([_base(), first, second]))


@pytest.mark.parametrize("junk", _JUNK)
def test_damaged_constraints_of_an_element_whose_children_are_changed(junk: Any) -> None:
    base, profile = _base(), _profile()
    base["snapshot"]["element"][0]["constraint"] = junk
    profile["differential"] = {"element": [{"id": "T.a", "path": "T.a", "min": 1}]}
    elements = snapshot(profile, InMemoryCanonicals([base]))["snapshot"]["element"]
    assert [one["min"] for one in elements if one["id"] == "T.a"] == [1]
