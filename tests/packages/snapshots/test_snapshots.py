"""Snapshots of small definitions that can be worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.packages import InMemoryCanonicals
from fhir_kb.packages.snapshots import SnapshotError, snapshot

_TYPES = "http://hl7.org/fhir/StructureDefinition/"


def _element(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "path": name, "min": 0, "max": "1", **more}


PART: dict[str, Any] = {
    "resourceType": "StructureDefinition",
    "url": _TYPES + "Part",
    "snapshot": {"element": [_element("Part"), _element("Part.code")]},
}
THING: dict[str, Any] = {
    "resourceType": "StructureDefinition",
    "url": _TYPES + "Thing",
    "snapshot": {
        "element": [
            _element("Thing"),
            _element("Thing.part", max="*", type=[{"code": "Part"}]),
            _element("Thing.last"),
        ]
    },
}


def _profile(*elements: dict[str, Any], base: str = _TYPES + "Thing") -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/profile",
        "baseDefinition": base,
        "differential": {"element": list(elements)},
    }


def _ids(definition: dict[str, Any]) -> list[str]:
    return [one["id"] for one in definition["snapshot"]["element"]]


def test_what_the_differential_says_replaces_what_the_base_says() -> None:
    made = snapshot(_profile({"path": "Thing.last", "min": 1}), InMemoryCanonicals([THING]))
    assert made["snapshot"]["element"][2] == _element("Thing.last") | {"min": 1}
    assert THING["snapshot"]["element"][2]["min"] == 0


def test_slices_follow_what_they_slice_and_get_the_children_of_its_type() -> None:
    profile = _profile(
        {"path": "Thing.part", "slicing": {"rules": "open"}},
        {"path": "Thing.part", "sliceName": "a"},
        {"path": "Thing.part.code", "min": 1},
        {"path": "Thing.part", "sliceName": "b"},
    )
    made = snapshot(profile, InMemoryCanonicals([THING, PART]))
    assert _ids(made) == [
        "Thing", "Thing.part", "Thing.part:a", "Thing.part:a.code", "Thing.part:b", "Thing.last",
    ]  # fmt: skip


def test_profiles_on_each_other_are_refused() -> None:
    profile = _profile(base="http://example.org/profile")
    with pytest.raises(SnapshotError, match="circle"):
        snapshot(profile, InMemoryCanonicals([profile]))


@pytest.mark.parametrize("path", ["Thing.other", "Other.part", "Thing.last.code"])
def test_elements_that_the_base_does_not_have_are_refused(path: str) -> None:
    with pytest.raises(SnapshotError) as error:
        snapshot(_profile({"path": path}), InMemoryCanonicals([THING, PART]))
    assert error.value.path


def test_what_is_sliced_occurs_as_often_as_its_slices_must() -> None:
    profile = _profile(
        {"path": "Thing.part", "sliceName": "a", "min": 1},
        {"path": "Thing.part", "sliceName": "b", "min": 1},
    )
    made = snapshot(profile, InMemoryCanonicals([THING]))
    assert made["snapshot"]["element"][1]["min"] == 2


def test_a_choice_named_with_its_type_is_a_slice_of_that_type() -> None:
    choice = _element("Thing.value[x]", type=[{"code": "Part"}, {"code": "string"}])
    base = THING | {"snapshot": {"element": [_element("Thing"), choice]}}
    made = snapshot(
        _profile({"path": "Thing.valuePart.code", "min": 1}), InMemoryCanonicals([base, PART])
    )
    assert _ids(made)[2:] == ["Thing.value[x]:valuePart", "Thing.value[x]:valuePart.code"]
    assert made["snapshot"]["element"][2]["type"] == [{"code": "Part"}]


@pytest.mark.parametrize("broken", [{}, {"element": []}, {"element": [{"id": "Thing"}]}, [1]])
def test_a_broken_snapshot_of_the_base_is_refused(broken: object) -> None:
    with pytest.raises(SnapshotError, match="broken"):
        snapshot(_profile(), InMemoryCanonicals([THING | {"snapshot": broken}]))


def test_an_extension_occurs_as_often_as_its_definition_says() -> None:
    color = PART | {"url": "http://example.org/color"}
    many = _element("Thing.extension", max="*", type=[{"code": "Extension"}])
    base = THING | {"snapshot": {"element": [_element("Thing"), many]}}
    used = [{"code": "Extension", "profile": ["http://example.org/color"]}]
    profile = _profile({"path": "Thing.extension", "sliceName": "color", "type": used})
    made = snapshot(profile, InMemoryCanonicals([base, color]))
    assert [one["max"] for one in made["snapshot"]["element"][1:]] == ["*", "1"]
