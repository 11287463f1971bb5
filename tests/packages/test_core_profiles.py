"""The StructureDefinitions that ship; the expected values are those of the published pages."""

from __future__ import annotations

import gzip

import pytest

from fhir_kb.model.fhir_release import NAMES
from fhir_kb.packages import core_profiles, definitions
from fhir_kb.packages.core.definitions import CORE

FHIR = "http://hl7.org/fhir/StructureDefinition/"
RELEASES = ("4.0.1", "4.3.0", "5.0.0")


@pytest.mark.parametrize("version", RELEASES)
def test_every_type_of_the_release_is_there_with_its_snapshot(version: str) -> None:
    known = definitions(version)
    profiles = core_profiles(version)
    for name in sorted(known.resource_types | known.data_types | known.primitive_types):
        if (definition := profiles.find(FHIR + name, "StructureDefinition")) is None:
            pytest.fail(f"{name} is missing")
        assert definition["version"] == version
        assert definition["snapshot"]["element"][0]["path"] == name


@pytest.mark.parametrize("version", RELEASES)
def test_a_snapshot_agrees_with_the_definitions(version: str) -> None:
    patient = core_profiles(version).find(FHIR + "Patient")
    assert patient is not None
    for element in patient["snapshot"]["element"][1:]:
        path = element["path"].removesuffix("[x]")
        known = definitions(version).element(path)
        assert known is not None, path
        assert (known.min, known.max is None) == (element["min"], element["max"] == "*"), path


@pytest.mark.parametrize("version", RELEASES)
def test_an_extension_of_the_pack_is_found_with_its_context(version: str) -> None:
    # https://hl7.org/fhir/extensions/StructureDefinition-patient-birthPlace.html
    found = core_profiles(version).find(FHIR + "patient-birthPlace", "StructureDefinition")
    assert found is not None
    assert (found["type"], found["derivation"]) == ("Extension", "constraint")
    assert found["context"] == [{"type": "element", "expression": "Patient"}]
    values = [e for e in found["snapshot"]["element"] if e["path"] == "Extension.value[x]"]
    assert [one["code"] for one in values[0]["type"]] == ["Address"]
    urls = [e for e in found["snapshot"]["element"] if e["path"] == "Extension.url"]
    assert urls[0]["fixedUri"] == found["url"]


def test_a_version_chooses_between_core_and_extension_pack() -> None:
    profiles = core_profiles("4.0.1")
    url = FHIR + "patient-birthPlace"
    newest, core = profiles.find(url), profiles.find(url + "|4.0.1")
    assert newest is not None
    assert core is not None
    assert core["version"] == "4.0.1"
    assert newest["version"].startswith("5.")
    assert profiles.find(url + "|3.0") is None


def test_a_profile_keeps_its_slicing_and_its_differential() -> None:
    # http://hl7.org/fhir/R4/bmi.html
    bmi = core_profiles("4.0.1").find(FHIR + "bmi")
    assert bmi is not None
    assert bmi["baseDefinition"] == FHIR + "vitalsigns"
    codings = [e for e in bmi["snapshot"]["element"] if e["path"] == "Observation.code.coding"]
    assert codings[0]["slicing"]["discriminator"][0]["path"] == "code"
    assert {e.get("sliceName") for e in codings} == {None, "BMICode"}
    assert any(e.get("sliceName") == "BMICode" for e in bmi["differential"]["element"])


def test_what_is_only_for_readers_is_left_out() -> None:
    patient = core_profiles("5.0.0").find(FHIR + "Patient")
    assert patient is not None
    assert not {"text", "mapping", "differential"} & patient.keys()
    for element in patient["snapshot"]["element"]:
        assert not {"definition", "comment", "requirements", "mapping"} & element.keys()


def test_invariants_are_mended_as_those_of_the_definitions_are() -> None:
    # R4 prints con-3 with a comparison of a CodeableConcept with a string: never true
    condition = core_profiles("4.0.1").find(FHIR + "Condition")
    assert condition is not None
    stated = {
        one["key"]: one["expression"] for one in condition["snapshot"]["element"][0]["constraint"]
    }
    known = {one.key: one.expression for one in definitions("4.0.1").type("Condition").invariants}
    assert stated["con-3"] == known["con-3"]
    assert "$this='problem-list-item'" not in stated["con-3"]


def test_another_type_of_resource_or_an_unknown_url_is_not_found() -> None:
    profiles = core_profiles("5.0.0")
    assert profiles.find(FHIR + "Patient", "ValueSet") is None
    assert profiles.find(FHIR + "Patience") is None
    assert profiles.find("") is None


def test_entries_list_every_extension_once_a_version() -> None:
    entries = [e for e in core_profiles("5.0.0").entries() if e.type == "Extension"]
    assert len(entries) > 600
    assert len({(e.url, e.version) for e in entries}) == len(entries)
    assert {e.resource_type for e in entries} == {"StructureDefinition"}


def test_the_same_resource_is_given_again() -> None:
    profiles = core_profiles("5.0.0")
    assert profiles.find(FHIR + "Group") is profiles.find(FHIR + "Group|5.0.0")


def test_an_unknown_release_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no definitions for FHIR 3\.0\.2"):
        core_profiles("3.0.2")


def test_the_files_are_gzip_and_small() -> None:
    files = sorted(CORE.glob("*-r*.ndjson.gz"))
    assert {f"profiles-{name}.ndjson.gz" for name in NAMES} < {file.name for file in files}
    assert sum(file.stat().st_size for file in files) < 500_000 * len(files)
    for file in files:
        assert gzip.decompress(file.read_bytes()).count(b"\n") > 250
