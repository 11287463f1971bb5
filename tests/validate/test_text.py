"""Checking texts: what is wrong before FHIR begins, and where everything stands."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_kb.diagnostics import Severity
from fhir_kb.validate import check_lines, check_text
from fhir_kb.validate.input.json import MAX_DEPTH
from fhir_kb.validate.input.positions import Positions

PLAN = b'{"resourceType": "PlanDefinition", "status": "draft"}'


def _found(data: bytes, **how: Any) -> list[tuple[str, int, int]]:
    issues = check_text(data, **how).issues
    return [(i.code, i.line, i.column) for i in issues if i.code not in ("KB590", "KB591")]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (PLAN, []),
        (b'{"resourceType": "Patient",}', [("KB501", 1, 27)]),
        (b'{"resourceType": "Patient"', [("KB501", 1, 27)]),
        (b'{"resourceType": "Patient"} x', [("KB501", 1, 29)]),
        (b'{"a": NaN}', [("KB501", 1, 7)]),
        (b'{"a": -Infinity}', [("KB501", 1, 8)]),
        (b'{"a": 01}', [("KB501", 1, 7)]),
        (b'{"a": "\\ud800"}', [("KB501", 1, 8)]),
        (b'{\n // note\n"a": 1}', [("KB501", 2, 2)]),
        (
            b'{"resourceType": "Patient",\n "gender": "male", "gender": "female"}',
            [("KB502", 2, 20)],
        ),
        (b'{"resourceType": "Patient",\n "id": "\xe9"}', [("KB503", 2, 9)]),
        (PLAN.decode().encode("utf-16"), [("KB503", 1, 1)]),
        (b"\xef\xbb\xbf" + PLAN, [("KB504", 1, 1)]),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), [("KB505", 1, 1)]),
        (b"[" * 100_000, [("KB505", 1, 1)]),
        (b"", [("KB508", 1, 1)]),
        (b" \n ", [("KB508", 1, 1)]),
        (b"[]", [("KB510", 1, 1)]),
        (b"5", [("KB510", 1, 1)]),
    ],
)
def test_texts(data: bytes, found: list[tuple[str, int, int]]) -> None:
    assert _found(data) == found


def test_advice_on_json() -> None:
    [issue] = check_text(b'{"a": 1 // note\n}').issues
    assert issue.help == "JSON has no comments"


def test_issues_have_the_place_of_the_property() -> None:
    data = b"""{
  "resourceType" : "PlanDefinition",
  "status" : "drafted",
  "action" : [ {"title": "one"},
    { "title" : "",  "_title" : {"id" : "t"},
      "title\\u0058": 1, "timingRange":{"low":{"value":"1"}} } ]
}"""
    found = {(i.code, i.path): (i.line, i.column) for i in check_text(data).issues}
    assert found["KB540", "PlanDefinition.status"] == (3, 3)
    assert found["KB508", "PlanDefinition.action[1].title"] == (5, 7)
    assert found["KB512", "PlanDefinition.action[1]"] == (6, 7)
    assert found["KB513", "PlanDefinition.action[1].timing.ofType(Range).low.value"] == (6, 47)


def test_what_is_missing_has_the_place_of_its_parent() -> None:
    data = b"""{"resourceType":"PlanDefinition","status":"draft",
"useContext":[
 {"code":{"system":"http://terminology.hl7.org/CodeSystem/usage-context-type","code":"focus"}}]}"""
    assert _found(data) == [("KB514", 3, 2)]


def test_columns_count_characters_not_bytes() -> None:
    data = '{"resourceType":"Patient","id":"a","language":"é","gender":"x"}'.encode()
    assert ("KB540", 1, 51) in _found(data)


def test_the_release_is_the_callers() -> None:
    data = b'{"resourceType": "Citation", "status": "draft"}'
    assert _found(data) == []
    assert _found(data, fhir_version="4.0.1") == [("KB511", 1, 1)]
    assert check_text(data, fhir_version="4.3.0").resources[0].fhir_version == "4.3.0"


def test_decimals_keep_their_text() -> None:
    data = b'{"resourceType":"Parameters","parameter":[{"name":"a","valueDecimal":%s}]}'
    assert _found(data % b"1e-05") == [("KB529", 1, 55)]
    assert _found(data % b"1e-05", fhir_version="4.0.1") == []


def test_ndjson_has_one_report_for_a_line() -> None:
    data = PLAN + b'\n\n{"resourceType": "Patient", "id": "p", "gender": "m"}\n{"resourceType": \n'
    report = check_text(data)
    assert [(one.resource_type, one.id, one.errors, one.line) for one in report.resources] == [
        ("PlanDefinition", "", 0, 1),
        ("Patient", "p", 1, 3),
        ("", "", 1, 4),
    ]
    assert _found(data) == [("KB540", 3, 40), ("KB501", 4, 18)]
    assert list(check_lines(data.splitlines())) == list(report.resources)


def test_a_report_knows_whether_all_is_well() -> None:
    assert check_text(PLAN).is_valid
    assert check_text(b"\xef\xbb\xbf" + PLAN).is_valid, "a warning is no error"
    assert not check_text(b"{}").is_valid


def test_messages_of_a_bundle_say_which_entry() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"resource": {"resourceType": "Patient", "gender": "m"}, "request": {}}],
    }
    paths = {issue.path for issue in check_text(json.dumps(bundle).encode()).issues}
    assert {"Bundle.entry[0].resource.gender", "Bundle.entry[0].request"} <= paths


def _pointers(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += _pointers(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += _pointers(inner, (*path, index))
    return found


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON_VALUES, st.sampled_from([None, 0, 2]), st.booleans())
def test_positions_point_at_what_they_name(
    value: Any, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    positions = Positions(text)
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    for pointer, place in positions.of(_pointers(value)).items():
        offset = starts[place.line - 1] + place.column - 1
        target: Any = value
        for step in pointer:
            target = target[step]
        expected = pointer[-1] if pointer and isinstance(pointer[-1], str) else target
        decoded, _ = json.JSONDecoder().raw_decode(text, offset)
        assert decoded == expected
    assert list(positions.duplicates()) == []


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    check_text(data)


@given(JSON_VALUES)
def test_no_json_raises(value: Any) -> None:
    check_text(json.dumps(value).encode())
    check_text(json.dumps({"resourceType": "PlanDefinition", "action": value}).encode())


def test_a_line_of_xml_in_ndjson_is_not_passed_over() -> None:
    [report] = check_lines([b'<Patient xmlns="http://hl7.org/fhir"/>'])
    assert [issue.code for issue in report.issues] == ["KB506"]


@pytest.mark.parametrize("item", ["x", 1, ["x"], None, True])
def test_an_item_that_is_no_object_is_a_finding_for_rules_that_look_inside(item: Any) -> None:
    text = {"resourceType": "CapabilityStatement", "rest": [{"resource": [item], "mode": "server"}]}
    codes = [issue.code for issue in check_text(json.dumps(text).encode()).issues]
    assert {"KB513", "KB507"} & set(codes)


def test_many_values_of_one_element_are_read() -> None:
    names = b'<given value="x"/>' * 20_000
    text = b'<Patient xmlns="http://hl7.org/fhir"><name>' + names + b"</name></Patient>"
    assert check_text(text).is_valid


def test_an_expression_beyond_all_limits_is_said_not_to_be_checked() -> None:
    expression = {"language": "text/fhirpath", "expression": "(" * 9000}
    condition = {"kind": "applicability", "expression": expression}
    plan = {
        "resourceType": "PlanDefinition",
        "status": "draft",
        "action": [{"condition": [condition]}],
    }
    issues = check_text(json.dumps(plan).encode()).issues
    assert ("KB592", "information") in {(one.code, one.severity.value) for one in issues}


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (
            b'{"resourceType":"Patient","name":[{"family":"x" "given":["y"]}],"gender":"x"}',
            [("KB501", "Patient.name[0]"), ("KB540", "Patient.gender")],
        ),
        (b'{"resourceType":"Patient" "id":"x"}', [("KB501", "Patient")]),
        (b'{"resourceType":"Patient","name":[{"family":"x"}, ]}', [("KB501", "Patient.name")]),
        (b'{"resourceType":"Patient","id":"x",}', [("KB501", "Patient")]),
        (
            b'// one\n{"resourceType":"Patient", /* two */ "id":"x", // three\n"gender":"male"}',
            [("KB501", "Patient"), ("KB501", "Patient.id"), ("KB501", "Patient.gender")],
        ),
        (
            b'{"resourceType":"Location","position":{"latitude":07,"longitude":9.}}',
            [("KB529", "Location.position.latitude"), ("KB529", "Location.position.longitude")],
        ),
        (b'{"resourceType":"Patient","name":[{"family":"x"}', [("KB501", "")]),
        (b'{"resourceType":"Patient","active":True,}', [("KB501", "")]),
        (b'{"resourceType":"Patient","id":"a","id":"b"}', [("KB502", "Patient")]),
        (b'{"resourceType":"Patient",,"id":"x"}', [("KB501", "Patient")]),
        (b'{"resourceType":"Patient", // one\n"a\\x":1}', [("KB501", "")]),
    ],
)
def test_small_mistakes_in_json_are_mended(data: bytes, found: list[tuple[str, str]]) -> None:
    issues = [one for one in check_text(data).issues if one.severity is Severity.ERROR]
    assert [(one.code, one.path) for one in issues if one.code not in ("KB511", "KB514")] == found


_MENDED = (
    b'{"resourceType":"Patient", // c\n "name": [{"text": "a\\u00e9", /* x */ "given": ["b",]}]}',
    b'{"resourceType":"Patient", "multipleBirthInteger": 01, "active": true,}',
    b'{"resourceType":"Observation","valueQuantity":{"value":925.,"unit":"a"} "status":"final"}',
)
_BYTES = b'{}[]",:/*\\ \n\t0123456789.eE-+truefalsnu\xc3\xa9\xff\x00x'


def test_damaged_small_mistakes_raise_nothing() -> None:
    chance = random.Random(1)
    told = 0
    for _ in range(3000):
        text = bytearray(chance.choice(_MENDED))
        for _ in range(chance.choice((1, 1, 2, 3, 6))):
            place = chance.randrange(len(text))
            match chance.randrange(3):
                case 0:
                    text[place] = chance.choice(_BYTES)
                case 1:
                    del text[place : place + chance.choice((1, 1, 3))]
                case _:
                    text[place:place] = bytes(chance.choices(_BYTES, k=chance.choice((1, 2, 4))))
        told += any(one.severity is Severity.ERROR for one in check_text(bytes(text)).issues)
    assert told > 2900
