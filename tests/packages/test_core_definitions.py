"""The core definitions: what they hold is checked against the specification's pages."""

from __future__ import annotations

import pytest

from fhir_kb.model.fhir_release import BY_VERSION
from fhir_kb.packages import UnknownTypeError, definitions

R5, R4 = definitions("5.0.0"), definitions("4.0.1")


def test_each_release_knows_its_resources() -> None:
    assert {"Citation", "ArtifactAssessment"} <= R5.resource_types
    assert "Citation" in definitions("4.3.0").resource_types
    assert not {"Citation", "ArtifactAssessment"} & R4.resource_types
    assert all("DomainResource" not in definitions(v).resource_types for v in BY_VERSION)


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match=r"3\.0\.2"):
        definitions("3.0.2")


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(UnknownTypeError, match="Citation"):
        R4.type("Citation")


@pytest.mark.parametrize(
    ("path", "types"),
    [
        ("PlanDefinition.action.relatedAction.targetId", ("id",)),
        ("PlanDefinition.action.action.action.linkId", ("string",)),
        ("PlanDefinition.action.definition", ("canonical", "uri")),
        ("PlanDefinition.action.definitionCanonical", ("canonical", "uri")),
        ("Evidence.variableDefinition.note.author", ("Reference", "string")),
        ("Timing.repeat.bounds", ("Duration", "Range", "Period")),
        ("PlanDefinition.id", ("id",)),
    ],
)
def test_elements_are_found_through_types_and_content_references(
    path: str, types: tuple[str, ...]
) -> None:
    found = R5.element(path)
    assert found is not None
    assert found.type_codes == types


@pytest.mark.parametrize(
    "path",
    ["PlanDefinition.action.relatedAction.actionId", "Nothing.id", "PlanDefinition.title.system"],
)
def test_what_is_not_there_is_none(path: str) -> None:
    assert R5.element(path) is None


def test_cardinality_binding_and_flags() -> None:
    status = R5.element("PlanDefinition.status")
    assert status is not None
    assert (status.min, status.max) == (1, 1)
    assert (status.is_modifier, status.is_summary) == (True, True)
    assert status.binding is not None
    assert status.binding.strength == "required"
    assert status.binding.value_set == "http://hl7.org/fhir/ValueSet/publication-status"


def test_reference_targets_have_no_url_and_any_is_empty() -> None:
    derived = R5.element("PlanDefinition.library")
    assert derived is not None
    assert derived.types[0].targets == ("Library",)
    anything = R5.element("Annotation.author")
    assert anything is not None
    assert anything.types[0].targets == (
        "Practitioner", "PractitionerRole", "Patient", "RelatedPerson", "Organization",
    )  # fmt: skip
    focus = R5.element("List.entry.item")
    assert focus is not None
    assert focus.types[0].targets == ()


def test_r5_invariants_include_those_its_snapshots_leave_out() -> None:
    keys = {invariant.key for invariant in R5.invariants("PlanDefinition")}
    assert {"cnl-0", "dom-2", "dom-3", "dom-4", "dom-5", "dom-6", "pld-3"} <= keys


def test_property_order_is_that_of_the_specification() -> None:
    order = list(R5.property_order("PlanDefinition"))
    assert order[:4] == ["resourceType", "id", "_id", "meta"]
    assert order.index("_title") == order.index("title") + 1
    assert order.index("url") < order.index("status") < order.index("action")


def test_properties_say_how_to_go_on() -> None:
    known = R5.properties("PlanDefinition.action")
    assert known["action"].type_path == "PlanDefinition.action"
    assert known["action"].is_array
    assert known["timingRange"].type_path == "Range"
    assert known["_title"].type_path == "Element"
    assert R5.properties("PlanDefinition")["contained"].type_path == "Resource"
    assert R5.properties("Timing")["repeat"].type_path == "Timing.repeat"
    assert "_timingRange" not in known


def test_primitives_have_what_their_underscore_object_has() -> None:
    assert set(R5.properties("string")) == {"id", "extension"}


def test_codes_of_a_required_binding() -> None:
    assert R5.codes("http://hl7.org/fhir/ValueSet/publication-status|5.0.0") == {
        "draft", "active", "retired", "unknown",
    }  # fmt: skip


def test_codes_that_follow_a_grammar_name_their_checker() -> None:
    languages = R5.value_set("http://hl7.org/fhir/ValueSet/all-languages")
    assert languages is not None
    assert languages.checkers == {"urn:ietf:bcp:47": "bcp47"}
    assert R5.codes("http://hl7.org/fhir/ValueSet/all-languages") is None


@pytest.mark.parametrize("version", BY_VERSION)
def test_every_reference_inside_the_definitions_leads_somewhere(version: str) -> None:
    known = definitions(version)
    for name in sorted(known.resource_types | known.data_types):
        for element in known.type(name).elements:
            for one in element.types:
                assert {one.code, *one.profiles, *one.targets} <= _names(version), element.path
            if element.content_reference:
                assert known.properties(element.content_reference)


def _names(version: str) -> frozenset[str]:
    known = definitions(version)
    profiles = {"SimpleQuantity", "MoneyQuantity"}
    return (
        known.resource_types
        | known.data_types
        | known.primitive_types
        | known.abstract_types
        | profiles
    )
