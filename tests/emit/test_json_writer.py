from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_kb.emit import EmitError, canonical_json, compact_json
from fhir_kb.model import Element

texts = st.text(st.characters(exclude_categories=["Cs"]))
decimals = st.decimals(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | decimals | texts
values = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20
)


@pytest.mark.parametrize(
    "digits", ["1.50", "0.10", "1E+2", "-0.0", "100", "1.00000000000000000001"]
)
def test_decimals_keep_their_digits(digits: str) -> None:
    assert compact_json({"value": Decimal(digits)}) == b'{"value":%s}' % digits.encode()
    assert canonical_json([Decimal(digits)]) == b"[\n  %s\n]\n" % digits.encode()


def test_text_is_utf8_as_it_is() -> None:
    assert compact_json("Fußschmerz, µ 疼痛 \u2028") == '"Fußschmerz, µ 疼痛 \u2028"'.encode()


def test_elements_are_objects() -> None:
    assert compact_json(Element({"a": [Element({"b": 1})]})) == b'{"a":[{"b":1}]}'


@pytest.mark.parametrize(
    "value",
    [
        Decimal("NaN"),
        Decimal("Infinity"),
        2**64,
        "\ud800",
        {"\udfff": 1},
        object(),
        {1: "x"},
        {"x": b"bytes"},
    ],
)
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    for write in (canonical_json, compact_json):
        with pytest.raises(EmitError):
            write(value)


def test_endless_nesting_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(EmitError):
        compact_json(value)


@given(values)
def test_both_layouts_say_the_same(value: Any) -> None:
    pretty, compact = canonical_json(value), compact_json(value)
    assert _read(pretty) == _read(compact) == value
    assert pretty.endswith(b"\n")
    assert b"\n" not in compact


def _read(content: bytes) -> Any:
    return json.loads(content, parse_float=Decimal, parse_int=Decimal)


def test_indentation_is_that_of_the_standard_library() -> None:
    value = {"a": [1, {"b": []}], "c": {}, "d": math.pi}
    assert canonical_json(value).decode() == json.dumps(value, indent=2) + "\n"
