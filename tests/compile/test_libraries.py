"""Libraries of CQL are published so that engines find them: by the name that the CQL declares."""

from __future__ import annotations

from pathlib import Path

from compiling import clean

from fhir_kb.model import Element

CQL = "library CKDStage version '2.1.0'\nusing FHIR version '4.0.1'\n"
TOPIC = """\
libraries:
  stage: {file: stage.cql}
  kidney: {file: kidney.cql, title: Kidney}
  status: https://else.test/Library/Status|3.0.0
plan:
  steps:
    - {id: a, title: A, when: {cql-identifier: Has CKD, library: stage}}
"""
FILES = {
    "stage.cql": CQL
    + "include FHIRHelpers version '4.0.1'\n"
    + "include Kidney version '0.5.0' called K\ninclude Status called S\n",
    "kidney.cql": "library Kidney version '0.5.0'\n",
}


def made(folder: Path) -> dict[str, Element]:
    return clean(folder, TOPIC, files=FILES)


def test_url_name_and_version_are_those_of_the_cql(tmp_path: Path) -> None:
    library = made(tmp_path)["Library/sepsis.stage"]
    assert library["url"] == "https://kb.test/fhir/Library/CKDStage"
    assert (library["name"], library["version"]) == ("CKDStage", "2.1.0")


def test_plan_and_condition_name_the_same_library(tmp_path: Path) -> None:
    plan = made(tmp_path)["PlanDefinition/sepsis"]
    stage = "https://kb.test/fhir/Library/CKDStage|2.1.0"
    assert plan["library"] == [
        stage,
        "https://kb.test/fhir/Library/Kidney|0.5.0",
        "https://else.test/Library/Status|3.0.0",
    ]
    assert plan["action"][0]["condition"][0]["expression"]["reference"] == stage


def test_what_a_library_includes_is_what_it_depends_on(tmp_path: Path) -> None:
    library = made(tmp_path)["Library/sepsis.stage"]
    assert [(link["type"], link["resource"]) for link in library["relatedArtifact"]] == [
        ("depends-on", "http://hl7.org/fhir/uv/cql/Library/FHIRHelpers|4.0.1"),
        ("depends-on", "https://kb.test/fhir/Library/Kidney|0.5.0"),
        ("depends-on", "https://else.test/Library/Status|3.0.0"),
    ]


def test_the_manifest_names_what_it_is_composed_of_and_needs(tmp_path: Path) -> None:
    links = made(tmp_path)["Library/sepsis"]["relatedArtifact"]
    named = [(link["type"], link.get("resource")) for link in links]
    assert ("composed-of", "https://kb.test/fhir/Library/CKDStage|2.1.0") in named
    assert [resource for kind, resource in named if kind == "depends-on"] == [
        "http://hl7.org/fhir/uv/cql/Library/FHIRHelpers|4.0.1",
        "https://else.test/Library/Status|3.0.0",
    ]


def test_a_library_whose_cql_declares_no_version_has_the_topics(tmp_path: Path) -> None:
    topic = "libraries: {a: {file: a.cql}}\n"
    library = clean(tmp_path, topic, files={"a.cql": "library A\n"})["Library/sepsis.a"]
    assert (library["url"], library["version"]) == ("https://kb.test/fhir/Library/A", "1.0.0")


def test_a_library_in_another_language_is_known_by_its_own_name(tmp_path: Path) -> None:
    topic = "libraries: {a: {file: a.fhirpath, name: Alpha}}\n"
    library = clean(tmp_path, topic, files={"a.fhirpath": "true"})["Library/sepsis.a"]
    assert library["url"] == "https://kb.test/fhir/Library/sepsis.a"
    assert library["name"] == "Alpha"
