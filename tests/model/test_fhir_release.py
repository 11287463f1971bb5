"""The releases that are declared, and how they are looked up."""

from __future__ import annotations

import pytest

from fhir_kb.model.fhir_release import (
    FHIR_RELEASES,
    R4,
    R4B,
    R5,
    FhirRelease,
    release_of_version,
    release_spelled,
    releases_in_words,
)


@pytest.mark.parametrize(
    ("text", "release"),
    [("r4", R4), ("R4B", R4B), (" 5.0.0 ", R5), ("4.0", R4), ("4.3", R4B), ("4", None), ("", None)],
)
def test_users_may_write_names_and_versions(text: str, release: FhirRelease | None) -> None:
    assert release_spelled(text) is release


@pytest.mark.parametrize(
    ("version", "release"), [("4.0.0", R4), ("4.3.0", R4B), ("5.0.0-ballot", R5), ("3.0.2", None)]
)
def test_any_patch_of_a_version_is_its_release(version: str, release: FhirRelease | None) -> None:
    assert release_of_version(version) is release


def test_releases_are_listed_newest_first() -> None:
    assert [release.version for release in FHIR_RELEASES] == ["5.0.0", "4.3.0", "4.0.1"]
    assert releases_in_words() == "R5 (5.0.0), R4B (4.3.0) and R4 (4.0.1)"


def test_a_package_may_depend_on_a_release_under_two_names() -> None:
    assert R4B.core_packages == ("hl7.fhir.r4b.core", "hl7.fhir.core")
