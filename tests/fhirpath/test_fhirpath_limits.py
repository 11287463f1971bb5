"""Nothing that an expression or its data do takes the program down, or forever."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_kb.fhirpath import (
    FHIRPathError,
    FHIRPathLimitError,
    Services,
    check,
    compile_expression,
)
from fhir_kb.fhirpath.functions import FUNCTIONS
from fhir_kb.packages import definitions

MODEL = definitions("5.0.0")
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "active": True,
    "birthDate": "1990-02",
    "name": [{"family": "A", "given": ["x", "y"]}, {"family": "B"}],
    "multipleBirthInteger": 2,
    "contact": [{"period": {"start": "2020-01-01T10:00:00Z"}}],
    "extension": [{"url": "u", "valueQuantity": {"value": 1.5, "code": "mg"}}],
}


@pytest.mark.parametrize(
    "expression",
    [
        "(1 | 2 | 3).repeatAll($this)",
        "1.repeat($this + 1)",
        "'x'.repeat($this & 'x')",
        "'" + "x" * 1000 + "'" + f".replace('x', '{'x' * 200}')" * 3,
        "name" + ".select(%resource.descendants())" * 9,
        "("
        + " | ".join(map(str, range(400)))
        + ")"
        + ".select($this | %resource.descendants())" * 5,
        "descendants()" + ".select(%resource.descendants())" * 6,
    ],
)
def test_what_grows_without_end_is_stopped(expression):
    start = time.process_time()
    with pytest.raises(FHIRPathLimitError):
        compile_expression(expression, MODEL)(PATIENT, services=Services(max_steps=200_000))
    assert time.process_time() - start < 10


def test_the_budget_of_steps_is_the_callers():
    compiled = compile_expression("name.select(given).count()", MODEL)
    assert compiled(PATIENT) == [2]
    with pytest.raises(FHIRPathLimitError):
        compiled(PATIENT, services=Services(max_steps=2))


def test_numbers_stay_within_bounds(evaluate):
    assert evaluate("10.0.power(10000).power(10000)") == ""
    assert evaluate("99999.exp()") == ""
    assert evaluate("2147483647 * 2147483647") == ""
    assert evaluate("(1.0 / 3.0).toString().length() < 50") == "true"
    grown = "9999999999.0" + " * 9999999999.0" * 40
    assert isinstance(evaluate(grown), str)


def test_deep_data_is_no_crash():
    deep: dict[str, Any] = {"url": "u"}
    for _ in range(5000):
        deep = {"url": "u", "extension": [deep]}
    resource = {"resourceType": "Patient", "extension": [deep]}
    assert compile_expression("descendants().count() > 5000", MODEL)(resource) == [True]
    for expression in ("extension = extension", "extension.distinct().count()", "$this ~ $this"):
        try:
            assert len(compile_expression(expression, MODEL)(resource)) == 1
        except FHIRPathError as error:
            assert "deep" in str(error)


_NAMES = st.sampled_from(
    [
        "name",
        "given",
        "family",
        "active",
        "birthDate",
        "contact",
        "period",
        "start",
        "extension",
        "value",
        "url",
        "Patient",
        "multipleBirth",
        "nothing",
        "div",
        "as",
    ]
)
_LITERALS = st.sampled_from(
    [
        "1",
        "0",
        "-1",
        "2.50",
        "5L",
        "'a'",
        "''",
        "'1'",
        "'2020-01'",
        "true",
        "false",
        "{}",
        "@2020",
        "@2020-02-29",
        "@2020-01-01T10:00Z",
        "@T10:30",
        "1 'mg'",
        "2 days",
        "3 years",
        "1 'Cel'",
        "$this",
        "$index",
        "$total",
        "%resource",
        "%ucum",
        "%x",
        "'(a+)+$'",
        "'\\\\d'",
        "@9999-12-31",
    ]
)
_OPERATORS = st.sampled_from(
    [
        "+",
        "-",
        "*",
        "/",
        "div",
        "mod",
        "&",
        "|",
        "=",
        "!=",
        "~",
        "!~",
        "<",
        "<=",
        ">",
        ">=",
        "in",
        "contains",
        "and",
        "or",
        "xor",
        "implies",
    ]
)
_TYPES = st.sampled_from(["String", "FHIR.string", "Quantity", "Patient", "System.Date", "boolean"])


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    call = st.tuples(inner, st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, max_size=3)).map(
        lambda it: f"({it[0]}).{it[1]}({', '.join(it[2])})"
    )
    return st.one_of(
        call,
        st.tuples(inner, _OPERATORS, inner).map(lambda it: f"({it[0]} {it[1]} {it[2]})"),
        st.tuples(inner, st.sampled_from(["is", "as"]), _TYPES).map(" ".join),
        st.tuples(inner, _NAMES).map(lambda it: f"({it[0]}).{it[1]}"),
        st.tuples(inner, inner).map(lambda it: f"({it[0]})[{it[1]}]"),
        inner.map(lambda it: f"-({it})"),
    )


EXPRESSIONS = st.recursive(st.one_of(_NAMES, _LITERALS), _grow, max_leaves=8)


@settings(max_examples=600, deadline=10_000, suppress_health_check=[HealthCheck.too_slow])
@given(EXPRESSIONS)
def test_random_expressions_raise_nothing_but_their_own_errors(expression):
    services = Services(max_steps=20_000)
    try:
        compiled = compile_expression(expression, MODEL)
        items = compiled(PATIENT, services=services)
        assert isinstance(items, list)
        compiled.test(PATIENT, type_path="Patient", services=services)
    except FHIRPathError as error:
        assert error.line >= 0
        assert str(error)
    check(expression, MODEL, "Patient")


@settings(max_examples=400, deadline=5_000)
@given(
    st.text(st.sampled_from("ab.()'[]{}|&<>=~!@%$#\"`\\/*+-,:;T0123456789 \n\x00é🔥"), max_size=40)
)
def test_random_text_is_an_expression_or_an_error_with_a_place(text):
    try:
        compile_expression(text, MODEL)(PATIENT, services=Services(max_steps=20_000))
    except FHIRPathError as error:
        assert str(error)


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "_name",
                    "given",
                    "period",
                    "start",
                    "value",
                    "extension",
                    "active",
                    "birthDate",
                    "_birthDate",
                    "contact",
                    "resourceType",
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=5_000)
@given(
    _JSON,
    st.sampled_from(
        [
            "name.given.exists() and active",
            "birthDate < today()",
            "descendants().count()",
            "name.distinct().count()",
            "contact.period.start.lowBoundary()",
            "name ~ contact",
            "active = true",
            "name.all(given.exists())",
            "birthDate.hasValue() or (children().count() > 1)",
        ]
    ),
)
def test_malformed_resources_raise_nothing_but_their_own_errors(value, expression):
    resource = {**value, "resourceType": "Patient"} if isinstance(value, dict) else value
    compiled = compile_expression(expression, MODEL)
    for run in (lambda: compiled(resource), lambda: compiled.test(resource, type_path="Patient")):
        try:
            run()
        except FHIRPathError as error:
            assert str(error)
