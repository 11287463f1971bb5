"""The code systems that ship: http://hl7.org/fhir/codesystem.html."""

from __future__ import annotations

import pytest

from fhir_kb.packages.codesystems import code_systems


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
    with pytest.raises(ValueError, match=r"no code systems for FHIR 3\.0\.2"):
        code_systems("3.0.2")
