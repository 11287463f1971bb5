"""The functions that FHIR adds: extensions, references, profiles, terminology, narratives."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from fhir_kb.fhirpath import Services, compile_expression
from fhir_kb.packages import definitions

BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "fullUrl": "http://example.org/fhir/Observation/o1",
            "resource": {
                "resourceType": "Observation",
                "id": "o1",
                "subject": {"reference": "Patient/p1"},
                "performer": [{"reference": "urn:uuid:2f8c"}, {"reference": "#in"}],
                "contained": [{"resourceType": "Device", "id": "in"}],
            },
        },
        {
            "fullUrl": "http://example.org/fhir/Patient/p1",
            "resource": {"resourceType": "Patient", "id": "p1", "gender": "male"},
        },
        {"fullUrl": "urn:uuid:2f8c", "resource": {"resourceType": "Practitioner", "id": "x"}},
    ],
}


class Terms:
    """A terminology of one value set and one hierarchy."""

    def member_of(self, coded, type_name, value_set):
        if value_set != "http://example.org/vs":
            return None
        return (coded["code"] if isinstance(coded, dict) else coded) == "female"

    def subsumes(self, system, code_a, code_b):
        return {("a", "b"): True, ("b", "a"): False}.get((code_a, code_b))


class OneProfile:
    """Knows one profile, one element and one slice."""

    def conforms(self, value, type_name, profile):
        return True if profile == "http://example.org/profile" else None

    def definition(self, path):
        return {"path": path, "min": 1} if path == "Patient.gender" else None

    def in_slice(self, value, path, profile, name):
        return path == "Patient.name" and name == value.get("use")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("birthDate.extension('http://example.org/birth-time').value", "10:30:00"),
        ("birthDate.extension.exists(url = 'http://example.org/birth-time')", "true"),
        ("birthDate.extension('http://example.org/other')", ""),
        ("birthDate.hasValue()", "true"),
        ("name.hasValue()", "false"),
        ("active.getValue() is System.Boolean", "true"),
        ("generalPractitioner.resolve().active", "false"),
        ("generalPractitioner[0].resolve().id", "gp"),
        ("generalPractitioner[1].resolve()", ""),
        ("contained[0].active", "false"),
        ("conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", "true"),
        ("conformsTo('http://hl7.org/fhir/StructureDefinition/Person')", "false"),
        ("conformsTo('http://example.org/nowhere')", "error"),
        ("1.conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", "error"),
        ("gender.memberOf('http://example.org/vs')", ""),
        ("gender.elementDefinition()", ""),
        ("getResourceKey()", "Patient/ada"),
        ("generalPractitioner.getReferenceKey()", "Organization/o1"),
        ("generalPractitioner.getReferenceKey('Patient')", ""),
        ("1 'cm'.comparable(1 '[in_i]')", "true"),
        ("1 'cm'.comparable(1 's')", "false"),
        ("1 'cm'.comparable(1 '[s]')", "false"),
        ("1 year.comparable(1 'a')", "false"),
        ("1.comparable(2)", "true"),
        ("1.comparable({})", ""),
        ("checkModifiers('http://example.org/m').id", "ada"),
    ],
)
def test_the_function_gives(evaluate, expression, expected):
    assert evaluate(expression) == expected


def test_a_value_that_is_only_an_extension_is_an_item_without_value(evaluate):
    patient = {
        "resourceType": "Patient",
        "name": [{"given": [None, "James"], "_given": [{"extension": [{"url": "u"}]}, None]}],
    }
    assert evaluate("name.given.count()", patient) == "2"
    assert evaluate("name.given.select(hasValue())", patient) == "false | true"
    assert evaluate("name.given[0].extension.url", patient) == "u"
    assert evaluate("name.given.where($this = 'James').count()", patient) == "1"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("entry.resource.ofType(Observation).subject.resolve().gender", "male"),
        ("entry[0].resource.performer[0].resolve() is Practitioner", "true"),
        ("entry[0].resource.performer[1].resolve() is Device", "true"),
        ("entry[1].resource.id.resolve()", ""),
    ],
)
def test_references_are_resolved_in_the_bundle(evaluate, expression, expected):
    assert evaluate(expression, BUNDLE) == expected


def test_other_references_are_asked_of_the_resolver(evaluate):
    known = {"Organization/o1": {"resourceType": "Organization", "name": "Analytical Society"}}
    services = Services(resolver=known.get)
    expression = "generalPractitioner.resolve().ofType(Organization).name"
    assert evaluate(expression, services=services) == "Analytical Society"


def test_codes_are_asked_of_the_terminology(evaluate):
    services = Services(terminology=Terms())
    assert evaluate("gender.memberOf('http://example.org/vs')", services=services) == "true"
    assert evaluate("gender.memberOf('http://example.org/other')", services=services) == ""
    a, b = "Coding { system: 's', code: 'a' }", "Coding { system: 's', code: 'b' }"
    assert evaluate(f"({a}).subsumes({b})", services=services) == "true"
    assert evaluate(f"({a}).subsumedBy({b})", services=services) == "false"
    other = "Coding { system: 't', code: 'b' }"
    assert evaluate(f"({a}).subsumes({other})", services=services) == "false"


def test_profiles_are_asked_of_those_who_know_them(evaluate):
    services = Services(profiles=OneProfile())
    assert evaluate("conformsTo('http://example.org/profile')", services=services) == "true"
    assert evaluate("gender.elementDefinition().min", services=services) == "1"
    found = evaluate("name.slice('http://example.org/p', 'maiden').family", services=services)
    assert found == "Byron"


def test_an_unexpected_modifier_is_an_error(evaluate):
    patient = {"resourceType": "Patient", "modifierExtension": [{"url": "http://example.org/m"}]}
    assert evaluate("checkModifiers()", patient) == "error"
    assert evaluate("checkModifiers('http://example.org/m').exists()", patient) == "true"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<div xmlns="http://www.w3.org/1999/xhtml"><p class="x">Text&nbsp;here</p></div>', "true"),
        ("<b>This</b> <i>is</i> fine", "true"),
        ("plain", "true"),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><button>no</button></div>', "false"),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x()">no</p></div>', "false"),
        (
            '<div xmlns="http://www.w3.org/1999/xhtml"><a href="javascript:x()">no</a></div>',
            "false",
        ),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><script>no</script></div>', "false"),
        ('<div xmlns="http://www.w3.org/1999/xhtml"> </div>', "false"),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><img src="a.png"/></div>', "true"),
        ('<div xmlns="http://www.w3.org/1999/xhtml"><p>not closed</div>', "false"),
        (
            '<!DOCTYPE d [<!ENTITY e "x">]><div xmlns="http://www.w3.org/1999/xhtml">&e;</div>',
            "false",
        ),
    ],
)
def test_narratives_hold_what_fhir_allows(evaluate, html, expected):
    resource = {"resourceType": "Patient", "text": {"status": "generated", "div": html}}
    assert evaluate("text.`div`.htmlChecks()", resource) == expected


def test_the_current_time_is_given_or_the_clocks(evaluate):
    moment = datetime(2024, 5, 1, 10, 30, 15, 250_000, timezone(timedelta(hours=-3, minutes=-30)))
    services = Services(now=moment)
    assert evaluate("now()", services=services) == "2024-05-01T10:30:15.250-03:30"
    assert evaluate("today()", services=services) == "2024-05-01"
    assert evaluate("timeOfDay()", services=services) == "10:30:15.250"
    assert evaluate("now() > @2024-01-01T00:00:00Z") == "true"


@pytest.mark.parametrize(
    ("expression", "variables", "expected"),
    [
        ("%word & %word", {"word": "a"}, ["aa"]),
        ("%list.count()", {"list": [1, 2]}, [2]),
        ("%patient.active", {"patient": {"resourceType": "Patient", "active": True}}, [True]),
        ("%number * 2 = 3.0", {"number": 1.5}, [True]),
        ("%none.exists()", {"none": None}, [False]),
    ],
)
def test_variables_of_the_caller_are_json_values_or_lists(expression, variables, expected):
    items = compile_expression(expression, definitions("5.0.0"))(None, variables=variables)
    assert [getattr(item, "value", item) for item in items] == expected


def test_traces_are_collected_and_nothing_is_printed(capsys):
    compiled = compile_expression(
        "name.trace('names', family).given.trace('g').count()", definitions("5.0.0")
    )
    found = compiled.evaluate(
        {"resourceType": "Patient", "name": [{"family": "F", "given": ["a"]}]}
    )
    assert [(one.name, [item.value for item in one.items]) for one in found.traces] == [
        ("names", ["F"]),
        ("g", ["a"]),
    ]
    assert found.items == [1]
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")
