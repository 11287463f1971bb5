"""What a code system says of its codes: hierarchy, version, case, supplements; and UCUM."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.packages import InMemoryCanonicals, definitions
from fhir_kb.terminology.grammars import grammar_check
from fhir_kb.terminology.service import TerminologyService
from fhir_kb.validate import Validator

BASE = "https://kb.example.org/fhir"
UCUM = "http://unitsofmeasure.org"
STANDARD = "http://hl7.org/fhir/concept-properties#"


def system(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "CodeSystem",
        "url": f"{BASE}/CodeSystem/c",
        "version": "1.2.0",
        "content": "complete",
        **more,
    }


def is_member(code_system: dict[str, Any], include: dict[str, Any], code: str) -> bool | None:
    part = {"system": code_system["url"], **include}
    value_set = {"resourceType": "ValueSet", "url": "urn:x:set", "compose": {"include": [part]}}
    canonicals = InMemoryCanonicals([code_system, value_set])
    terminology = TerminologyService(canonicals, definitions("4.0.1"))
    return terminology.contains("urn:x:set", code_system["url"], code)


def codes(resource: dict[str, Any], *others: dict[str, Any], version: str = "4.0.1") -> list[str]:
    issues = Validator(version, canonicals=InMemoryCanonicals(others)).check(resource)
    return [f"{one.code} {one.path}" for one in issues if one.severity.value == "error"]


def coded(**coding: Any) -> dict[str, Any]:
    return {"resourceType": "Basic", "code": {"coding": [coding]}}


@pytest.mark.parametrize("name", ["parent", "up", "isBelow"])
def test_a_hierarchy_is_known_by_the_uri_of_the_property(name: str) -> None:
    child = {"code": "b", "property": [{"code": name, "valueCode": "a"}]}
    properties = [{"code": name, "uri": f"{STANDARD}parent", "type": "code"}]
    given = system(property=properties, concept=[{"code": "a"}, child, {"code": "c"}])
    below = {"filter": [{"property": "concept", "op": "is-a", "value": "a"}]}
    assert is_member(given, below, "b") is True
    assert is_member(given, below, "c") is False


def test_children_and_inactive_codes_by_the_uri_of_the_property() -> None:
    properties = [
        {"code": "down", "uri": f"{STANDARD}child", "type": "code"},
        {"code": "gone", "uri": f"{STANDARD}inactive", "type": "boolean"},
    ]
    parent = {"code": "a", "property": [{"code": "down", "valueCode": "b"}]}
    gone = {"code": "b", "property": [{"code": "gone", "valueBoolean": True}]}
    given = system(property=properties, concept=[parent, gone])
    below = {"filter": [{"property": "concept", "op": "descendent-of", "value": "a"}]}
    assert is_member(given, below, "b") is True
    value_set = {
        "resourceType": "ValueSet",
        "url": "urn:x:active",
        "compose": {"inactive": False, "include": [{"system": given["url"]}]},
    }
    canonicals = InMemoryCanonicals([given, value_set])
    terminology = TerminologyService(canonicals, definitions("4.0.1"))
    assert terminology.contains("urn:x:active", given["url"], "b") is False


@pytest.mark.parametrize(
    ("version", "expected"),
    [("1.2.0", True), ("1.2", True), ("1.2.0-build", True), ("2.0.0", None), ("1.3", None)],
)
def test_a_value_set_means_the_version_that_it_names(version: str, expected: bool | None) -> None:
    given = system(concept=[{"code": "a"}])
    assert is_member(given, {"version": version}, "a") is expected


def test_the_named_version_is_taken_where_several_are_at_hand() -> None:
    old, new = system(concept=[{"code": "a"}]), system(version="2.0.0", concept=[{"code": "b"}])
    coding = {"system": old["url"], "code": "a"}
    assert codes(coded(**coding, version="1.2.0"), old, new) == []
    assert codes(coded(**coding, version="2.0.0"), old, new) == ["KB572 Basic.code.coding[0].code"]
    [issue] = [
        one
        for one in Validator(canonicals=InMemoryCanonicals([old])).check(
            coded(**coding, version="3.0.0")
        )
        if one.code == "KB719"
    ]
    assert "not checked" in issue.message and "1.2.0" in (issue.help or "")


@pytest.mark.parametrize(("stated", "finds"), [({}, 0), ({"caseSensitive": False}, 0),
                                               ({"caseSensitive": True}, 1)])  # fmt: skip
def test_case_matters_where_the_code_system_says_so(stated: dict[str, Any], finds: int) -> None:
    given = system(concept=[{"code": "Abc"}], **stated)
    assert len(codes(coded(system=given["url"], code="abc"), given)) == finds
    assert is_member(given, {}, "abc") is (finds == 0)


def test_a_supplement_is_no_system() -> None:
    supplement = {
        **system(content="supplement", concept=[{"code": "a"}]),
        "url": f"{BASE}/CodeSystem/more",
        "supplements": f"{BASE}/CodeSystem/c|1.2.0",
    }
    found = codes(coded(system=supplement["url"], code="a"), supplement)
    assert found == ["KB682 Basic.code.coding[0].system"]
    value_set = {
        "resourceType": "ValueSet",
        "status": "active",
        "compose": {"include": [{"system": supplement["url"]}]},
    }
    assert codes(value_set, supplement) == ["KB682 ValueSet.compose.include[0]"]


#: Verdicts of HL7's library for UCUM (org.fhir:ucum 1.0.10).
UNITS = ["mm[Hg]", "kg/m2", "g/dL", "{tbl}", "10*3/uL", "10^3/uL", "mL/min/{1.73_m2}", "%",
         "[iU]/mL", "m2{x}", "/min", "ug/kg/(24.h)", "{a b}", "{a}{b}", "m100", "KiBy"]  # fmt: skip
NO_UNITS = ["mmHg", "kg/m^2", "G/DL", "cells/uL", "2m", "(m)2", "m/", "100%", "mg {creat}",
            "{é}", "MEQ"]  # fmt: skip


@pytest.mark.parametrize("code", UNITS + NO_UNITS)
@pytest.mark.parametrize("key", ["valueQuantity", "valueCoding", "valueAge"])
def test_units_are_those_of_ucum_wherever_they_stand(code: str, key: str) -> None:
    value = {"system": UCUM, "code": code}
    given = {"resourceType": "Parameters", "parameter": [{"name": "x", key: value}]}
    found = [one for one in codes(given) if one.startswith("KB572")]
    kind = key.removeprefix("value")
    place = f"KB572 Parameters.parameter[0].value.ofType({kind}).code"
    assert found == ([place] if code in NO_UNITS else [])


def test_units_of_other_systems_are_not_ucum() -> None:
    quantity = {"value": 1, "system": "urn:x:units", "code": "mmHg"}
    given = {"resourceType": "Parameters", "parameter": [{"name": "x", "valueQuantity": quantity}]}
    assert codes(given) == []


def test_units_that_a_value_set_lists() -> None:
    include = {"system": UCUM, "concept": [{"code": "mm[Hg]"}, {"code": "mmHg"}]}
    value_set = {"resourceType": "ValueSet", "status": "active", "compose": {"include": [include]}}
    assert codes(value_set) == ["KB711 ValueSet.compose.include[0].concept[1]"]


def test_an_empty_word_is_no_unit() -> None:
    is_unit = grammar_check("ucum")
    assert is_unit is not None
    assert not is_unit("")
    assert is_unit("0")


def test_a_value_set_or_map_is_not_compared_with_another_version() -> None:
    given = system(concept=[{"code": "a"}], caseSensitive=True)

    def value_set(version: str) -> dict[str, Any]:
        include = {"system": given["url"], "version": version, "concept": [{"code": "b"}]}
        return {"resourceType": "ValueSet", "status": "active", "compose": {"include": [include]}}

    def concept_map(version: str) -> dict[str, Any]:
        side = {"source": given["url"], "sourceVersion": version, "target": UCUM}
        element = {"code": "b", "target": [{"code": "mg", "equivalence": "equal"}]}
        group = {**side, "element": [element]}
        return {"resourceType": "ConceptMap", "status": "active", "group": [group]}

    def unchecked(resource: dict[str, Any]) -> list[str]:
        issues = Validator("4.0.1", canonicals=InMemoryCanonicals([given])).check(resource)
        return [f"{one.code} {one.path}" for one in issues if one.is_not_checked]

    place = "ValueSet.compose.include[0]"
    assert codes(value_set("1.2"), given) == [f"KB711 {place}.concept[0]"]
    assert codes(value_set("2.0"), given) == []
    assert unchecked(value_set("2.0")) == [f"KB719 {place}.version"]
    assert codes(concept_map("1.2"), given) == ["KB572 ConceptMap.group[0].element[0].code"]
    assert codes(concept_map("2.0"), given) == []
    assert unchecked(concept_map("2.0")) == ["KB684 ConceptMap.group[0].source"]


def test_units_that_a_map_has() -> None:
    targets = [{"code": code, "equivalence": "equal"} for code in ("mm[Hg]", "mmHg")]
    group = {"source": UCUM, "target": UCUM, "element": [{"code": "kg", "target": targets}]}
    given = {"resourceType": "ConceptMap", "status": "active", "group": [group]}
    assert codes(given) == ["KB715 ConceptMap.group[0].element[0].target[1].code"]
