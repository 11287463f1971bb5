"""Slices, choices and what they mean for what is sliced: http://hl7.org/fhir/profiling.html#slicing."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.packages import InMemoryCanonicals
from fhir_kb.packages.snapshots import SnapshotError, snapshot

_TYPES = "http://hl7.org/fhir/StructureDefinition/"


def _element(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "path": name, "min": 0, "max": "1", **more}


def _type(name: str, *elements: dict[str, Any]) -> dict[str, Any]:
    return {
        "url": _TYPES + name,
        "type": name,
        "snapshot": {"element": [_element(name), *elements]},
    } | {
        "resourceType": "StructureDefinition",
        "derivation": "specialization",
    }


QUANTITY = _type("Quantity", _element("Quantity.value"))
STRING = _type("string")
EXTENSION = _type(
    "Extension",
    _element("Extension.extension", max="*", type=[{"code": "Extension"}]),
    _element("Extension.url", type=[{"code": "uri"}]),
    _element("Extension.value[x]", type=[{"code": "Quantity"}, {"code": "string"}]),
)
THING = _type(
    "Thing",
    _element("Thing.extension", max="*", type=[{"code": "Extension"}]),
    _element("Thing.value[x]", type=[{"code": "Quantity"}, {"code": "string"}]),
    _element("Thing.part", max="*", type=[{"code": "BackboneElement"}]),
    _element("Thing.part.name", type=[{"code": "string"}]),
    _element("Thing.part.part", max="*", contentReference="#Thing.part"),
)
KNOWN = InMemoryCanonicals([QUANTITY, STRING, EXTENSION, THING])


def _made(*elements: dict[str, Any], known: Any = KNOWN, **more: Any) -> dict[str, dict[str, Any]]:
    profile = {
        "resourceType": "StructureDefinition",
        "url": "http://example.org/profile",
        "type": "Thing",
        "derivation": "constraint",
        "baseDefinition": _TYPES + "Thing",
        "differential": {"element": list(elements)},
    } | more
    return {one["id"]: one for one in snapshot(profile, known)["snapshot"]["element"]}


def _choice(**more: Any) -> dict[str, Any]:
    return {"path": "Thing.value[x]", "slicing": {"rules": "open"}} | more


def _value(of: str, **more: Any) -> dict[str, Any]:
    return {"path": "Thing.value[x]", "sliceName": f"value{of}"} | more


def test_a_slice_has_the_children_of_what_it_slices() -> None:
    made = _made({"path": "Thing.part", "sliceName": "a"})
    assert list(made)[4:] == [
        "Thing.part.name", "Thing.part.part",
        "Thing.part:a", "Thing.part:a.name", "Thing.part:a.part",
    ]  # fmt: skip
    assert made["Thing.part:a"]["min"] == 0
    assert made["Thing.part:a.name"]["path"] == "Thing.part.name"


def test_what_is_said_of_all_is_said_of_each_slice() -> None:
    made = _made(
        {"path": "Thing.part", "slicing": {"rules": "open"}, "min": 1, "max": "3"},
        {"path": "Thing.part", "sliceName": "a"},
    )
    assert (made["Thing.part:a"]["min"], made["Thing.part:a"]["max"]) == (0, "3")


@pytest.mark.parametrize("said", [{"id": "Thing.part:a.name"}, {}])
def test_without_ids_elements_are_in_the_slice_that_came_last(said: dict[str, Any]) -> None:
    made = _made(
        {"path": "Thing.part", "sliceName": "a"},
        {"path": "Thing.part.name", "min": 1, **said},
        {"path": "Thing.part", "sliceName": "b"},
    )
    mins = [made[f"Thing.part{name}.name"]["min"] for name in ("", ":a", ":b")]
    assert mins == [0, 1, 0]


def test_a_slice_of_a_slice_stands_after_it_and_begins_as_it_is() -> None:
    made = _made(
        {"path": "Thing.part", "sliceName": "a", "max": "2"},
        {"path": "Thing.part", "sliceName": "b"},
        {"path": "Thing.part", "sliceName": "a/c"},
    )
    slices = [name for name in made if name.startswith("Thing.part:") and "." not in name[11:]]
    assert slices == ["Thing.part:a", "Thing.part:a/c", "Thing.part:b"]
    assert made["Thing.part:a/c"]["max"] == "2"


def test_a_content_reference_is_followed_where_a_profile_goes_below_it() -> None:
    made = _made({"id": "Thing.part.part.name", "path": "Thing.part.part.name", "min": 1})
    assert made["Thing.part.part.name"]["min"] == 1
    assert made["Thing.part.name"]["min"] == 0
    assert made["Thing.part.part"]["type"] == [{"code": "BackboneElement"}]


def test_a_choice_is_sliced_by_type_though_nobody_says_so() -> None:
    made = _made({"path": "Thing.valueQuantity"}, {"path": "Thing.valueQuantity.value", "min": 1})
    whole = made["Thing.value[x]"]
    assert whole["slicing"]["discriminator"] == [{"type": "type", "path": "$this"}]
    assert whole["slicing"]["rules"] == "open"
    assert [one["code"] for one in whole["type"]] == ["Quantity", "string"]
    assert made["Thing.value[x]:valueQuantity"]["type"] == [{"code": "Quantity"}]
    assert made["Thing.value[x]:valueQuantity.value"]["min"] == 1


def test_a_type_that_must_be_there_is_the_only_one() -> None:
    made = _made(_choice(), _value("Quantity", min=1))
    whole = made["Thing.value[x]"]
    assert (whole["min"], whole["slicing"]["rules"]) == (1, "closed")
    assert whole["type"] == [{"code": "Quantity"}]


def test_a_type_that_may_not_be_there_is_none() -> None:
    made = _made(_choice(), _value("Quantity", max="0"))
    assert made["Thing.value[x]"]["type"] == [{"code": "string"}]


def test_closed_slices_leave_no_other_type() -> None:
    made = _made(_choice(slicing={"rules": "closed"}), _value("string".capitalize()))
    assert made["Thing.value[x]"]["type"] == [{"code": "string"}]


@pytest.mark.parametrize(
    "elements",
    [
        [_choice(), _value("Quantity", min=1), _value("String")],
        [_choice(), {"path": "Thing.value[x]", "sliceName": "Q", "type": [{"code": "Quantity"}]}],
        [{"path": "Thing.value[x]", "type": [{"code": "boolean"}]}],
        [{"path": "Thing.value[x]", "patternUri": "http://example.org"}],
        [{"path": "Thing", "slicing": {"rules": "open"}}],
        [{"path": "Thing.part"}, {"path": "Thing.part"}],
        [{"path": "Thing", "type": [{"code": "Thing", "profile": ["http://example.org/profile"]}]}],
    ],
    ids=["two-types", "name", "type", "pattern", "root", "twice", "itself"],
)
def test_what_contradicts_itself_or_the_base_is_refused(elements: list[dict[str, Any]]) -> None:
    with pytest.raises(SnapshotError):
        _made(*elements)


def test_slices_of_an_extension_are_by_url_and_raise_the_minimum() -> None:
    made = _made({"path": "Thing.extension", "sliceName": "a", "min": 1})
    assert made["Thing.extension"]["slicing"]["discriminator"] == [{"type": "value", "path": "url"}]
    assert made["Thing.extension"]["min"] == 1


def test_what_is_not_known_of_a_profile_of_a_type_is_left_out_unless_it_must_be_known() -> None:
    used = [{"code": "Extension", "profile": ["http://example.org/unknown"]}]
    slice_of_it = {"path": "Thing.extension", "sliceName": "a", "type": used}
    assert _made(slice_of_it)["Thing.extension:a"]["type"] == used
    profile = {
        "url": "http://example.org/profile",
        "baseDefinition": _TYPES + "Thing",
        "differential": {"element": [slice_of_it]},
    }
    with pytest.raises(SnapshotError, match="unknown"):
        snapshot(profile, KNOWN, strict=True)


def test_one_child_of_several_excludes_the_others() -> None:
    either = [{"key": "one", "expression": "(a | b).count() = 1"}]
    holder = _element("Thing.of", constraint=either, type=[{"code": "BackboneElement"}])
    base = _type("Thing", holder, _element("Thing.of.a"), _element("Thing.of.b"))
    made = _made({"path": "Thing.of.a", "min": 1}, known=InMemoryCanonicals([base]))
    assert made["Thing.of.b"]["max"] == "0"


def test_a_new_type_has_the_elements_of_its_base_and_its_own() -> None:
    made = _made(
        {"path": "Other"},
        {"path": "Other.more", "min": 1, "max": "1", "type": [{"code": "string"}]},
        derivation="specialization",
        type="Other",
    )
    assert list(made)[:2] == ["Other", "Other.extension"]
    assert list(made)[-1] == "Other.more"
    assert made["Other.more"]["base"] == {"path": "Other.more", "min": 1, "max": "1"}


def test_it_ends_where_a_differential_would_make_too_much() -> None:
    many = [{"path": "Thing.part", "sliceName": f"s{number}"} for number in range(15_000)]
    with pytest.raises(SnapshotError, match="more than"):
        _made(*many)


def test_a_way_through_the_only_type_of_a_choice_slices_nothing() -> None:
    made = _made(
        {"path": "Thing.value[x]", "type": [{"code": "Quantity"}]},
        {"path": "Thing.valueQuantity.value", "min": 1},
    )
    assert made["Thing.value[x].value"]["min"] == 1
    assert not [name for name in made if name.startswith("Thing.value[x]:")]


def test_an_extension_has_values_of_the_types_that_it_names_only() -> None:
    made = _made(
        {"path": "Extension.valueString", "type": [{"code": "string"}]},
        baseDefinition=_TYPES + "Extension",
        type="Extension",
    )
    assert made["Extension.value[x]"]["type"] == [{"code": "string"}]
    assert made["Extension.value[x]"]["slicing"]["rules"] == "closed"


def test_a_profile_gives_no_default_values() -> None:
    made = _made({"path": "Thing.part.name", "defaultValueString": "a", "min": 1})
    assert made["Thing.part.name"]["min"] == 1
    assert "defaultValueString" not in made["Thing.part.name"]
