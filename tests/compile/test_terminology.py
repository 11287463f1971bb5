"""Concepts, value sets and code systems of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from compiling import clean, compiled

from fhir_kb.compile import hl7_codes

CONCEPTS = """\
pain:
  text: Pain
  snomed: "22253000"
  codes: [{system: icd-10, code: R52, display: "Pain, unspecified"}]
adult: {text: Adult}
"""
SYSTEM = "https://kb.test/fhir/CodeSystem/sepsis.grades"
GRADES = "code-systems: {grades: {title: Grades, codes: {a: {display: A, codes: {a1: A one}}}}}\n"


def test_a_concept_has_its_words_and_codes(tmp_path: Path) -> None:
    topic = "focus: pain\n"
    made = clean(tmp_path, topic, concepts=CONCEPTS)["PlanDefinition/sepsis"]
    assert made["useContext"][0]["valueCodeableConcept"] == {
        "coding": [
            {"system": "http://snomed.info/sct", "code": "22253000"},
            {
                "system": "http://hl7.org/fhir/sid/icd-10",
                "code": "R52",
                "display": "Pain, unspecified",
            },
        ],
        "text": "Pain",
    }


def test_a_code_system_keeps_its_levels(tmp_path: Path) -> None:
    made = clean(tmp_path, GRADES)["CodeSystem/sepsis.grades"]
    assert (made["url"], made["content"], made["count"]) == (SYSTEM, "complete", 2)
    assert made["hierarchyMeaning"] == "is-a"
    assert made["concept"] == [
        {"code": "a", "display": "A", "concept": [{"code": "a1", "display": "A one"}]}
    ]


def test_a_code_of_ours_reads_as_the_code_system_says(tmp_path: Path) -> None:
    topic = f"{GRADES}focus: {{codes: [{{system: grades, code: a1}}]}}\n"
    made = clean(tmp_path, topic)["PlanDefinition/sepsis"]
    assert made["useContext"][0]["valueCodeableConcept"] == {
        "coding": [{"system": SYSTEM, "code": "a1", "display": "A one"}],
        "text": "A one",
    }


def value_set(folder: Path, include: str) -> dict[str, object]:
    topic = f"{GRADES}value-sets: {{some: {{title: Some, include: [{include}]}}}}\n"
    return clean(folder, topic, concepts=CONCEPTS)["ValueSet/sepsis.some"]["compose"]


def test_a_value_set_takes_all_codes_of_a_concept(tmp_path: Path) -> None:
    assert value_set(tmp_path, "{concept: pain}")["include"] == [
        {"system": "http://snomed.info/sct", "concept": [{"code": "22253000"}]},
        {
            "system": "http://hl7.org/fhir/sid/icd-10",
            "concept": [{"code": "R52", "display": "Pain, unspecified"}],
        },
    ]


def test_a_value_set_takes_codes_filters_and_value_sets(tmp_path: Path) -> None:
    filters = "filter: [{property: concept, op: is-a, value: a}]"
    assert value_set(tmp_path, f"{{system: grades, {filters}}}")["include"] == [
        {"system": SYSTEM, "filter": [{"property": "concept", "op": "is-a", "value": "a"}]}
    ]
    assert value_set(tmp_path, "{value-sets: ['https://a.example/vs']}")["include"] == [
        {"valueSet": ["https://a.example/vs"]}
    ]
    assert value_set(tmp_path, "{system: grades, codes: {a: {display: A, codes: {a1: B}}}}")[
        "include"
    ] == [
        {
            "system": SYSTEM,
            "concept": [{"code": "a", "display": "A"}, {"code": "a1", "display": "B"}],
        }
    ]


@pytest.mark.parametrize("include", ["{codes: {a: A}}", "{concept: adult}"])
def test_codes_without_a_code_system_are_found(tmp_path: Path, include: str) -> None:
    topic = f"value-sets: {{some: {{title: Some, include: [{include}]}}}}\n"
    found = compiled(tmp_path, topic).diagnostics
    assert {one.code for one in found} == {"KB354"}


def test_data_are_asked_for_by_the_codes_of_a_value_set(tmp_path: Path) -> None:
    topic = (
        "value-sets: {some: {title: Some, include: [{concept: pain}]}}\n"
        "plan: {steps: [{id: look, title: Look, inputs: "
        "[{type: Immunization, value-set: some}]}]}\n"
    )
    made = clean(tmp_path, topic, concepts=CONCEPTS)["PlanDefinition/sepsis"]
    assert made["action"][0]["input"][0]["requirement"] == {
        "type": "Immunization",
        "codeFilter": [
            {"path": "vaccineCode", "valueSet": "https://kb.test/fhir/ValueSet/sepsis.some|1.0.0"}
        ],
    }


def test_a_code_and_its_display_as_snomed_international_writes_them(tmp_path: Path) -> None:
    concepts = (
        "back: {text: Back pain, snomed: 279039007 |Low back pain|}\n"
        "lung: {text: Lung, codes: [{system: snomed, code: '39607008 |Lung structure|'}]}\n"
    )
    topic = "focus: back\nalso-about: [lung]\n"
    made = clean(tmp_path, topic, concepts=concepts)["PlanDefinition/sepsis"]
    focus = made["useContext"][0]["valueCodeableConcept"]
    codings = [concept["coding"][0] for concept in (focus, *made["topic"])]
    snomed = "http://snomed.info/sct"
    assert codings == [
        {"system": snomed, "code": "279039007", "display": "Low back pain"},
        {"system": snomed, "code": "39607008", "display": "Lung structure"},
    ]


@pytest.mark.lab
def test_displays_are_those_of_hl7(official_packages: Path) -> None:
    for system, codes in hl7_codes.DISPLAYS.items():
        if system in (hl7_codes.DIRECTION, hl7_codes.EBM_CODES):
            continue  # of CPG's and EBMonFHIR's packages
        known = displays(system, official_packages)
        assert {code: known.get(code) for code in codes} == codes, system


def displays(system: str, packages: Path) -> dict[str, str]:
    for package in ("hl7.fhir.r5.core#5.0.0", "hl7.terminology.r5#7.0.1"):
        folder = packages / package / "package"
        for entry in json.loads((folder / ".index.json").read_text("utf-8"))["files"]:
            if entry.get("url") == system and entry["resourceType"] == "CodeSystem":
                resource = json.loads((folder / entry["filename"]).read_text("utf-8"))
                return dict(flat(resource["concept"]))
    raise AssertionError(system)


def flat(concepts: list[dict[str, object]]) -> list[tuple[str, str]]:
    found = []
    for one in concepts:
        found.append((str(one["code"]), str(one.get("display", "")).strip()))
        found += flat(one.get("concept", []))
    return found
