"""What the names of properties settle is what evaluation finds for objects that have them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from fhir_kb.fhirpath import compile_expression
from fhir_kb.packages import definitions

R5 = definitions("5.0.0")


@pytest.mark.parametrize(
    ("expression", "names", "is_settled"),
    [
        ("code.empty() or system.exists()", "value", True),
        ("code.empty() or system.exists()", "code", False),
        ("code.empty() or system.exists()", "code system", True),
        ("code.exists() implies system = 'x'", "value", True),
        ("code.exists() implies system = 'x'", "code system", False),
        ("code.exists().not() implies unit.exists().not()", "unit", False),
        ("code.exists() xor system.exists()", "system", True),
        ("code.exists() != system.exists()", "code system", False),
        ("code.exists() and system.exists()", "code system", True),
        ("extension.where(url = 'x').empty()", "value", True),
        ("extension.where(url = 'x').empty()", "extension", False),
        ("extension.all(url = 'x')", "value", True),
        ("value > 1", "value", False),
        ("{} implies true", "value", True),
        ("code.hasValue().not()", "value", True),
        ("code.hasValue()", "code", False),  # it may have nothing but extensions
        ("code.exists()", "_code", False),  # nor is anything said where these are
        ("%context.repeat(extension).where(url = 'x').exists().not()", "value", True),
        ("nonsense.empty()", "value", False),
        ("1/0 = 1 or code.empty()", "value", True),
    ],
)
def test_settled(expression: str, names: str, is_settled: bool) -> None:
    compiled = compile_expression(expression, R5)
    assert compiled.is_true_for("Quantity", frozenset(names.split())) is is_settled


_VALUES: dict[str, dict[str, Any]] = {
    "Quantity": {"value": 1, "code": "mg", "system": "http://unitsofmeasure.org", "unit": "mg"},
    "Coding": {"code": "a", "display": "A", "system": "http://example.org/s"},
    "TriggerDefinition": {
        "type": "named-event", "name": "n", "timingDate": "2024", "data": [{"type": "Patient"}],
        "condition": {"expression": "true"},
    },
    "Timing.repeat": {
        "count": 1, "countMax": 2, "duration": 1, "durationUnit": "h", "period": 1, "offset": 5,
        "periodUnit": "d", "periodMax": 2, "when": ["C"], "timeOfDay": ["09:30:00"],
    },
    "ValueSet.compose.include": {
        "system": "http://example.org/s", "valueSet": ["http://example.org/v"],
        "concept": [{"code": "a"}], "filter": [{"property": "a", "op": "=", "value": "b"}],
    },
    "Reference": {"reference": "Patient/a", "display": "A", "identifier": {"value": "1"}},
}  # fmt: skip


@pytest.mark.parametrize("type_path", _VALUES)
def test_of_all_combinations_none_is_settled_that_does_not_hold(type_path: str) -> None:
    values = _VALUES[type_path]
    owner, _, inner = type_path.partition(".")
    stated = R5.type(owner).by_path[type_path] if inner else R5.type(owner)
    tests = [compile_expression(one.expression, R5) for one in stated.invariants]
    settled = 0
    for size in range(1, len(values) + 1):
        for names in itertools.combinations(values, size):
            node = {name: values[name] for name in names}
            for compiled in tests:
                if compiled.is_true_for(type_path, frozenset(names)):
                    settled += 1
                    assert compiled.test(node, type_path=type_path) is True, (compiled, node)
    assert settled > 0
