"""What certain.py is sure of, FHIRPath says too; and what names settle, evaluation confirms."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from fhir_kb.fhirpath import FHIRPathError, compile_expression
from fhir_kb.packages import definitions
from fhir_kb.validate.invariants.certain import OF_OBJECTS, OF_TYPES, OF_VALUES

_DATES = (
    "2024", "2025", "2024-05", "2024-06", "2024-02-30", "2024-05-01", "2024-05-31", "2024-12-31",
    "2024-05-01T10:00:00Z", "2024-05-01T10:00:00+14:00", "2024-05-01T10:00:00.5Z", "9999-12-31",
    "2024-05-01T10:00:60Z", "2024-05-31T24:00:00Z", "0001", "9999", "0001-01-01", "yesterday",
    "2024-05-01T10:00:00",
)  # fmt: skip
_NUMBERS: tuple[Any, ...] = (
    0, 1, -1, 1.5, Decimal("1.50"), 10**11, 10**40, -0.0, 1e-4, 1e300, float("nan"),
    Decimal("0.000000000000000000000000000000000001"), Decimal("1E+5"), True, "1", None, [1],
)  # fmt: skip
_UNITS: tuple[dict[str, Any], ...] = (
    {}, {"unit": "x"}, {"code": "mg", "system": "http://unitsofmeasure.org"}, {"code": "g"},
    {"code": "foo", "unit": "mg"}, {"comparator": "<"}, {"code": 5}, {"unit": {}}, {"code": ""},
)  # fmt: skip
_TEXTS: tuple[Any, ...] = (
    "Plan", "P", "plan", "A" * 255, "A" * 256, "A b", "Plan\n", "Éa", "", None, 1, ["Plan"], {},
    "http://example.org/x", "http://example.org/x#y", "a|b", "a b", "a\n",
)  # fmt: skip


def _range(low: Any, high: Any) -> dict[str, Any]:
    return {"low": low, "high": high}


def _values() -> dict[str, list[Any]]:
    pairs = itertools.product(_NUMBERS, _NUMBERS, _UNITS, _UNITS)
    return {
        "Period": [
            {"start": a, "end": b} for a, b in itertools.product((*_DATES, 1, None), _DATES)
        ],
        "Range": [_range({"value": a, **u}, {"value": b, **w}) for a, b, u, w in pairs]
        + [_range({}, 1), _range(None, [])],
        "Library": [{"resourceType": "Library", "name": text} for text in _TEXTS],
    }


def _holds(expression: str, value: Any, type_path: str) -> bool:
    try:
        compiled = compile_expression(expression, definitions("5.0.0"))
        return compiled.test(value, type_path=type_path) is True
    except FHIRPathError:
        return False


@pytest.mark.parametrize("expression", OF_OBJECTS)
def test_what_is_certain_of_objects_is_true(expression: str) -> None:
    kind = "Library" if "name" in expression else "Period" if "start" in expression else "Range"
    sure = [value for value in _values()[kind] if OF_OBJECTS[expression](value)]
    assert len(sure) >= 2
    assert [value for value in sure if not _holds(expression, value, kind)] == []


@pytest.mark.parametrize("expression", OF_VALUES)
def test_what_is_certain_of_simple_values_is_true(expression: str) -> None:
    sure = [value for value in _TEXTS if OF_VALUES[expression](value)]
    assert len(sure) >= 2
    assert [value for value in sure if not _holds(expression, value, "uri")] == []


@pytest.mark.parametrize(("kind", "expression"), OF_TYPES)
def test_what_is_certain_of_values_of_a_type_is_true(kind: str, expression: str) -> None:
    values = [*_DATES, *_TEXTS, 1, None]
    sure = [value for value in values if OF_TYPES[kind, expression](value)]
    assert len(sure) >= 2
    assert [value for value in sure if not _holds(expression, value, kind)] == []


@pytest.mark.parametrize("version", ["5.0.0", "4.0.1"])
def test_certain_expressions_are_those_of_a_release(version: str) -> None:
    known = definitions(version)
    stated = set()
    for name in (*known.resource_types, *known.data_types, *known.abstract_types):
        kind = known.type(name)
        stated |= {one.expression for one in kind.invariants}
        stated |= {
            one.expression for element in kind.by_path.values() for one in element.invariants
        }
    certain = {*OF_OBJECTS, *OF_VALUES}
    assert len(certain & stated) >= (4 if version == "5.0.0" else 1)
