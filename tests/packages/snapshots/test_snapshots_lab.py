"""Snapshots against HL7's own: its suite (in ../shared) and the packages that it publishes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from environ import SHARED

from fhir_kb.packages import core_profiles
from fhir_kb.packages.snapshots import SnapshotError, contradictions, snapshot

SUITE = SHARED / "suites" / "snapshot-generation" / "r5"
R5 = ("hl7.fhir.r5.core#5.0.0", "hl7.fhir.uv.extensions.r5#5.3.0-ballot-tc1")

pytestmark = pytest.mark.lab


@pytest.mark.skipif(not SUITE.is_dir(), reason="needs the suites in ../shared")
def test_the_suite_of_hl7(official_packages: Path, load_script: Callable[[str], Any]) -> None:
    packages = [official_packages / name for name in R5]
    found = load_script("score_snapshots").results(SUITE, packages)
    counted = [wrong for _, wrong in found if wrong is not None]
    assert len(counted) >= 90
    assert sum(not shape for shape, _ in counted) >= 0.95 * len(counted)
    assert sum(not whole for _, whole in counted) >= 0.85 * len(counted)


def _published(package: Path) -> list[dict[str, Any]]:
    paths = sorted((package / "package").glob("StructureDefinition-*.json"))
    found = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    return [one for one in found if one.get("derivation") == "constraint" and "snapshot" in one]


#: Profiles that HL7 published against its own rules: a slice BornAge of born[x], which is to be
#: called bornAge.
REFUSED = {"familymemberhistory-genetic"}


@pytest.mark.parametrize(
    ("version", "package"),
    [
        ("4.0.1", "hl7.fhir.r4.core#4.0.1"),
        ("4.0.1", "hl7.fhir.uv.extensions.r4#5.3.0-ballot-tc1"),
        ("4.3.0", "hl7.fhir.r4b.core#4.3.0"),
        ("5.0.0", R5[0]),
        ("5.0.0", R5[1]),
    ],
)
def test_published_profiles(version: str, package: str, official_packages: Path) -> None:
    known = core_profiles(version)
    refused, same, published = set(), 0, _published(official_packages / package)
    for one in published:
        try:
            assert contradictions(one, known) == [], one["id"]
            made = snapshot(one, known)
        except SnapshotError:
            refused.add(one["id"])
            continue
        same += _shape(made) == _shape(one)
    assert refused <= REFUSED
    assert same >= 0.88 * len(published)


def _shape(definition: dict[str, Any]) -> list[tuple[Any, ...]]:
    elements = definition["snapshot"]["element"]
    return [(one["id"], one.get("min"), one.get("max")) for one in elements]
