"""What cannot be known is said: "not checked", in whatever place it happens."""

from __future__ import annotations

from typing import Any

import pytest

from fhir_kb.diagnostics import Severity
from fhir_kb.packages import InMemoryCanonicals, definitions
from fhir_kb.terminology.service import TerminologyService
from fhir_kb.validate import CODES, Issue, Validator

BASE = "https://kb.example.org/fhir"
CORE = "http://hl7.org/fhir/StructureDefinition/"
TEXT = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}
PATIENT = {"resourceType": "Patient", "text": TEXT}


def unchecked(resource: dict[str, Any], *known: dict[str, Any], **more: Any) -> list[str]:
    return [
        f"{one.code} {one.path}"
        for one in issues(resource, *known, **more)
        if one.is_not_checked or one.severity is Severity.ERROR
    ]


def issues(
    resource: dict[str, Any], *known: dict[str, Any], version: str = "4.0.1", **more: Any
) -> list[Issue]:
    validator = Validator(version, canonicals=InMemoryCanonicals(known), **more)
    return validator.check(resource)


def profile(type_name: str, *elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": f"{BASE}/StructureDefinition/p",
        "version": "1.0.0",
        "type": type_name,
        "kind": "resource",
        "abstract": False,
        "derivation": "constraint",
        "baseDefinition": CORE + type_name,
        "differential": {
            "element": [{"path": one["id"].replace(":", "."), **one} for one in elements]
        },
        **more,
    }


def claiming(resource: dict[str, Any], *urls: str) -> dict[str, Any]:
    return {**resource, "meta": {"profile": list(urls or [f"{BASE}/StructureDefinition/p"])}}


def extension(url: str, **more: Any) -> dict[str, Any]:
    return {"url": url, "valueString": "x", **more}


# -- extensions ---------------------------------------------------------------------------------

OWN = f"{BASE}/StructureDefinition/own"


@pytest.mark.parametrize("version", ["4.0.1", "4.3.0", "5.0.0"])
def test_an_extension_that_nothing_defines(version: str) -> None:
    inside = {"resourceType": "Patient", "id": "p", "name": [{"extension": [extension(OWN)]}]}
    given = {
        **PATIENT,
        "extension": [extension(OWN), extension(OWN)],
        "_birthDate": {"extension": [extension(OWN)]},
        "contained": [inside],
    }
    found = [one for one in issues(given, version=version) if one.code == "KB680"]
    assert sorted(one.path for one in found) == [
        "Patient.birthDate.extension[0]",
        "Patient.contained[0].name[0].extension[0]",
        "Patient.extension[0]",
        "Patient.extension[1]",
    ]
    assert {one.severity for one in found} == {Severity.WARNING}
    assert all(one.message.startswith("not checked: ") for one in found)


@pytest.mark.parametrize("fast_paths", [True, False])
def test_a_modifier_extension_that_nothing_defines_is_an_error(fast_paths: bool) -> None:
    given = {**PATIENT, "modifierExtension": [extension(OWN)]}
    [found] = [one for one in issues(given, fast_paths=fast_paths) if one.is_not_checked]
    assert (found.code, found.severity) == ("KB681", Severity.ERROR)


@pytest.mark.parametrize(
    ("allowed", "finds"),
    [
        ((), 2),
        (("any",), 0),
        ((f"{BASE}/",), 0),
        (("https://else.example.org/",), 2),
        (("https://else.example.org/", BASE), 0),
    ],
)
def test_extensions_that_are_allowed_without_a_definition(
    allowed: tuple[str, ...], finds: int
) -> None:
    given = {**PATIENT, "extension": [extension(OWN)], "modifierExtension": [extension(OWN)]}
    assert len(unchecked(given, allowed_extensions=allowed)) == finds


def test_extensions_that_are_defined() -> None:
    place = {"url": CORE + "patient-birthPlace", "valueAddress": {"text": "x"}}
    later = extension("http://hl7.org/fhir/5.0/StructureDefinition/extension-Patient.name")
    inner = {"url": OWN, "extension": [extension("part")]}
    assert unchecked({**PATIENT, "extension": [place, later]}) == []
    assert unchecked({**PATIENT, "extension": [inner]}) == ["KB680 Patient.extension[0]"]


def test_extensions_for_elements_of_releases_that_are_not_at_hand() -> None:
    animal = extension("http://hl7.org/fhir/3.0/StructureDefinition/extension-Patient.animal")
    assert unchecked({**PATIENT, "extension": [animal]}) == ["KB680 Patient.extension[0]"]


def test_what_is_known_and_no_extension_is_wrong() -> None:
    found = unchecked({**PATIENT, "extension": [extension(CORE + "Patient")]})
    assert found == ["KB556 Patient.extension[0]"]


# -- profiles -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        f"{BASE}/StructureDefinition/none",
        f"{BASE}/StructureDefinition/p|2.0.0",
        CORE + "Patient|9.9.9",
        CORE + "vitalsigns|9.9.9",
    ],
)
def test_a_profile_or_version_that_is_not_at_hand(url: str) -> None:
    found = unchecked(claiming(PATIENT, url), profile("Patient"))
    assert found == ["KB662 Patient"]


def test_a_version_that_is_at_hand() -> None:
    urls = (f"{BASE}/StructureDefinition/p|1.0.0", CORE + "Patient|4.0.1", CORE + "Patient|4.0")
    assert unchecked(claiming(PATIENT, *urls), profile("Patient")) == []


def test_an_imposed_profile_that_is_not_at_hand() -> None:
    imposing = {
        "url": CORE + "structuredefinition-imposeProfile",
        "valueCanonical": f"{BASE}/StructureDefinition/none",
    }
    demands = profile("Patient", extension=[imposing])
    assert unchecked(claiming(PATIENT), demands) == ["KB668 Patient"]


def test_the_target_of_a_reference_and_its_profile() -> None:
    organization = {**profile("Organization"), "url": f"{BASE}/StructureDefinition/o"}
    target = {"code": "Reference", "targetProfile": [organization["url"]]}
    demands = profile("Patient", {"id": "Patient.managingOrganization", "type": [target]})
    given = claiming({**PATIENT, "managingOrganization": {"reference": "Organization/1"}})
    place = "KB668 Patient.managingOrganization"
    assert unchecked(given, demands, organization) == [place]
    inner = {"resourceType": "Organization", "id": "o", "name": "x"}
    given = claiming({**PATIENT, "contained": [inner], "managingOrganization": {"reference": "#o"}})
    assert unchecked(given, demands) == [place]
    assert unchecked(given, demands, organization) == []


@pytest.mark.parametrize("strength", ["required", "extensible"])
@pytest.mark.parametrize("url", [f"{BASE}/ValueSet/none", "#contained"])
def test_a_value_set_of_a_profile_that_is_not_at_hand(strength: str, url: str) -> None:
    binding = {"strength": strength, "valueSet": url}
    demands = profile("Basic", {"id": "Basic.code", "binding": binding})
    code = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
                        "code": "UNK"}]}  # fmt: skip
    given = claiming({"resourceType": "Basic", "text": TEXT, "code": code})
    assert unchecked(given, demands) == ["KB668 Basic.code"]


@pytest.mark.parametrize(
    "expression", [f"code.memberOf('{BASE}/ValueSet/none')", "code.no-such-function()"]
)
def test_a_rule_that_cannot_be_evaluated(expression: str) -> None:
    rule = {"key": "t-1", "severity": "error", "human": "x", "expression": expression}
    demands = profile("Basic", {"id": "Basic", "constraint": [rule]})
    code = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
                        "code": "UNK"}]}  # fmt: skip
    given = claiming({"resourceType": "Basic", "text": TEXT, "code": code})
    [found] = [one for one in issues(given, demands) if one.is_not_checked]
    assert found.code == "KB592"
    assert found.message.startswith("not checked: the rule t-1")


def test_a_slice_that_cannot_be_told_is_neither_missing_nor_too_much() -> None:
    value_set = f"{BASE}/ValueSet/none"
    slicing = {"discriminator": [{"type": "value", "path": "$this"}], "rules": "closed"}
    demands = profile(
        "Patient",
        {"id": "Patient.communication.language", "path": "Patient.communication.language"},
        {"id": "Patient.maritalStatus.coding", "path": "Patient.maritalStatus.coding",
         "slicing": slicing},
        {"id": "Patient.maritalStatus.coding:a", "path": "Patient.maritalStatus.coding",
         "sliceName": "a", "min": 1, "binding": {"strength": "required", "valueSet": value_set}},
    )  # fmt: skip
    coding = {"system": "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "code": "UNK"}
    given = claiming({**PATIENT, "maritalStatus": {"coding": [coding]}})
    assert unchecked(given, demands) == ["KB668 Patient.maritalStatus.coding[0]"]


def test_a_profile_whose_base_is_not_at_hand() -> None:
    given = profile("Patient", baseDefinition=f"{BASE}/StructureDefinition/none", name="P",
                    status="active")  # fmt: skip
    assert "KB684 StructureDefinition.baseDefinition" in unchecked(given)


# -- codes --------------------------------------------------------------------------------------


def test_a_code_system_that_is_not_at_hand_is_named_once() -> None:
    codings = [{"system": "http://snomed.info/sct", "code": str(code)} for code in range(3)]
    given = {"resourceType": "Basic", "text": TEXT, "code": {"coding": codings}}
    assert unchecked(given) == ["KB685 Basic.code.coding[0].system"]


def test_a_code_system_of_which_a_part_is_at_hand() -> None:
    part = {"resourceType": "CodeSystem", "url": "urn:x:c", "content": "fragment",
            "concept": [{"code": "a"}]}  # fmt: skip

    def basic(code: str) -> dict[str, Any]:
        coding = {"system": "urn:x:c", "code": code}
        return {"resourceType": "Basic", "text": TEXT, "code": {"coding": [coding]}}

    assert unchecked(basic("a"), part) == []
    assert unchecked(basic("b"), part) == ["KB685 Basic.code.coding[0].system"]


def test_that_codes_are_not_checked_hides_no_error() -> None:
    coding = {"system": "urn:x:none", "code": "active"}
    given = {"resourceType": "Condition", "text": TEXT, "subject": {"reference": "Patient/1"},
             "clinicalStatus": {"coding": [coding]}}  # fmt: skip
    found = unchecked(given)
    assert "KB541 Condition.clinicalStatus" in found
    assert "KB685 Condition.clinicalStatus.coding[0].system" in found


def test_a_supplement_that_is_not_at_hand() -> None:
    system = {"resourceType": "CodeSystem", "url": "urn:x:c", "content": "complete",
              "concept": [{"code": "a"}]}  # fmt: skip
    needed = {"url": CORE + "valueset-supplement", "valueCanonical": "urn:x:none"}
    value_set = {
        "resourceType": "ValueSet",
        "url": "urn:x:set",
        "status": "active",
        "extension": [needed],
        "compose": {"include": [{"system": "urn:x:c"}]},
    }
    assert unchecked(value_set, system) == ["KB683 ValueSet"]
    demands = profile(
        "Basic", {"id": "Basic.code", "binding": {"strength": "required", "valueSet": "urn:x:set"}}
    )
    given = {"resourceType": "Basic", "text": TEXT}
    given["code"] = {"coding": [{"system": "urn:x:c", "code": "a"}]}
    assert unchecked(claiming(given), demands, system, value_set) == ["KB668 Basic.code"]
    supplement = {"resourceType": "CodeSystem", "url": "urn:x:none", "content": "supplement",
                  "supplements": "urn:x:c"}  # fmt: skip
    assert unchecked(claiming(given), demands, system, value_set, supplement) == []


# -- the word -----------------------------------------------------------------------------------


def test_each_of_its_codes_says_so() -> None:
    ids = {code.id for code in CODES if code.is_not_checked}
    assert {"KB662", "KB668", "KB680", "KB681", "KB683", "KB685", "KB744", "KB745"} <= ids
    assert [
        code.id for code in CODES if code.is_not_checked != ("not checked" in code.summary)
    ] == []


def test_a_response_that_names_no_questionnaire() -> None:
    response = {"resourceType": "QuestionnaireResponse", "text": TEXT, "status": "completed"}
    answered = {**response, "item": [{"linkId": "a", "answer": [{"valueString": "x"}]}]}
    assert unchecked(response) == []
    assert unchecked(answered) == ["KB735 QuestionnaireResponse"]
    assert unchecked({**answered, "questionnaire": f"{BASE}/Questionnaire/none"}) == [
        "KB735 QuestionnaireResponse"
    ]


def test_a_rule_that_asks_for_a_profile_that_is_not_at_hand() -> None:
    expression = f"conformsTo('{BASE}/StructureDefinition/none')"
    rule = {"key": "t-1", "severity": "error", "human": "x", "expression": expression}
    demands = profile("Patient", {"id": "Patient", "constraint": [rule]})
    assert unchecked(claiming(PATIENT), demands) == ["KB592 Patient"]


@pytest.mark.parametrize(("answer", "finds"), [(None, ["KB685"]), (False, ["KB572"]), (True, [])])
@pytest.mark.parametrize("content", ["", "fragment"])
def test_what_the_terminology_server_says(
    answer: bool | None, finds: list[str], content: str
) -> None:
    class FakeServer:
        problem = ""

        def has_code(self, *_: Any) -> bool | None:
            return answer

        def contains(self, *_: Any) -> bool | None:
            return None

        def displays(self, *_: Any) -> None:
            return None

    part = {"resourceType": "CodeSystem", "url": "urn:x:c", "content": content}
    known = InMemoryCanonicals([part] if content else [])
    terminology = TerminologyService(known, definitions("4.0.1"), FakeServer())
    given = {"resourceType": "Basic", "text": TEXT}
    given["code"] = {"coding": [{"system": "urn:x:c", "code": "a"}]}
    assert [one[:5] for one in unchecked(given, terminology=terminology)] == finds


def test_a_map_from_a_supplement() -> None:
    supplement = {"resourceType": "CodeSystem", "url": "urn:x:more", "content": "supplement",
                  "supplements": "urn:x:c"}  # fmt: skip
    group = {"source": "urn:x:more", "target": "urn:x:none", "element": [{"code": "a"}]}
    given = {"resourceType": "ConceptMap", "status": "active", "group": [group]}
    assert sorted(one for one in unchecked(given, supplement) if "group" in one)[:2] == [
        "KB682 ConceptMap.group[0].source",
        "KB684 ConceptMap.group[0].target",
    ]


@pytest.mark.parametrize("fast_paths", [True, False])
@pytest.mark.parametrize("name", ["Observation", "Quantity", "Bundle"])
def test_the_profile_of_another_type_is_no_type_of_ones_own(name: str, fast_paths: bool) -> None:
    given = claiming(PATIENT, CORE + name)
    assert unchecked(given, fast_paths=fast_paths) == ["KB664 Patient"]
    inside = {**PATIENT, "contained": [{**given, "id": "a", "text": None}]}
    del inside["contained"][0]["text"]
    assert "KB664 Patient.contained[0]" in unchecked(inside, fast_paths=fast_paths)


def test_the_types_that_a_resource_is_of_are_no_further_profiles() -> None:
    names = ("Patient", "DomainResource", "Resource")
    assert unchecked(claiming(PATIENT, *(CORE + name for name in names))) == []


def test_more_profiles_than_are_looked_at() -> None:
    known = [profile("Patient", url=f"{BASE}/{number}") for number in range(120)]
    given = claiming(PATIENT, *(one["url"] for one in known))
    [note] = [one for one in issues(given, *known) if one.code == "KB662"]
    assert note.message == "not checked: 20 profiles of meta.profile after 100"
    outer = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": given}]}
    assert "KB662 Bundle.entry[0].resource" in unchecked(outer, *known)


def test_profiles_of_a_resource_whose_type_fhir_does_not_have() -> None:
    gadget = {
        "resourceType": "StructureDefinition",
        "url": f"{CORE}Gadget",
        "kind": "resource",
        "abstract": False,
        "type": "Gadget",
        "baseDefinition": f"{CORE}DomainResource",
        "derivation": "specialization",
    }
    own = profile("Gadget")
    given = claiming({"resourceType": "Gadget", "id": "a"})
    notes = ["KB668 Gadget", "KB662 Gadget"]
    assert unchecked(given, gadget, own) == notes
    assert unchecked({"resourceType": "Gadget"}, gadget, own, profiles=[own["url"]]) == notes
    entry = {"fullUrl": f"{BASE}/Gadget/a", "resource": given}
    outer = {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
    assert "KB662 Bundle.entry[0].resource" in unchecked(outer, gadget, own)


@pytest.mark.parametrize("fast_paths", [True, False])
def test_a_value_set_in_a_profile_is_used(fast_paths: bool) -> None:
    system = {
        "resourceType": "CodeSystem",
        "url": f"{BASE}/CodeSystem/s",
        "content": "complete",
        "concept": [{"code": "a"}, {"code": "b"}],
    }
    listed = {"system": system["url"], "concept": [{"code": "a"}]}
    inside = {"resourceType": "ValueSet", "id": "v", "compose": {"include": [listed]}}
    binding = {"strength": "required", "valueSet": "#v"}
    demands = profile("Basic", {"id": "Basic.code", "binding": binding}, contained=[inside])

    def answer(code: str, *contained: dict[str, Any]) -> list[str]:
        coding = {"system": system["url"], "code": code}
        given = claiming({"resourceType": "Basic", "text": TEXT, "code": {"coding": [coding]}})
        known = {**demands, "contained": list(contained)}
        return unchecked(given, known, system, fast_paths=fast_paths)

    assert answer("a", inside) == []
    assert answer("b", inside) == ["KB666 Basic.code"]
    assert answer("a") == ["KB668 Basic.code"]
    assert answer("a", {**inside, "resourceType": "Basic"}) == ["KB668 Basic.code"]


@pytest.mark.parametrize("name", ["maxValue", "minValue", "required", "maxLength"])
def test_a_rule_of_a_questionnaire_that_is_computed(name: str) -> None:
    expression = {"language": "text/fhirpath", "expression": "today()"}
    computed = {"extension": [{"url": f"{CORE}cqf-expression", "valueExpression": expression}]}
    question: dict[str, Any] = {"linkId": "a", "type": "date", "text": "x"}
    if name.endswith("Value"):
        question["extension"] = [{"url": CORE + name, "_valueDate": computed}]
    else:
        question["_" + name] = computed
    questionnaire = {
        "resourceType": "Questionnaire",
        "url": f"{BASE}/Questionnaire/q",
        "status": "active",
        "item": [question],
    }
    response = {
        "resourceType": "QuestionnaireResponse",
        "text": TEXT,
        "questionnaire": questionnaire["url"],
        "status": "completed",
        "item": [{"linkId": "a", "answer": [{"valueDate": "2990-01-01"}]}],
    }
    [note] = [one for one in issues(response, questionnaire) if one.code == "KB745"]
    assert note.message == f"not checked: {name}, which is computed, of the item 'a'"
