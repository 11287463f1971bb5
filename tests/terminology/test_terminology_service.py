"""Codes in value sets that users define: http://hl7.org/fhir/valueset.html#compositions."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.packages import InMemoryCanonicals, definitions
from fhir_kb.terminology.service import TerminologyService
from fhir_kb.validate import Validator

ANIMALS = {
    "caseSensitive": True,
    "resourceType": "CodeSystem",
    "url": "urn:x:animals",
    "version": "1.0",
    "content": "complete",
    "property": [{"code": "legs", "type": "integer"}],
    "concept": [
        {
            "code": "bird",
            "display": "Bird",
            "property": [{"code": "legs", "valueInteger": 2}],
            "concept": [
                {
                    "code": "owl",
                    "display": "Owl",
                    "designation": [{"language": "de", "value": "Eule"}],
                },
                {"code": "dodo", "property": [{"code": "inactive", "valueBoolean": True}]},
            ],
        },
        {"code": "cat", "property": [{"code": "legs", "valueInteger": 4}]},
    ],
}
FEW = {
    "resourceType": "CodeSystem",
    "url": "urn:x:few",
    "content": "fragment",
    "concept": [{"code": "a"}],
}
NOT_KNOWN = {"system": "http://snomed.info/sct"}


def _asked(compose: dict[str, Any], system: str | None, code: str, **more: Any) -> bool | None:
    value_set = {"resourceType": "ValueSet", "url": "urn:x:set", "compose": compose}
    known = [ANIMALS, FEW, value_set, *more.pop("others", ())]
    terminology = TerminologyService(InMemoryCanonicals(known), definitions("5.0.0"))
    return terminology.contains("urn:x:set", system, code, **more)


def _filtered(name: str, operator: str, value: str) -> dict[str, Any]:
    one = {"property": name, "op": operator, "value": value}
    return {"include": [{"system": "urn:x:animals", "filter": [one]}]}


CAT = {"system": "urn:x:animals", "concept": [{"code": "cat"}]}
WHOLE = {"include": [{"system": "urn:x:animals"}]}


@pytest.mark.parametrize(
    ("compose", "code", "expected"),
    [
        (WHOLE, "owl", True),
        (WHOLE, "unicorn", False),
        (WHOLE, "Owl", False),
        ({**WHOLE, "inactive": False}, "dodo", False),
        ({**WHOLE, "inactive": True}, "dodo", True),
        ({"include": [CAT]}, "cat", True),
        ({"include": [CAT]}, "owl", False),
        ({**WHOLE, "exclude": [CAT]}, "cat", False),
        (_filtered("concept", "is-a", "bird"), "bird", True),
        (_filtered("concept", "is-a", "bird"), "owl", True),
        (_filtered("concept", "is-a", "bird"), "cat", False),
        (_filtered("concept", "descendent-of", "bird"), "bird", False),
        (_filtered("concept", "descendent-of", "bird"), "owl", True),
        (_filtered("concept", "is-not-a", "bird"), "owl", False),
        (_filtered("concept", "is-not-a", "bird"), "cat", True),
        (_filtered("concept", "generalizes", "owl"), "bird", True),
        (_filtered("concept", "generalizes", "owl"), "dodo", False),
        (_filtered("concept", "child-of", "bird"), "owl", True),
        (_filtered("concept", "child-of", "bird"), "bird", False),
        (_filtered("concept", "descendent-leaf", "bird"), "dodo", True),
        (_filtered("legs", "=", "4"), "cat", True),
        (_filtered("legs", "=", "4"), "bird", False),
        (_filtered("legs", "in", "2, 4"), "bird", True),
        (_filtered("legs", "not-in", "2,3"), "bird", False),
        (_filtered("legs", "exists", "true"), "owl", False),
        (_filtered("legs", "exists", "false"), "owl", True),
        (_filtered("code", "regex", "o.l|c.*"), "owl", True),
        (_filtered("code", "regex", "o"), "owl", False),
        (_filtered("code", "regex", "("), "owl", None),
        (_filtered("wings", "=", "2"), "owl", None),
        (_filtered("concept", "no-such-operator", "2"), "owl", None),
    ],
)  # fmt: skip
def test_a_composition_decides(compose: dict[str, Any], code: str, expected: bool | None) -> None:
    assert _asked(compose, "urn:x:animals", code) is expected
    assert _asked(compose, None, code) is expected


def test_a_regex_that_explodes_is_answered_in_time() -> None:
    compose = _filtered("code", "regex", "(o|ow|w|l|wl)*" * 20 + "!")
    assert _asked(compose, "urn:x:animals", "owl") is False


def test_another_system_and_none() -> None:
    assert _asked(WHOLE, "urn:x:few", "owl") is False
    assert _asked(WHOLE, "", "owl") is False


def test_what_is_not_known_is_not_guessed() -> None:
    assert _asked({"include": [NOT_KNOWN]}, NOT_KNOWN["system"], "73211009") is None
    assert _asked({"include": [NOT_KNOWN]}, "urn:x:animals", "owl") is False
    assert _asked({"include": [{"system": "urn:x:few"}]}, "urn:x:few", "a") is True
    assert _asked({"include": [{"system": "urn:x:few"}]}, "urn:x:few", "b") is None
    assert _asked({**WHOLE, "exclude": [{"valueSet": ["urn:x:none"]}]}, None, "owl") is None
    assert _asked({"include": [{"valueSet": ["urn:x:none"]}]}, None, "owl") is None


def test_listed_codes_are_certain_without_the_system() -> None:
    compose = {"include": [{**NOT_KNOWN, "concept": [{"code": "1"}]}]}
    assert _asked(compose, NOT_KNOWN["system"], "1") is True
    assert _asked(compose, NOT_KNOWN["system"], "2") is False


def test_imports_are_intersected_and_circles_end() -> None:
    other = {
        "resourceType": "ValueSet",
        "url": "urn:x:other",
        "compose": {"include": [{"valueSet": ["urn:x:set"]}, {**WHOLE["include"][0]}]},
    }
    compose = {
        "include": [
            {"system": "urn:x:animals", "concept": [{"code": "cat"}, {"code": "x"}],
             "valueSet": ["urn:x:other"]}
        ]
    }  # fmt: skip
    assert _asked(compose, "urn:x:animals", "cat", others=[other]) is True
    assert _asked(compose, "urn:x:animals", "owl", others=[other]) is False
    circle = {"include": [{"valueSet": ["urn:x:set"]}]}
    assert _asked(circle, "urn:x:animals", "owl") is None


def test_versions_of_code_systems() -> None:
    compose = {"include": [{"system": "urn:x:animals", "version": "1.0"}]}
    assert _asked(compose, "urn:x:animals", "owl", version="1.0") is True
    assert _asked(compose, "urn:x:animals", "owl", version="2.0") is False
    assert _asked(compose, "urn:x:animals", "owl") is True
    newer = {"include": [{"system": "urn:x:animals", "version": "2.0"}]}
    assert _asked(newer, "urn:x:animals", "unicorn") is None


def test_an_expansion_says_what_the_definition_does_not() -> None:
    inner = [{"system": "urn:y", "code": "2"}]
    expansion = {"contains": [{"system": "urn:y", "code": "1", "contains": inner}]}
    value_set = {"resourceType": "ValueSet", "url": "urn:x:set", "expansion": expansion}
    terminology = TerminologyService(InMemoryCanonicals([value_set]), definitions("4.0.1"))
    assert terminology.contains("urn:x:set", "urn:y", "2") is True
    assert terminology.contains("urn:x:set", "urn:y", "3") is False
    part = {**value_set, "expansion": {**expansion, "total": 7}}
    terminology = TerminologyService(InMemoryCanonicals([part]), definitions("4.0.1"))
    assert terminology.contains("urn:x:set", "urn:y", "3") is None


@pytest.mark.parametrize("version", ["4.0.1", "4.3.0", "5.0.0"])
def test_what_ships_is_known(version: str) -> None:
    terminology = TerminologyService(None, definitions(version))
    gender = "http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1"
    assert terminology.contains(gender, None, "female") is True
    assert terminology.contains(gender, None, "feminine") is False
    codes = "http://terminology.hl7.org/ValueSet/v3-ActEncounterCode"
    act_code = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    assert terminology.contains(codes, act_code, "AMB") is True
    assert terminology.contains(codes, act_code, "PATDOC") is False
    assert terminology.contains("urn:x:none", act_code, "AMB") is None
    assert terminology.display(act_code, "PATDOC") == "patient documentation task"


def test_displays_come_with_supplements() -> None:
    supplement = {
        "resourceType": "CodeSystem",
        "url": "urn:x:more",
        "content": "supplement",
        "supplements": "urn:x:animals|1.0",
        "concept": [{"code": "owl", "designation": [{"language": "fr", "value": "Hibou"}]}],
    }
    value_set = {
        "resourceType": "ValueSet",
        "url": "urn:x:set",
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/valueset-supplement",
                "valueCanonical": "urn:x:more",
            }
        ],
        "compose": WHOLE,
    }
    terminology = TerminologyService(
        InMemoryCanonicals([ANIMALS, supplement, value_set]), definitions("5.0.0")
    )
    assert terminology.displays("urn:x:animals", "owl") == ("Owl", "Eule")
    assert terminology.displays("urn:x:animals", "owl", "urn:x:set") == ("Owl", "Eule", "Hibou")
    assert terminology.displays("urn:x:animals", "unicorn") is None


@pytest.mark.parametrize("rubbish", [None, 3, "x", {}, [None], [{"system": 1}], [{"filter": [3]}]])
def test_rubbish_in_definitions_is_passed_over(rubbish: Any) -> None:
    concept = {"include": [{"system": "urn:x", "concept": rubbish}]}
    for compose in (rubbish, {"include": rubbish}, concept):
        assert _asked(compose, "urn:x:animals", "owl") is not True


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        ("http://unitsofmeasure.org", "mm[Hg]", True),
        ("http://unitsofmeasure.org", "kg/m2", True),
        ("http://unitsofmeasure.org", "mm[Hg", False),
        ("http://unitsofmeasure.org", "kg m2", False),
        ("http://unitsofmeasure.org", "nonsense", False),
        ("urn:ietf:bcp:47", "de-AT", True),
        ("urn:ietf:bcp:47", "de_AT", False),
        ("urn:ietf:bcp:13", "text/cql", True),
        ("urn:ietf:bcp:13", "text", False),
        ("urn:iso:std:iso:4217", "EUR", True),
        ("urn:iso:std:iso:4217", "eur", False),
        ("http://snomed.info/sct", "1", None),
    ],
)
def test_codes_that_follow_a_grammar(system: str, code: str, expected: bool | None) -> None:
    assert TerminologyService(None, definitions("5.0.0")).has_code(system, code) is expected


CONTENT = {**ANIMALS, "filter": [{"code": "wings", "operator": ["="], "value": "a number"}]}


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        ({"property": "legs", "op": "=", "value": "2"}, []),
        ({"property": "legs", "op": "=", "value": "lt3"}, []),
        ({"property": "legs", "op": "in", "value": "2, 4"}, []),
        ({"property": "legs", "op": "=", "value": "two"}, ["KB712"]),
        ({"property": "wings", "op": "=", "value": "2"}, []),
        ({"property": "tails", "op": "=", "value": "2"}, ["KB713"]),
        ({"property": "parent", "op": "=", "value": "unicorn"}, ["KB712"]),
        ({"property": "parent", "op": "=", "value": "bird"}, []),
    ],
)
def test_filters_are_compared_with_the_users_code_system(one: Any, expected: list[str]) -> None:
    value_set = {
        "resourceType": "ValueSet",
        "status": "active",
        "compose": {"include": [{"system": "urn:x:animals", "filter": [one]}]},
    }
    found = Validator(canonicals=InMemoryCanonicals([CONTENT])).check(value_set)
    assert [each.code for each in found if each.code.startswith("KB7")] == expected


def test_codings_are_compared_with_the_users_code_system() -> None:
    def found(**coding: Any) -> list[str]:
        coded = {"coding": [{"system": "urn:x:animals", **coding}]}
        issues = Validator(canonicals=InMemoryCanonicals([ANIMALS])).check(
            {"resourceType": "Basic", "code": coded}
        )
        return [one.code for one in issues if one.code != "KB591"]

    assert found(code="owl", display="owl") == []
    assert found(code="owl", display="Eule") == []
    assert found(code="owl", display="Hibou") == ["KB573"]
    assert found(code="unicorn") == ["KB572"]
    assert found(code="unicorn", version="9") == ["KB719"]


def test_a_map_is_compared_with_the_value_sets_of_its_scope() -> None:
    value_set = {"resourceType": "ValueSet", "url": "urn:x:cats", "compose": {"include": [CAT]}}
    concept_map = {
        "resourceType": "ConceptMap",
        "status": "active",
        "sourceScopeUri": "urn:x:cats",
        "group": [
            {
                "source": "urn:x:animals",
                "element": [{"code": "owl", "noMap": True}, {"code": "cat", "noMap": True}],
            }
        ],
    }
    issues = Validator(canonicals=InMemoryCanonicals([ANIMALS, value_set])).check(concept_map)
    found = [(one.message_id, one.path) for one in issues if one.code == "KB715"]
    assert found == [
        ("CONCEPTMAP_GROUP_SOURCE_CODE_INVALID_VS", "ConceptMap.group[0].element[0].code")
    ]


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://hl7.org/fhir/concept-properties#parent", True),
        (None, True),
        ("urn:x:parent", False),
    ],
)
def test_a_property_of_ones_own_makes_no_hierarchy(uri: str | None, expected: bool) -> None:
    """Its uri says what a property is, whatever its code: HL7's validator has it so too."""
    properties = [{"code": "parent", "type": "code", **({"uri": uri} if uri else {})}]
    inner = {"code": "b", "property": [{"code": "parent", "valueCode": "a"}]}
    system = {
        "resourceType": "CodeSystem",
        "url": "urn:x:tree",
        "content": "complete",
        "property": properties,
        "concept": [{"code": "a"}, inner],
    }
    below = {"property": "concept", "op": "is-a", "value": "a"}
    is_it = {"property": "parent", "op": "=", "value": "a"}
    for condition, answer in ((below, expected), (is_it, True)):
        compose = {"include": [{"system": "urn:x:tree", "filter": [condition]}]}
        assert _asked(compose, "urn:x:tree", "b", others=[system]) is answer
