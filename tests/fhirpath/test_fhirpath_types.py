"""Types by the FHIR model: is, as, ofType, choices, strictness, and the check of an expression."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fhir_kb.fhirpath import (
    FHIRPathError,
    FHIRPathSemanticError,
    check,
    compile_expression,
)
from fhir_kb.packages import definitions

OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "valueQuantity": {
        "value": Decimal(185),
        "unit": "lbs",
        "system": "http://unitsofmeasure.org",
        "code": "[lb_av]",
    },
    "extension": [
        {
            "url": "http://example.org/age",
            "valueAge": {"value": 40, "code": "a", "system": "http://unitsofmeasure.org"},
        }
    ],
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("active is boolean", "true"),
        ("active is FHIR.boolean", "true"),
        ("active is Boolean", "false"),
        ("active is System.Boolean", "false"),
        ("true is Boolean", "true"),
        ("1 is Integer", "true"),
        ("1 is Decimal", "false"),
        ("1L is Long", "true"),
        ("@2015 is Date", "true"),
        ("@2015T is DateTime", "true"),
        ("1 'mg' is Quantity", "true"),
        ("1 'mg' is System.Quantity", "true"),
        ("gender is code", "true"),
        ("gender is string", "true"),
        ("gender is id", "false"),
        ("gender as code", "female"),
        ("gender as string", ""),
        ("gender.ofType(string)", ""),
        ("name is HumanName", "error"),
        ("photo is Attachment", ""),
        ("name.first() is Element", "true"),
        ("Patient is DomainResource", "true"),
        ("$this is Resource", "true"),
        ("Patient.is(System.Patient)", "false"),
        ("gender.is(nothing)", "error"),
        ("gender.as(nothing)", "error"),
        ("gender.ofType(nothing)", "error"),
        ("gender.is()", "error"),
        ("gender.is(1)", "error"),
        ("contained.ofType(Practitioner).id", "gp"),
        ("contained.ofType(Patient).id", ""),
        ("deceased is dateTime", "true"),
        ("deceased as boolean", ""),
        ("deceased.ofType(dateTime)", "1852-11-27"),
        ("name.ofType(HumanName).count()", "2"),
        ("name.as(HumanName).count()", "error"),
        ("deceasedDateTime", ""),
        ("Patient.name.count()", "2"),
        ("DomainResource.name.count()", "2"),
        ("Encounter.name", ""),
    ],
)
def test_types_are_those_of_the_model(evaluate, expression, expected):
    assert evaluate(expression) == expected


def test_as_keeps_the_fitting_items_where_the_rules_of_the_release_need_it(evaluate):
    assert evaluate("name.as(HumanName).count()", fhir="4.0.1") == "2"
    assert evaluate("name.as(HumanName).count()", fhir="4.3.0") == "2"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("value.unit", "lbs"),
        ("value is Quantity", "true"),
        ("value as Period", ""),
        ("value > 100 '[lb_av]'", "true"),
        ("value = 185 '[lb_av]'", "true"),
        ("value != 185 'kg'", "true"),
        ("value.toQuantity('kg') > 83 'kg'", "true"),
        ("value.value > 180.0", "true"),
        ("value.value < 'test'", "error"),
        ("extension.value is Age", "true"),
        ("extension.value is Quantity", "true"),
        ("extension.value is Duration", "false"),
        ("extension.value as Quantity = 40 'a'", "true"),
        ("@2000-01-01 + extension.value", "2040-01-01"),
    ],
)
def test_quantities_of_a_resource_are_quantities(evaluate, expression, expected):
    assert evaluate(expression, OBSERVATION) == expected


def test_json_names_of_choices_are_an_option(evaluate):
    assert evaluate("valueQuantity.unit", OBSERVATION) == ""
    assert evaluate("valueQuantity.unit", OBSERVATION, json_names=True) == "lbs"
    assert evaluate("valueString", OBSERVATION, json_names=True) == ""


@pytest.mark.parametrize("value", [1.5, Decimal("1.5")], ids=["float", "Decimal"])
def test_numbers_may_be_floats_or_decimals(evaluate, value):
    resource = {"resourceType": "RiskAssessment", "prediction": [{"probabilityDecimal": value}]}
    assert evaluate("prediction.probability = 1.5", resource) == "true"
    assert evaluate("prediction.probability + 0.1", resource) == "1.6"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("nmae.exists()", "1:1: Patient has no element 'nmae'; did you mean 'name'?"),
        ("name.gven", "1:6: HumanName has no element 'gven'; did you mean 'given'?"),
        ("name.where(usee = 'x')", "1:12: HumanName has no element 'usee'; did you mean 'use'?"),
        ("Encounter.status", "1:1: the expression begins with 'Encounter', but is about Patient"),
        ("name.exsts()", "1:6: there is no function exsts(); did you mean 'exists'?"),
        ("name.exists(1, 2)", "1:6: exists() takes 0 to 1 arguments, not 2"),
        ("deceasedBoolean", "1:1: Patient has no element 'deceasedBoolean'"),
        ("(deceased as dateTime).unit", "1:24: dateTime has no element 'unit'"),
        ("gender is Patinet", "1:8: there is no type 'Patinet'; did you mean 'Patient'?"),
        ("children().first()", "1:12: first() needs an order, which children() and descendants()"),
        ("descendants()[0]", "1:14: an index needs an order"),
        ("iif(name, 1, 2)", "1:5: iif() needs a Boolean, not HumanName"),
        ("name.exists( and ", "1:14: expected a value, but found 'and'"),
    ],
)
def test_the_check_of_an_expression_says_what_is_wrong(expression, message):
    found = check(expression, definitions("5.0.0"), "Patient")
    assert found is not None
    assert str(found).startswith(message)


@pytest.mark.parametrize(
    "expression",
    [
        "name.given.first().startsWith('A')",
        "contained.ofType(Observation).value.ofType(Quantity).unit",
        "generalPractitioner.resolve().ofType(Practitioner).name.family",
        "extension.value.ofType(Coding).code",
        "descendants().where($this is Reference).reference",
        "children().sort($this).first()",
        "name.select(given | family)",
        "%resource.name.exists() and %context.active",
        "name.defineVariable('n').select(%n.family)",
        "(name | contact.name).family",
    ],
)
def test_the_check_finds_nothing_in_good_expressions(expression):
    assert check(expression, definitions("5.0.0"), "Patient") is None


def test_the_check_knows_inner_elements():
    model = definitions("5.0.0")
    assert check("title.exists() and action.title.exists()", model, "PlanDefinition.action") is None
    found = check("goal.exists()", model, "PlanDefinition.action")
    assert found is not None
    assert "PlanDefinition.action has no element 'goal'" in str(found)


def test_without_a_type_only_what_can_never_be_right_is_found():
    model = definitions("5.0.0")
    assert check("nothing.of.that.kind", model) is None
    assert check("name.nothing()", model) is not None


def test_strict_evaluation_refuses_what_the_check_finds():
    compiled = compile_expression("nmae", definitions("5.0.0"), strict=True)
    with pytest.raises(FHIRPathSemanticError):
        compiled({"resourceType": "Patient"})


def test_an_unknown_resource_type_is_walked_by_its_json_names(evaluate):
    resource = {"resourceType": "Mystery", "parts": [{"size": 2}, {"size": 3}], "_x": {}}
    assert evaluate("parts.size", resource) == "2 | 3"
    assert evaluate("Mystery.parts.count()", resource) == "2"
    assert evaluate("descendants().count()", resource) == "4"


def test_an_error_of_evaluation_has_a_place():
    compiled = compile_expression("active and\n  name.single().exists()", definitions("5.0.0"))
    with pytest.raises(FHIRPathError) as caught:
        compiled({"resourceType": "Patient", "active": True, "name": [{}, {}]})
    assert (caught.value.line, caught.value.column) == (2, 8)
