"""What is built conforms to the profiles that it claims, by the guides' own packages."""

from __future__ import annotations

from pathlib import Path

import pytest
from environ import SHARED

from fhir_kb.bulk import build
from fhir_kb.pipeline import validate_files
from fhir_kb.validate import ValidationOptions

ROOT = Path(__file__).parents[2]
PACKAGES = SHARED / "fhir" / "packages"
VERSIONS = {"r5": "5.0.0", "r4b": "4.3.0", "r4": "4.0.1"}
GUIDES = ("hl7.fhir.uv.ebm-*.tgz", "hl7.fhir.uv.cpg-*.tgz", "hl7.fhir.uv.crmi-*.tgz")

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(not PACKAGES.is_dir(), reason="needs the packages in ../shared/fhir"),
]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("output")
    build(ROOT / "definitions", output=folder)
    return folder


@pytest.mark.parametrize("release", VERSIONS)
def test_no_error_by_any_guide(release: str, output: Path) -> None:
    guides = tuple(str(next(PACKAGES.glob(pattern))) for pattern in GUIDES)
    reports = list(validate_files([output / release], ValidationOptions(VERSIONS[release], guides)))
    issues = [issue for one in reports for issue in one.issues]
    assert len(reports) > 30
    assert [one for one in issues if one.severity.value == "error"] == []
    assert [one for one in issues if one.code == "KB662"] == []  # every profile was at hand
