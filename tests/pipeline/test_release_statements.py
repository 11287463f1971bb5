from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fhir_kb.pipeline import validate_files
from fhir_kb.pipeline.release_statements import content_release, folder_release, package_release

if TYPE_CHECKING:
    from pathlib import Path


def bundle(*entries: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": list(entries), **rest}


@pytest.mark.parametrize(
    ("content", "release", "source"),
    [
        (
            {"resourceType": "StructureDefinition", "fhirVersion": "4.0.0"},
            "r4",
            "StructureDefinition.fhirVersion",
        ),
        (
            {"resourceType": "ImplementationGuide", "fhirVersion": ["4.3.0"]},
            "r4b",
            "ImplementationGuide.fhirVersion",
        ),
        (
            {"resourceType": "CapabilityStatement", "fhirVersion": "5.0.0"},
            "r5",
            "CapabilityStatement.fhirVersion",
        ),
        (
            bundle({"resource": {"resourceType": "CapabilityStatement", "fhirVersion": "4.0"}}),
            "r4",
            "CapabilityStatement.fhirVersion",
        ),
        (
            bundle({"fullUrl": "https://fhir.example.org/baseR4/Patient/1"}),
            "r4",
            "the bundle's base",
        ),
        (
            bundle(link=[{"relation": "self", "url": "https://example.org/r4b/Patient?_id=1"}]),
            "r4b",
            "the bundle's base",
        ),
    ],
)
def test_content_that_names_a_release(content: Any, release: str, source: str) -> None:
    stated = content_release(json.dumps(content).encode())
    assert stated is not None
    assert stated.release is not None
    assert (stated.release.name, stated.source) == (release, f"from {source}")


@pytest.mark.parametrize(
    "content",
    [
        {"resourceType": "Patient", "fhirVersion": "4.0.1"},
        {"resourceType": "StructureDefinition", "fhirVersion": "\x1b[2J"},
        {"resourceType": "StructureDefinition", "fhirVersion": 4},
        {"resourceType": "ImplementationGuide", "fhirVersion": ["4.0.1", "5.0.0"]},
        bundle({"fullUrl": "https://a.org/r4/Patient/1"}, {"fullUrl": "https://a.org/r5/A/1"}),
        bundle({"fullUrl": "urn:uuid:r4"}, {"resource": 5}, link=5),
        ["Bundle"],
    ],
)
def test_content_that_names_none_or_several(content: Any) -> None:
    assert content_release(json.dumps(content).encode()) is None
    assert content_release(json.dumps(content).encode()[:-1]) is None


def test_xml_names_a_release_too() -> None:
    definition = (
        b'<CapabilityStatement xmlns="x"><fhirVersion value="4.0.1"/></CapabilityStatement>'
    )
    stated = content_release(definition)
    assert stated is not None
    assert stated.release is not None
    assert stated.release.name == "r4"
    stated = content_release(
        b'<Bundle><link><url value="https://a.org/r5/Patient"/></link></Bundle>'
    )
    assert stated is not None
    assert stated.release is not None
    assert stated.release.name == "r5"


@pytest.mark.parametrize(
    ("manifest", "release"),
    [
        ({"fhirVersions": ["4.0.1"]}, "r4"),
        ({"fhir-version-list": ["4.3.0"]}, "r4b"),
        ({"fhirVersions": ["4.0.1", "5.0.0"]}, None),
        ({"name": "an npm package"}, None),
    ],
)
def test_package_json(manifest: Any, release: str | None, tmp_path: Path) -> None:
    data = json.dumps(manifest).encode()
    stated = package_release(data)
    assert (stated and stated.release and stated.release.name) == release
    (tmp_path / "sub").mkdir()
    (tmp_path / "package.json").write_bytes(data)
    stated = folder_release(tmp_path / "sub")
    assert (stated and stated.release and stated.release.name) == release


def test_the_release_of_the_options_holds_unless_detection_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"resourceType": "StructureDefinition", "fhirVersion": "4.0.1"}')
    [report] = validate_files([path])
    assert (report.fhir_version, report.release_source) == ("5.0.0", "")
    [report] = validate_files([path], detect_release=True)
    assert (report.fhir_version, report.release_source) == (
        "4.0.1",
        "from StructureDefinition.fhirVersion",
    )


@pytest.mark.parametrize("name", ["a.ndjson", "a.json"])
def test_the_first_line_of_ndjson_counts_for_all(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    line = '{"resourceType": "StructureDefinition", "fhirVersion": "4.0.1"}'
    path.write_text(f'{line}\n{{"resourceType": "Patient"}}\n', encoding="utf-8")
    versions = [report.fhir_version for report in validate_files([path], detect_release=True)]
    assert versions == ["4.0.1", "4.0.1"]


def test_a_release_that_is_not_supported_is_told(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"fhirVersions": ["3.0.2"]}')
    (tmp_path / "a.json").write_text('{"resourceType": "Patient"}')
    guide = '{"resourceType": "ImplementationGuide", "fhirVersion": "4.0"}'
    (tmp_path / "b.json").write_text(guide)
    reports = validate_files([tmp_path], detect_release=True)
    assert [(report.fhir_version, report.release_source) for report in reports] == [
        ("5.0.0", "package.json names 3.0.2, which is not supported"),
        ("4.0.1", "from ImplementationGuide.fhirVersion"),
    ]
