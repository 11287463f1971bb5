"""Extensions where their definitions allow them: http://hl7.org/fhir/defining-extensions.html."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.model.fhir_release import BY_VERSION
from fhir_kb.packages import InMemoryCanonicals
from fhir_kb.validate import Validator

URL = "https://kb.example.org/fhir/StructureDefinition/note"
CORE = "http://hl7.org/fhir/StructureDefinition/"
VERSIONED = CORE + "version-specific-use"


def extension(*where: str, **more: Any) -> dict[str, Any]:
    """The definition of an extension with a short string."""
    return {
        "resourceType": "StructureDefinition",
        "url": URL,
        "name": "Note",
        "status": "active",
        "kind": "complex-type",
        "abstract": False,
        "type": "Extension",
        "baseDefinition": CORE + "Extension",
        "derivation": "constraint",
        "context": [{"type": "element", "expression": one} for one in where],
        "differential": {
            "element": [
                {"id": "Extension", "path": "Extension"},
                {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
                {"id": "Extension.url", "path": "Extension.url", "fixedUri": URL},
                {
                    "id": "Extension.value[x]",
                    "path": "Extension.value[x]",
                    "min": 1,
                    "type": [{"code": "string"}],
                },
            ]
        },
        **more,
    }


NOTE = {"url": URL, "valueString": "x"}


def found(
    resource: dict[str, Any], *known: dict[str, Any], version: str = "5.0.0"
) -> list[tuple[str, str]]:
    issues = Validator(version, canonicals=InMemoryCanonicals(known)).check(resource)
    return [(one.code, one.path) for one in issues if one.severity.value == "error"]


PLACES = {
    "resource": ({"resourceType": "Patient", "extension": [NOTE]}, "Patient"),
    "inner": (
        {"resourceType": "Patient", "contact": [{"name": {"text": "A"}, "extension": [NOTE]}]},
        "Patient.contact[0]",
    ),
    "type": (
        {"resourceType": "Patient", "name": [{"text": "A", "extension": [NOTE]}]},
        "Patient.name[0]",
    ),
    "primitive": (
        {"resourceType": "Patient", "_birthDate": {"extension": [NOTE]}},
        "Patient.birthDate",
    ),
    "choice": (
        {"resourceType": "Patient", "_deceasedDateTime": {"extension": [NOTE]}},
        "Patient.deceased.ofType(dateTime)",
    ),
}


@pytest.mark.parametrize("version", BY_VERSION)
@pytest.mark.parametrize(
    ("place", "contexts"),
    [
        ("resource", ["Patient", "DomainResource", "Resource", "Element", "Basic Patient"]),
        ("inner", ["Patient.contact", "BackboneElement", "Element"]),
        ("type", ["HumanName", "Patient.name", "Element"]),
        ("primitive", ["date", "Patient.birthDate", "Element"]),
        (
            "choice",
            ["Patient.deceased[x]", "Patient.deceased", "Patient.deceasedDateTime", "dateTime"],
        ),
    ],
)
def test_where_it_is_allowed(place: str, contexts: list[str], version: str) -> None:
    resource, _ = PLACES[place]
    for context in contexts:
        definition = extension(*context.split())
        assert found(resource, definition, version=version) == [], context


@pytest.mark.parametrize(
    ("place", "contexts"),
    [
        ("resource", ["Basic", "Patient.name", "CanonicalResource", "HumanName"]),
        ("inner", ["Patient", "Patient.name", "HumanName", "Basic.contact"]),
        ("type", ["Address", "Patient.contact.name", "HumanName.family", "BackboneElement"]),
        ("primitive", ["dateTime", "Patient.deceased", "Patient"]),
        ("choice", ["Patient.deceasedBoolean", "boolean"]),
    ],
)
def test_where_it_is_not(place: str, contexts: list[str]) -> None:
    resource, path = PLACES[place]
    for context in contexts:
        assert found(resource, extension(context)) == [("KB593", path)], context


def test_paths_through_what_is_around_and_inherited_ones() -> None:
    narrative = {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>',
        "extension": [NOTE],
    }
    resource = {"resourceType": "Patient", "text": narrative}
    for fine in ("DomainResource.text", "Patient.text", "Narrative"):
        assert found(resource, extension(fine)) == [], fine
    assert found(resource, extension("Basic.text")) == [("KB593", "Patient.text")]


def test_canonical_resources() -> None:
    library = {
        "resourceType": "Library",
        "status": "draft",
        "type": {"text": "x"},
        "extension": [NOTE],
    }
    for fine in ("CanonicalResource", "MetadataResource", "Library"):
        assert found(library, extension(fine)) == [], fine


def test_inside_of_another_extension() -> None:
    outer = CORE + "capabilitystatement-search-parameter-combination"
    inner = {"url": "https://other.example.org/outer", "extension": [NOTE]}
    definition = extension(
        context=[{"type": "extension", "expression": "https://other.example.org/outer"}]
    )
    assert found({"resourceType": "Patient", "extension": [inner]}, definition) == []
    other = {**inner, "url": outer + "x"}
    assert found({"resourceType": "Patient", "extension": [other]}, definition) == [
        ("KB593", "Patient.extension[0]")
    ]
    assert found({"resourceType": "Patient", "extension": [NOTE]}, definition) == [
        ("KB593", "Patient")
    ]


def test_a_rule_for_what_it_is_on() -> None:
    definition = extension("Patient", contextInvariant=["active"])
    patient = {"resourceType": "Patient", "extension": [NOTE]}
    assert found({**patient, "active": True}, definition) == []
    assert found({**patient, "active": False}, definition) == [("KB593", "Patient")]


@pytest.mark.parametrize(
    ("start", "end", "fine"),
    [
        ("", "", ("4.0.1", "4.3.0", "5.0.0")),
        ("4.3", "", ("4.3.0", "5.0.0")),
        ("", "4.3", ("4.0.1", "4.3.0")),
        ("4.3", "4.3", ("4.3.0",)),
    ],
)
def test_releases(start: str, end: str, fine: tuple[str, ...]) -> None:
    limits = [
        {"url": name, "valueCode": value}
        for name, value in (("startFhirVersion", start), ("endFhirVersion", end))
        if value
    ]
    stated = [{"url": VERSIONED, "extension": limits}] if limits else []
    patient = {"resourceType": "Patient", "extension": [NOTE]}
    whole = {**extension("Patient"), **({"extension": stated} if stated else {})}
    context = {"type": "element", "expression": "Patient"}
    one_place = extension(context=[{**context, **({"extension": stated} if stated else {})}])
    for version in ("4.0.1", "4.3.0", "5.0.0"):
        is_fine = version in fine
        assert found(patient, whole, version=version) == ([] if is_fine else [("KB594", "Patient")])
        assert found(patient, one_place, version=version) == (
            [] if is_fine else [("KB593", "Patient")]
        )


def test_what_changes_the_meaning_is_a_modifier() -> None:
    plain = extension("Patient")
    changing = extension("Patient")
    changing["differential"]["element"][0] |= {"isModifier": True, "isModifierReason": "x"}
    usual = {"resourceType": "Patient", "extension": [NOTE]}
    modified = {"resourceType": "Patient", "modifierExtension": [NOTE]}
    assert found(usual, plain) == []
    assert found(modified, changing) == []
    assert found(modified, plain) == [("KB595", "Patient.modifierExtension[0]")]
    assert found(usual, changing) == [("KB595", "Patient.extension[0]")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"valueString": "x"}, None),
        ({"valueCode": "x"}, "KB658"),
        ({"extension": [{"url": "y", "valueCode": "x"}]}, "KB651"),
    ],
)
def test_what_its_definition_demands(content: dict[str, Any], code: str | None) -> None:
    patient = {"resourceType": "Patient", "extension": [{"url": URL, **content}]}
    codes = {one for one, _ in found(patient, extension("Patient"))}
    assert codes == set() if code is None else code in codes


def test_what_is_not_known_is_nobodys_business() -> None:
    assert found({"resourceType": "Patient", "extension": [NOTE]}) == []
    absolute = extension(context=[{"type": "element", "expression": "https://a.org/other#x.y"}])
    assert found({"resourceType": "Patient", "extension": [NOTE]}, absolute) == []
