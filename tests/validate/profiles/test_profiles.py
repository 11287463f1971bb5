"""Profiles: what they demand, by the rules of http://hl7.org/fhir/profiling.html."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from fhir_kb.model.fhir_release import BY_VERSION
from fhir_kb.packages import InMemoryCanonicals
from fhir_kb.validate import Issue, Validator

TEST = "https://kb.example.org/fhir/StructureDefinition/"
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


def profile(type_: str, *elements: dict[str, Any], name: str = "p", **more: Any) -> dict[str, Any]:
    """A StructureDefinition with a differential; ids follow from path and sliceName."""
    return {
        "resourceType": "StructureDefinition",
        "url": TEST + name,
        "name": name,
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": type_,
        "baseDefinition": f"http://hl7.org/fhir/StructureDefinition/{type_}",
        "derivation": "constraint",
        "differential": {"element": [{"id": type_, "path": type_}, *map(_with_id, elements)]},
        **more,
    }


def _with_id(element: dict[str, Any]) -> dict[str, Any]:
    return {"path": element["id"] if ":" not in element["id"] else _path(element["id"]), **element}


def _path(written: str) -> str:
    return ".".join(step.partition(":")[0] for step in written.split("."))


def sliced(id_: str, kind: str, path: str, **more: Any) -> dict[str, Any]:
    slicing = {"discriminator": [{"type": kind, "path": path}], "rules": "open", **more}
    return {"id": id_, "slicing": slicing}


def a_slice(id_: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "sliceName": id_.rpartition(":")[2], **more}


def issues(
    resource: dict[str, Any], *known: dict[str, Any], version: str = "5.0.0", asked: str = "p"
) -> list[Issue]:
    validator = Validator(version, canonicals=InMemoryCanonicals(known), profiles=[TEST + asked])
    return [one for one in validator.check(resource) if one.code.startswith("KB6") or _own(one)]


def _own(issue: Issue) -> bool:
    """Whether it is about a rule of a profile here, and not about one of the type."""
    return issue.code in ("KB590", "KB591") and TEST in issue.message


def found(resource: dict[str, Any], *known: dict[str, Any], **more: Any) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in issues(resource, *known, **more)]


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


@pytest.mark.parametrize("version", BY_VERSION)
def test_how_often(version: str) -> None:
    demands = profile(
        "Patient", {"id": "Patient.name", "min": 1, "max": "2"}, {"id": "Patient.photo", "max": "0"}
    )
    names = [{"text": "A"}, {"text": "B"}, {"text": "C"}]
    assert found(patient(name=names[:2]), demands, version=version) == []
    assert found(patient(), demands, version=version) == [("KB650", "Patient")]
    assert found(patient(name=names), demands, version=version) == [("KB651", "Patient")]
    photo = patient(name=names[:1], photo=[{"title": "x"}])
    assert found(photo, demands, version=version) == [("KB651", "Patient")]


def test_a_value_that_is_only_an_extension_counts() -> None:
    demands = profile("Patient", {"id": "Patient.birthDate", "min": 1})
    absent = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
              "valueCode": "unknown"}  # fmt: skip
    assert found(patient(_birthDate={"extension": [absent]}), demands) == []
    assert found(patient(), demands) == [("KB650", "Patient")]


def test_inside_what_is_not_there_nothing_is_missing() -> None:
    demands = profile("Patient", {"id": "Patient.contact.name", "min": 1})
    assert found(patient(), demands) == []
    assert found(patient(contact=[{"gender": "male"}]), demands) == [
        ("KB650", "Patient.contact[0]")
    ]


def test_fixed_is_all_and_pattern_is_a_part() -> None:
    value = {"system": "urn:a", "value": "1"}
    fixed = profile("Patient", {"id": "Patient.identifier", "fixedIdentifier": {"system": "urn:a"}})
    pattern = profile(
        "Patient", {"id": "Patient.identifier", "patternIdentifier": {"system": "urn:a"}}
    )
    assert found(patient(identifier=[{"system": "urn:a"}]), fixed) == []
    assert found(patient(identifier=[value]), fixed) == [("KB657", "Patient.identifier[0].value")]
    assert found(patient(identifier=[value]), pattern) == []
    other = patient(identifier=[{"system": "urn:b"}])
    assert found(other, pattern) == [("KB657", "Patient.identifier[0].system")]


def test_a_pattern_of_a_concept_wants_one_coding_that_has_it() -> None:
    coding = {"system": LOINC, "code": "8867-4"}
    demands = profile("Basic", {"id": "Basic.code", "patternCodeableConcept": {"coding": [coding]}})
    more = {"system": "urn:other", "code": "x"}
    basic = {"resourceType": "Basic", "code": {"coding": [more, {**coding, "display": "Rate"}]}}
    assert [one for one in found(basic, demands) if one[0] != "KB685"] == []
    other = found({**basic, "code": {"coding": [more]}}, demands)
    assert [one for one in other if one[0] != "KB685"] == [
        ("KB657", "Basic.code.coding[0].system"),
        ("KB657", "Basic.code.coding[0].code"),
    ]


def test_a_choice_is_narrowed() -> None:
    demands = profile("Patient", {"id": "Patient.deceased[x]", "type": [{"code": "dateTime"}]})
    assert found(patient(deceasedDateTime="2020"), demands) == []
    assert found(patient(deceasedBoolean=True), demands) == [("KB658", "Patient")]


@pytest.mark.parametrize(
    ("limits", "value", "finds"),
    [
        ({"minValueQuantity": {"value": 0, "code": "kg"}}, {"value": 5, "code": "g"}, ""),
        ({"minValueQuantity": {"value": 1, "code": "kg"}}, {"value": 5, "code": "g"}, "KB665"),
        ({"maxValueQuantity": {"value": 1, "code": "kg"}}, {"value": 1000, "code": "g"}, ""),
        ({"maxValueQuantity": {"value": 1, "code": "kg"}}, {"value": 1001, "code": "g"}, "KB665"),
        ({"maxValueQuantity": {"value": 1, "code": "kg"}}, {"value": 2, "code": "m"}, "KB668"),
    ],
)
def test_a_range_of_quantities_by_their_units(
    limits: dict[str, Any], value: dict[str, Any], finds: str
) -> None:
    def ucum(one: dict[str, Any]) -> dict[str, Any]:
        return {**one, "unit": one["code"], "system": UCUM}

    demands = profile(
        "Observation",
        {
            "id": "Observation.value[x]",
            "type": [{"code": "Quantity"}],
            **{name: ucum(limit) for name, limit in limits.items()},
        },
    )
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "weight"},
        "valueQuantity": ucum(value),
    }
    expected = [(finds, "Observation.value.ofType(Quantity)")] if finds else []
    assert found(observation, demands) == expected


def test_the_length_of_a_text() -> None:
    demands = profile("Patient", {"id": "Patient.name.family", "maxLength": 3})
    assert found(patient(name=[{"family": "Abc"}]), demands) == []
    assert found(patient(name=[{"family": "Abcd"}]), demands) == [
        ("KB665", "Patient.name[0].family")
    ]


def test_rules_of_a_profile_with_their_severity() -> None:
    def ruled(severity: str) -> dict[str, Any]:
        rule = {"key": "t-1", "severity": severity, "human": "a family name",
                "expression": "family.exists()"}  # fmt: skip
        return profile("Patient", {"id": "Patient.name", "constraint": [rule]})

    bad = patient(name=[{"family": "A"}, {"text": "B"}])
    assert found(bad, ruled("error")) == [("KB590", "Patient.name[1]")]
    assert found(bad, ruled("warning")) == [("KB591", "Patient.name[1]")]
    assert found(patient(name=[{"family": "A"}]), ruled("error")) == []


def test_a_rule_knows_its_resource_and_its_slices() -> None:
    rule = {"key": "t-1", "severity": "error", "human": "phones have a use",
            "expression": "slice(%profile, 'phone').all(use.exists())"}  # fmt: skip
    demands = profile(
        "Patient",
        {**sliced("Patient.telecom", "value", "system"), "constraint": [rule]},
        a_slice("Patient.telecom:phone"),
        {"id": "Patient.telecom:phone.system", "fixedCode": "phone"},
    )
    telecom = [{"system": "phone", "use": "home"}, {"system": "email"}, {"system": "phone"}]
    assert found(patient(telecom=telecom), demands) == [("KB590", "Patient.telecom[2]")]


def by_system(**of_slicing: Any) -> dict[str, Any]:
    """Identifiers in slices a (once) and b, by their system."""
    return profile(
        "Patient",
        sliced("Patient.identifier", "value", "system", **of_slicing),
        a_slice("Patient.identifier:a", min=1, max="1"),
        {"id": "Patient.identifier:a.system", "fixedUri": "urn:a"},
        {"id": "Patient.identifier:a.value", "min": 1},
        a_slice("Patient.identifier:b", min=0),
        {"id": "Patient.identifier:b.system", "fixedUri": "urn:b"},
    )


A, B, C = ({"system": f"urn:{name}", "value": name} for name in "abc")


def test_slices_are_counted_and_checked() -> None:
    assert found(patient(identifier=[A, B, C]), by_system()) == []
    assert found(patient(identifier=[B, C]), by_system()) == [("KB652", "Patient")]
    assert found(patient(identifier=[A, A]), by_system()) == [("KB653", "Patient")]
    nothing = patient(identifier=[{"system": "urn:a"}])
    assert found(nothing, by_system()) == [("KB650", "Patient.identifier[0]")]


def test_closed_ordered_and_open_at_the_end() -> None:
    closed, last = by_system(rules="closed"), by_system(rules="openAtEnd")
    ordered = by_system(ordered=True)
    assert found(patient(identifier=[B, A]), closed) == []
    assert found(patient(identifier=[A, C]), closed) == [("KB654", "Patient.identifier[1]")]
    assert found(patient(identifier=[A, B, C]), last) == []
    assert found(patient(identifier=[A, C, B]), last) == [("KB656", "Patient.identifier[2]")]
    assert found(patient(identifier=[A, C, B]), ordered) == []
    assert found(patient(identifier=[B, A]), ordered) == [("KB656", "Patient.identifier[1]")]


def test_a_value_in_two_slices() -> None:
    demands = profile(
        "Patient",
        sliced("Patient.identifier", "exists", "period"),
        a_slice("Patient.identifier:a"),
        {"id": "Patient.identifier:a.period", "min": 1},
        a_slice("Patient.identifier:b"),
        {"id": "Patient.identifier:b.period", "min": 1},
    )
    dated = {"value": "1", "period": {"start": "2020"}}
    assert found(patient(identifier=[dated]), demands) == [("KB655", "Patient.identifier[0]")]
    assert found(patient(identifier=[A]), demands) == []


def test_by_existence() -> None:
    demands = profile(
        "Patient",
        sliced("Patient.identifier", "exists", "period", rules="closed"),
        a_slice("Patient.identifier:dated", max="1"),
        {"id": "Patient.identifier:dated.period", "min": 1},
        a_slice("Patient.identifier:undated", max="1"),
        {"id": "Patient.identifier:undated.period", "max": "0"},
    )
    dated = {"value": "1", "period": {"start": "2020"}}
    assert found(patient(identifier=[dated, A]), demands) == []
    assert found(patient(identifier=[A, B]), demands) == [("KB653", "Patient")]


def test_by_type() -> None:
    demands = profile(
        "Observation",
        sliced("Observation.value[x]", "type", "$this", rules="closed"),
        a_slice("Observation.value[x]:valueQuantity", type=[{"code": "Quantity"}]),
        {"id": "Observation.value[x]:valueQuantity.unit", "min": 1},
    )
    base = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    assert found({**base, "valueQuantity": {"value": 1, "unit": "g"}}, demands) == []
    place = "Observation.value.ofType(Quantity)"
    assert ("KB650", place) in found({**base, "valueQuantity": {"value": 1}}, demands)
    assert ("KB654", "Observation.value.ofType(string)") in found(
        {**base, "valueString": "x"}, demands
    )


def entries(*resources: dict[str, Any]) -> dict[str, Any]:
    made = [
        {"fullUrl": f"https://a.org/{one['resourceType']}/{one['id']}", "resource": one}
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": made}


def test_by_profile() -> None:
    named = profile("Patient", {"id": "Patient.name", "min": 1}, name="named")
    demands = profile(
        "Bundle",
        sliced("Bundle.entry", "profile", "resource"),
        a_slice("Bundle.entry:named", min=1, max="1"),
        {
            "id": "Bundle.entry:named.resource",
            "type": [{"code": "Patient", "profile": [named["url"]]}],
        },
    )
    good, bad = patient(id="a", name=[{"text": "A"}]), patient(id="b")
    assert found(entries(good, bad), demands, named) == []
    assert found(entries(bad), demands, named) == [("KB652", "Bundle")]


def test_by_what_a_reference_leads_to() -> None:
    demands = profile(
        "List",
        sliced("List.entry", "type", "item.resolve()"),
        a_slice("List.entry:patients", max="1"),
        {
            "id": "List.entry:patients.item",
            "type": [
                {
                    "code": "Reference",
                    "targetProfile": ["http://hl7.org/fhir/StructureDefinition/Patient"],
                }
            ],
        },
        name="list",
    )
    listed = {
        "resourceType": "List",
        "id": "l",
        "meta": {"profile": [demands["url"]]},
        "status": "current",
        "mode": "working",
        "entry": [{"item": {"reference": f"{place}"}} for place in ("Patient/a", "Patient/b")],
    }
    bundle = entries(listed, patient(id="a"), patient(id="b"))
    nothing = profile("Bundle")
    assert found(bundle, demands, nothing) == [("KB653", "Bundle.entry[0].resource")]
    listed["entry"][1]["item"]["reference"] = "Basic/b"
    assert found(bundle, demands, nothing) == []


def test_extensions_by_their_url_with_all_that_they_demand() -> None:
    url = TEST + "note"
    note = profile(
        "Extension",
        {"id": "Extension.extension", "max": "0"},
        {"id": "Extension.url", "fixedUri": url},
        {"id": "Extension.value[x]", "min": 1, "type": [{"code": "string"}], "maxLength": 3},
        name="note",
        kind="complex-type",
        context=[{"type": "element", "expression": "Patient"}],
    )
    demands = profile(
        "Patient",
        sliced("Patient.extension", "value", "url"),
        a_slice("Patient.extension:note", min=1, type=[{"code": "Extension", "profile": [url]}]),
    )
    assert found(patient(extension=[{"url": url, "valueString": "abc"}]), demands, note) == []
    assert ("KB652", "Patient") in found(patient(), demands, note)
    long = patient(extension=[{"url": url, "valueString": "abcd"}])
    place = "Patient.extension[0].value.ofType(string)"
    assert ("KB665", place) in found(long, demands, note)


def test_slices_are_sliced_again() -> None:
    demands = profile(
        "Patient",
        sliced("Patient.identifier", "value", "system"),
        {
            **a_slice("Patient.identifier:a"),
            "slicing": {"discriminator": [{"type": "value", "path": "use"}], "rules": "closed"},
        },
        {"id": "Patient.identifier:a.system", "fixedUri": "urn:a"},
        a_slice("Patient.identifier:a/old", min=1, max="1"),
        {"id": "Patient.identifier:a/old.use", "fixedCode": "old"},
    )
    old = {**A, "use": "old"}
    assert found(patient(identifier=[old, B]), demands) == []
    assert found(patient(identifier=[B]), demands) == [("KB652", "Patient")]
    assert found(patient(identifier=[old, A]), demands) == [("KB654", "Patient.identifier[1]")]


def test_a_slice_that_is_sliced_again_keeps_what_tells_slices_apart() -> None:
    by_both = [{"type": "value", "path": "system"}, {"type": "value", "path": "use"}]
    demands = profile(
        "Patient",
        {"id": "Patient.identifier", "slicing": {"discriminator": by_both, "rules": "open"}},
        a_slice("Patient.identifier:a"),
        {"id": "Patient.identifier:a.system", "fixedUri": "urn:a"},
        a_slice("Patient.identifier:a/old", max="1"),
        {"id": "Patient.identifier:a/old.use", "fixedCode": "old"},
        a_slice("Patient.identifier:a/temp", max="1"),
        {"id": "Patient.identifier:a/temp.use", "fixedCode": "temp"},
    )
    old, temp = {**A, "use": "old"}, {**A, "use": "temp"}
    assert found(patient(identifier=[old, temp]), demands) == []
    assert found(patient(identifier=[old, old]), demands) == [("KB653", "Patient")]


def test_what_the_base_does_not_have_demands_nothing() -> None:
    demands = profile(
        "Patient", {"id": "Patient.dateOfBirth", "min": 1}, {"id": "Patient.name", "min": 1}
    )
    assert found(patient(), demands) == [("KB650", "Patient")]
    assert found(patient(name=[{"text": "A"}]), demands) == []


def test_one_of_several_profiles() -> None:
    def home(name: str, use: str) -> dict[str, Any]:
        return profile(
            "Address", {"id": "Address.use", "fixedCode": use, "min": 1}, name=name,
            kind="complex-type",
        )  # fmt: skip

    one, other = home("home", "home"), home("work", "work")
    both = [{"code": "Address", "profile": [one["url"], other["url"]]}]
    demands = profile("Patient", {"id": "Patient.address", "type": both})
    assert found(patient(address=[{"use": "home"}]), demands, one, other) == []
    temp = found(patient(address=[{"use": "temp"}]), demands, one, other)
    assert temp[0] == ("KB659", "Patient.address[0]")
    assert ("KB657", "Patient.address[0].use") in temp
    twin = home("twin", "home")
    both[0]["profile"] = [one["url"], twin["url"]]  # type: ignore[index]
    fits_both = found(patient(address=[{"use": "home"}]), demands, one, twin)
    assert fits_both == [("KB669", "Patient.address[0]")]


def test_what_is_referred_to_conforms() -> None:
    named = profile("Organization", {"id": "Organization.name", "min": 1}, name="named")
    demands = profile(
        "Patient",
        {
            "id": "Patient.managingOrganization",
            "type": [{"code": "Reference", "targetProfile": [named["url"]]}],
        },
    )

    def with_(**organization: Any) -> dict[str, Any]:
        inner = {"resourceType": "Organization", "id": "o", **organization}
        return patient(contained=[inner], managingOrganization={"reference": "#o"})

    assert found(with_(name="A"), demands, named) == []
    assert found(with_(active=True), demands, named) == [("KB660", "Patient.managingOrganization")]
    elsewhere = patient(managingOrganization={"reference": "Organization/1"})
    assert found(elsewhere, demands, named) == [("KB668", "Patient.managingOrganization")]
    assert found(with_(name="A"), demands) == [("KB668", "Patient.managingOrganization")]


def test_a_circle_of_references_ends() -> None:
    demands = profile(
        "Patient",
        {
            "id": "Patient.link.other",
            "type": [{"code": "Reference", "targetProfile": [TEST + "p"]}],
        },
        {"id": "Patient.gender", "fixedCode": "other"},
    )

    def linked(name: str, to: str, gender: str) -> dict[str, Any]:
        link = [{"other": {"reference": f"Patient/{to}"}, "type": "seealso"}]
        meta = {"profile": [TEST + "p"]}
        return patient(id=name, meta=meta, gender=gender, link=link)

    nothing = profile("Bundle", name="b")
    both = entries(linked("a", "b", "other"), linked("b", "a", "other"))
    assert found(both, demands, nothing, asked="b") == []
    one = entries(linked("a", "b", "other"), linked("b", "a", "male"))
    assert found(one, demands, nothing, asked="b") == [
        ("KB660", "Bundle.entry[0].resource.link[0].other"),
        ("KB657", "Bundle.entry[1].resource.gender"),
    ]


@pytest.mark.parametrize(
    ("modes", "reference", "is_wrong"),
    [
        (["bundled"], "Patient/a", False),
        (["bundled"], "Patient/x", True),
        (["contained"], "Patient/a", True),
        (["referenced"], "Patient/x", False),
        (["contained", "referenced"], "#c", False),
        (["referenced"], "#c", True),
    ],
)
def test_where_a_target_has_to_be(modes: list[str], reference: str, is_wrong: bool) -> None:
    demands = profile(
        "Basic",
        {"id": "Basic.subject", "type": [{"code": "Reference", "aggregation": modes}]},
        name="basic",
    )
    basic = {
        "resourceType": "Basic",
        "id": "b",
        "meta": {"profile": [demands["url"]]},
        "contained": [patient(id="c")],
        "code": {"text": "x"},
        "subject": {"reference": reference},
    }
    result = found(entries(basic, patient(id="a")), demands, profile("Bundle"))
    assert [one for one in result if one[0] == "KB661"] == (
        [("KB661", "Bundle.entry[0].resource.subject")] if is_wrong else []
    )


COLOURS = {
    "resourceType": "CodeSystem",
    "url": "https://kb.example.org/fhir/CodeSystem/colours",
    "status": "active",
    "content": "complete",
    "concept": [{"code": "red"}, {"code": "green"}],
}
WARM = {
    "resourceType": "ValueSet",
    "url": "https://kb.example.org/fhir/ValueSet/warm",
    "status": "active",
    "compose": {"include": [{"system": COLOURS["url"], "concept": [{"code": "red"}]}]},
}


@pytest.mark.parametrize(
    ("strength", "code", "expected"),
    [
        ("required", "red", []),
        ("required", "green", [("KB666", "Basic.code")]),
        ("extensible", "green", [("KB667", "Basic.code")]),
        ("preferred", "green", []),
    ],
)
def test_bindings(strength: str, code: str, expected: list[tuple[str, str]]) -> None:
    binding = {"strength": strength, "valueSet": WARM["url"]}
    demands = profile("Basic", {"id": "Basic.code", "binding": binding})
    basic = {
        "resourceType": "Basic",
        "code": {"coding": [{"system": COLOURS["url"], "code": code}]},
    }
    assert found(basic, demands, COLOURS, WARM) == expected


def test_a_value_set_that_nobody_knows_is_told() -> None:
    binding = {"strength": "required", "valueSet": "https://kb.example.org/fhir/ValueSet/none"}
    demands = profile("Basic", {"id": "Basic.code", "binding": binding})
    basic = {"resourceType": "Basic", "code": {"coding": [{"system": "urn:x", "code": "y"}]}}
    assert ("KB668", "Basic.code") in found(basic, demands)


def test_member_of_in_a_rule() -> None:
    rule = {"key": "t-1", "severity": "error", "human": "warm",
            "expression": f"memberOf('{WARM['url']}')"}  # fmt: skip
    demands = profile("Basic", {"id": "Basic.code", "constraint": [rule]})

    def basic(code: str) -> dict[str, Any]:
        return {"resourceType": "Basic", "code": {"coding": [{**red, "code": code}]}}

    red = {"system": COLOURS["url"], "code": "red"}
    assert found(basic("red"), demands, COLOURS, WARM) == []
    assert found(basic("green"), demands, COLOURS, WARM) == [("KB590", "Basic.code")]


def test_profiles_that_are_unknown_broken_or_for_another_type() -> None:
    assert found(patient()) == [("KB662", "Patient")]
    assert found(patient(), profile("Basic")) == [("KB664", "Patient")]
    nowhere = profile("Patient", baseDefinition=TEST + "nowhere")
    assert found(patient(), nowhere) == [("KB663", "Patient")]
    circle = profile("Patient", baseDefinition=TEST + "p")
    assert found(patient(), circle) == [("KB663", "Patient")]
    for snapshot in ({"element": []}, {"element": [{}]}, {"element": "x"}, "x"):
        broken = profile("Patient", snapshot=snapshot)
        assert found(patient(), broken) == [("KB663", "Patient")], snapshot


def test_meta_profile_is_checked_wherever_the_resource_stands() -> None:
    demands = profile("Patient", {"id": "Patient.name", "min": 1}, name="named")
    claims = {"profile": [demands["url"]]}
    nothing = profile("Bundle")
    bundle = entries(patient(id="a", meta=claims), patient(id="b"))
    assert found(bundle, demands, nothing) == [("KB650", "Bundle.entry[0].resource")]


def test_derived_profiles_demand_all_that_their_base_does() -> None:
    base = profile("Patient", {"id": "Patient.name", "min": 1}, name="base")
    derived = profile("Patient", {"id": "Patient.gender", "min": 1}, baseDefinition=base["url"])
    assert found(patient(), base, derived) == [("KB650", "Patient"), ("KB650", "Patient")]


def test_vital_signs_conform_to_their_profile_without_saying_so() -> None:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "29463-7"}]},
    }
    result = [(one.code, one.path) for one in Validator().check(observation)]
    assert ("KB652", "Observation") in result
    assert all(one.severity.value != "error" for one in Validator().check(
        {**observation, "code": {"coding": [{"system": LOINC, "code": "0-0"}]}}
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "languages", "is_wrong"),
    [
        ("_no", (), False),
        ("_no", ("de",), True),
        ("_yes", (), True),
        ("_yes", ("de", "pt"), False),
        ("_resource", ("de", "pt"), True),
        ("_resource", ("de", "en"), False),
        ("pt", ("de",), True),
    ],
)
def test_sections_of_the_narrative_by_language(
    rule: str, languages: tuple[str, ...], is_wrong: bool
) -> None:
    control = "http://hl7.org/fhir/StructureDefinition/narrative-language-control"
    ruled = {"id": "Patient.text", "extension": [{"url": control, "valueCode": rule}]}
    inside = "".join(f'<div lang="{one}" xml:lang="{one}">x</div>' for one in languages)
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{inside or "x"}</div>'
    result = found(
        patient(language="en", text={"status": "generated", "div": div}),
        profile("Patient", ruled),
    )
    assert result == ([("KB670", "Patient.text")] if is_wrong else [])


@pytest.mark.parametrize(
    ("rule", "inside", "wrong"),
    [
        ("error", '<p class="original">x</p><h1 class="a generated b">y</h1>', 0),
        ("error", "<p>x</p>", 1),
        ("warning", '<p>x</p><p class="other">z</p> and <b class="boilerplate">y</b>', 3),
        ("error", '<div class="generated"><p>x</p></div><div><p>x</p><hr/></div>', 2),
        ("success", "<p>x</p>", 0),
    ],
)
def test_sources_of_the_parts_of_the_narrative(rule: str, inside: str, wrong: int) -> None:
    control = "http://hl7.org/fhir/StructureDefinition/narrative-source-control"
    ruled = {"id": "Patient.text", "extension": [{"url": control, "valueCode": rule}]}
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">\n {inside} </div>'
    result = found(patient(text={"status": "generated", "div": div}), profile("Patient", ruled))
    assert result == [("KB671", "Patient.text")] * wrong


def test_profiles_that_are_imposed_hold_besides() -> None:
    other = profile("Patient", {"id": "Patient.name", "min": 1}, name="other")
    imposes = "http://hl7.org/fhir/StructureDefinition/structuredefinition-imposeProfile"
    demands = profile(
        "Patient",
        {"id": "Patient.gender", "min": 1},
        extension=[{"url": imposes, "valueCanonical": other["url"]}],
    )
    assert found(patient(gender="male", name=[{"text": "A"}]), demands, other) == []
    assert found(patient(gender="male"), demands, other) == [("KB650", "Patient")]
    circle = {**other, "extension": [{"url": imposes, "valueCanonical": demands["url"]}]}
    assert found(patient(name=[{"text": "A"}]), demands, circle) == [("KB650", "Patient")]


def test_profiles_are_imported_only_for_resources_that_claim_one() -> None:
    program = (
        "import sys; from fhir_kb.validate import Validator\n"
        "Validator().check({'resourceType': 'Basic', 'code': {'text': 'a'}})\n"
        "assert 'fhir_kb.validate.profiles.checker' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
