"""The code systems that ship: http://hl7.org/fhir/codesystem.html."""

from __future__ import annotations

import pytest

from fhir_kb.packages.core.code_systems import code_systems, value_sets


@pytest.mark.parametrize("version", ["4.0.1", "4.3.0", "5.0.0"])
def test_codes_at_any_depth_are_known_with_their_names(version: str) -> None:
    found = code_systems(version).get("http://terminology.hl7.org/CodeSystem/v3-ActCode")
    assert found is not None
    assert found.codes["PATDOC"] == ("patient documentation task",)


def test_a_system_of_one_release_is_not_known_in_another() -> None:
    url = "http://hl7.org/fhir/request-resource-types"
    assert code_systems("4.0.1").get(url) is not None
    assert code_systems("5.0.0").get(url) is None
    assert code_systems("5.0.0").get("http://snomed.info/sct") is None


def test_only_known_releases_have_code_systems() -> None:
    with pytest.raises(ValueError, match=r"no definitions for FHIR 3\.0\.2"):
        code_systems("3.0.2")


def test_a_release_has_its_own_value_sets_before_those_of_extension_packs() -> None:
    url = "http://hl7.org/fhir/ValueSet/certainty-rating"
    systems = {
        version: [one["system"] for one in found["compose"]["include"]]
        for version in ("4.3.0", "5.0.0")
        if (found := value_sets(version).get(url)) is not None
    }
    assert systems == {
        "4.3.0": ["http://terminology.hl7.org/CodeSystem/certainty-rating"],
        "5.0.0": ["http://hl7.org/fhir/certainty-rating"],
    }


def test_parents_and_properties_are_known() -> None:
    found = code_systems("5.0.0").get("http://terminology.hl7.org/CodeSystem/v3-ActCode")
    assert found is not None
    assert "_ActEncounterCode" in found.parents["AMB"]
    assert list(found.properties["_ActEncounterCode"]["notSelectable"]) == ["true"]
