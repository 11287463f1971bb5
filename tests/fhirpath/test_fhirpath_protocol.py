"""Answers for people and for programs."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from fhir_kb.fhirpath import FHIRPathError
from fhir_kb.fhirpath.protocol import ResultItem, evaluate, respond
from fhir_kb.packages import definitions

PATIENT = {
    "resourceType": "Patient",
    "name": [{"given": ["Ada"]}, {"given": ["Eve", "May"]}],
    "active": True,
}


def _load(path, _fhir_version):
    if path == "patient.json":
        return PATIENT
    raise FileNotFoundError(f"there is no file {path}")


def ask(**question):
    line = json.dumps({"fhir": "5.0.0", "input": "patient.json", **question})
    return json.loads(respond(line, definitions, _load))


def test_a_person_sees_type_value_and_path():
    found = evaluate("name[1].given | active | 1.50", PATIENT, definitions("5.0.0"))
    assert found.items == (
        ResultItem("FHIR.string", "Eve", "Patient.name[1].given[0]"),
        ResultItem("FHIR.string", "May", "Patient.name[1].given[1]"),
        ResultItem("FHIR.boolean", True, "Patient.active"),
        ResultItem("System.Decimal", Decimal("1.50"), ""),
    )


def test_a_person_sees_traces():
    found = evaluate("active.trace('it')", PATIENT, definitions("5.0.0"))
    assert found.traces == (("it", (ResultItem("FHIR.boolean", True, "Patient.active"),)),)


def test_a_line_is_answered_with_types_and_values():
    assert ask(expression="name.given.first()") == {
        "result": [{"type": "FHIR.string", "value": "Ada", "path": "Patient.name[0].given[0]"}]
    }
    assert ask(expression="1.50 'mg'") == {
        "result": [{"type": "System.Quantity", "value": "1.50 'mg'"}]
    }
    assert ask(expression="1.50") == {"result": [{"type": "System.Decimal", "value": "1.50"}]}
    assert ask(expression="@2020-01-01T10:00Z", input=None) == {
        "result": [{"type": "System.DateTime", "value": "2020-01-01T10:00Z"}]
    }
    assert ask(expression="active.type()")["result"][0]["value"] == {
        "namespace": "FHIR",
        "name": "boolean",
    }


def test_the_mode_makes_it_strict():
    assert ask(expression="nmae") == {"result": []}
    assert "did you mean 'name'" in ask(expression="nmae", mode="strict")["error"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no json",
        "[]",
        "null",
        "{}",
        '{"fhir": "5.0.0"}',
        '{"fhir": "9", "expression": "1"}',
        '{"fhir": "5.0.0", "expression": 1}',
        '{"fhir": "5.0.0", "expression": "1", "input": "nowhere.json"}',
        '{"fhir": "5.0.0", "expression": "1 +"}',
        '{"fhir": ["5.0.0"], "expression": "1"}',
        "[" * 100_000,
    ],
)
def test_a_bad_line_is_answered_with_an_error(line):
    answer = json.loads(respond(line, definitions, _load))
    assert list(answer) == ["error"]


def test_an_error_says_where():
    with pytest.raises(FHIRPathError) as caught:
        evaluate("name.first(", PATIENT, definitions("5.0.0"))
    assert str(caught.value) == "1:12: expected a value, but the expression ends"
