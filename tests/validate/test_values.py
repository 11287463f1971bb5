"""What the pages of cases cannot show: long strings, exact decimals, fixed values, depth."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from fhir_kb.model.fhir_release import BY_VERSION
from fhir_kb.packages import definitions
from fhir_kb.validate.compiler import MAX_NESTING, RECURSIVE
from fhir_kb.validate.core.context import Context
from fhir_kb.validate.datatypes.fixed_values import fixed_to, like_pattern
from fhir_kb.validate.datatypes.numbers import number
from fhir_kb.validate.validator import Validator


def _codes(resource: Any, version: str = "5.0.0") -> list[str]:
    return [issue.code for issue in Validator(version, invariants=False).check(resource)]


def _parameter(**value: Any) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": "x", **value}]}


def test_a_string_has_at_most_a_million_characters() -> None:
    assert _codes(_parameter(valueString="a" * 1024 * 1024)) == []
    assert _codes(_parameter(valueString="a" * (1024 * 1024 + 1))) == ["KB520"]


@pytest.mark.parametrize(
    "text", ["1.50", "0", "-0.1", "1e5", "1E+5", "1.5e-7", "123456789012345678"]
)
def test_decimals_that_all_releases_know(text: str) -> None:
    for version in BY_VERSION:
        assert _codes(_parameter(valueDecimal=number(text)), version) == []


# http://hl7.org/fhir/R5/datatypes.html#decimal limits the digits; R4 does not. The exponent's
# leading zero is refused by the pattern that the HL7 validator uses for R5.
@pytest.mark.parametrize("text", ["1e-05", "1234567890123456789", "0.123456789012345678"])
def test_decimals_that_r5_refuses(text: str) -> None:
    value = number(text) if not text.isdigit() else int(text)
    assert _codes(_parameter(valueDecimal=value)) == ["KB529"]
    assert _codes(_parameter(valueDecimal=value), "4.0.1") == []


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")]
)
def test_what_is_no_number_is_no_decimal(value: Any) -> None:
    assert _codes(_parameter(valueDecimal=value)) == ["KB529"]


def test_numbers_too_long_to_print_are_findings() -> None:
    assert _codes(_parameter(valueInteger=10**6000)) == ["KB528"]
    assert _codes(_parameter(valueDecimal=10**6000), "4.0.1") == ["KB529"]
    assert _codes(_parameter(valueBoolean=10**6000)) == ["KB513"]


def test_a_hundred_thousand_findings_take_no_more_than_their_time() -> None:
    names = [{"family": ""}] * 100_000
    assert len(_codes({"resourceType": "Patient", "name": names})) == 100_000


def test_floats_are_judged_by_their_value() -> None:
    assert _codes(_parameter(valueDecimal=0.00001)) == []


def _passes(_value: Any, _context: Context) -> None:
    return None


def test_fixed_values_are_equal_in_all() -> None:
    check = fixed_to({"code": "a", "value": Decimal("1.0")}, _passes)
    context = Context({})
    assert not check({"value": Decimal("1.0"), "code": "a"}, context)
    assert check({"code": "a"}, context)
    assert check({"code": "a", "value": Decimal("1.0"), "unit": "b"}, context)
    assert fixed_to(True, _passes)(1, context), "1 is not true"


def test_patterns_are_contained() -> None:
    check = like_pattern({"coding": [{"code": "a"}]}, _passes)
    context = Context({})
    assert not check(
        {"coding": [{"code": "b"}, {"code": "a", "system": "s"}], "text": "t"}, context
    )
    found = check({"coding": [{"code": "b"}]}, context)
    assert found
    assert found[0].code.id == "KB542"


def _nested(depth: int, inner: Any, wrap: Any) -> Any:
    for _ in range(depth):
        inner = wrap(inner)
    return inner


@pytest.mark.parametrize(
    "resource",
    [
        {
            "resourceType": "PlanDefinition",
            "status": "draft",
            "action": [_nested(MAX_NESTING + 5, {"title": "x"}, lambda a: {"action": [a]})],
        },
        _nested(
            MAX_NESTING + 5,
            {"resourceType": "Patient"},
            lambda r: {
                "resourceType": "Bundle",
                "type": "batch",
                "entry": [{"resource": r, "request": {"method": "POST", "url": "Bundle"}}],
            },
        ),
        {
            "resourceType": "Patient",
            "identifier": [
                _nested(
                    MAX_NESTING + 5,
                    {"value": "1"},
                    lambda i: {"value": "1", "assigner": {"identifier": i}},
                )
            ],
        },
    ],
    ids=["actions", "bundles", "identifiers"],
)
def test_endless_nesting_is_refused_and_not_followed(resource: Any) -> None:
    assert _codes(resource) == ["KB505"]
    Validator("5.0.0").check(resource)


@pytest.mark.parametrize("version", BY_VERSION)
def test_types_lead_back_to_themselves_only_where_depth_is_counted(version: str) -> None:
    known = definitions(version)
    done: set[str] = set()

    def visit(type_path: str, way: tuple[str, ...]) -> None:
        assert type_path not in way, way
        if type_path in done:
            return
        for one in known.properties(type_path).values():
            inner = one.type_path
            counted = (
                inner in RECURSIVE
                or inner == "Resource"
                or one.element is None
                or one.element.content_reference
            )
            if not counted and inner not in known.primitive_types:
                visit(inner, (*way, type_path))
        done.add(type_path)

    for name in sorted(known.resource_types | known.data_types):
        visit(name, ())


def test_values_of_no_json_type_are_findings() -> None:
    for value in (("a",), {1}, object(), b"x"):
        assert _codes({"resourceType": "Patient", "gender": value}) == ["KB513"]
    for resource in (None, [], "Patient", 1):
        assert _codes(resource) == ["KB510"]


def test_names_that_are_no_strings_are_findings() -> None:
    assert _codes({"resourceType": "Patient", 1: "x"}) == ["KB512"]


def test_checking_changes_nothing() -> None:
    resource = {"resourceType": "Patient", "name": [{"given": ["", None]}], "x": {}}
    before = json.dumps(resource)
    first, second = (Validator("5.0.0").check(resource) for _ in range(2))
    assert json.dumps(resource) == before
    assert first == second


def test_an_issue_has_its_place_in_fhirpath_and_in_json() -> None:
    value = {"low": {"value": "1"}}
    action = {"title": "x", "timingRange": value}
    resource = {"resourceType": "PlanDefinition", "status": "draft", "action": [action]}
    [issue] = Validator("5.0.0", invariants=False).check(resource)
    assert issue.path == "PlanDefinition.action[0].timing.ofType(Range).low.value"
    assert issue.json_path == "PlanDefinition.action[0].timingRange.low.value"
    assert issue.pointer == ("action", 0, "timingRange", "low", "value")


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match="9"):
        Validator("9.0.0")


@pytest.mark.parametrize("odd", [{}, [], {"a": 1}, 1, None])
def test_entries_of_odd_types_are_found_wrong(odd: Any) -> None:
    entry = {"fullUrl": "https://a.org/Patient/1", "resource": {"resourceType": odd, "id": "1"}}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
    for version in BY_VERSION:
        assert _codes(bundle, version)
