from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fhir_kb.cli.run import run
from fhir_kb.pipeline import validate_files
from fhir_kb.pipeline.release_statements import content_release, folder_release, package_release
from fhir_kb.validate import ValidationOptions

if TYPE_CHECKING:
    from pathlib import Path


CORE = "http://hl7.org/fhir/StructureDefinition/"


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
            {"resourceType": "Patient", "meta": {"profile": [f"{CORE}Patient|4.0.1"]}},
            "r4",
            "meta.profile",
        ),
        (
            bundle({"resource": {"resourceType": "A", "meta": {"profile": [f"{CORE}A|4.3.0"]}}}),
            "r4b",
            "meta.profile",
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
        {"resourceType": "Patient", "meta": {"profile": [f"{CORE}A|4.0.1", f"{CORE}A|5.0.0"]}},
        {"resourceType": "Patient", "meta": {"profile": [f"{CORE}A|5.2.0", f"{CORE}A"]}},
        {"resourceType": "Patient", "meta": {"profile": ["https://example.org/A|4.0.1"]}},
        {"resourceType": "Patient", "meta": {"profile": f"{CORE}A|4.0.1"}, "id": f"{CORE}A|4.0.1"},
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


@pytest.mark.parametrize("first", ["", "   ", '{"resourceType": "Patient"}'])
def test_a_later_line_of_ndjson_names_the_release(tmp_path: Path, first: str) -> None:
    stating = json.dumps({"resourceType": "Patient", "meta": {"profile": [f"{CORE}Patient|4.0.1"]}})
    path = tmp_path / "a.ndjson"
    path.write_text(f"{first}\n{stating}\n", encoding="utf-8")
    reports = validate_files([path], detect_release=True)
    assert {report.fhir_version for report in reports} == {"4.0.1"}


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


def test_the_profiles_of_xml_name_a_release() -> None:
    meta = f'<meta><profile value="{CORE}Patient|4.0.1"/></meta>'
    stated = content_release(f'<Patient xmlns="http://hl7.org/fhir">{meta}</Patient>'.encode())
    assert stated is not None
    assert stated.source == "from meta.profile"
    later = f'<contained><A><meta/></A></contained><x value="{CORE}Patient|4.0.1"/>'
    assert (
        content_release(f'<Patient xmlns="http://hl7.org/fhir">{later}</Patient>'.encode()) is None
    )


def _package(folder: Path, name: str, *versions: str, **more: Any) -> str:
    (folder / name / "package").mkdir(parents=True)
    manifest = {"name": name, "version": "1.0.0", "fhirVersions": list(versions), **more}
    (folder / name / "package" / "package.json").write_text(json.dumps(manifest))
    return str(folder / name)


def _checked_as(
    tmp_path: Path, *packages: str, content: Any = None, **more: Any
) -> tuple[str, str]:
    file = tmp_path / "patient.json"
    file.write_text(json.dumps(content or {"resourceType": "Patient"}))
    options = ValidationOptions(packages=packages, **more)
    (report,) = validate_files([file], options, detect_release=True)
    return report.fhir_version, report.release_source


def test_a_package_names_the_release_of_files_that_name_none(tmp_path: Path) -> None:
    r4 = _package(tmp_path, "a.b", "4.0.1")
    assert _checked_as(tmp_path, r4) == ("4.0.1", "from a.b#1.0.0")
    content = {"resourceType": "CapabilityStatement", "fhirVersion": "4.3.0"}
    assert _checked_as(tmp_path, r4, content=content)[0] == "4.3.0"
    several = _package(tmp_path, "c.d", "4.0.1", "4.3.0")
    assert _checked_as(tmp_path, several) == ("5.0.0", "")
    old = _package(tmp_path, "g.h", "3.0.1")
    unsupported = "g.h#1.0.0 names 3.0.1, which is not supported"
    assert _checked_as(tmp_path, old) == ("5.0.0", unsupported)
    assert _checked_as(tmp_path, old, r4) == ("4.0.1", "from a.b#1.0.0")
    r4b = _package(tmp_path, "e.f", "4.3.0")
    version, source = _checked_as(tmp_path, r4, r4b)
    assert version == "5.0.0"
    assert source == "default; what it is checked against is for R4 and R4B"


def test_what_a_package_depends_on_does_not_name_the_release(tmp_path: Path) -> None:
    r4 = _package(tmp_path, "a.b", "4.0.1", dependencies={"c.d": "1.0.0"})
    r5 = _package(tmp_path, "e.f", dependencies={"a.b": "current"})
    assert _checked_as(tmp_path, r5) == ("5.0.0", "")
    assert _checked_as(tmp_path, r5, r4) == ("4.0.1", "from a.b#1.0.0")


@pytest.mark.parametrize("name", ["profile.json", "profile.xml"])
def test_definitions_name_the_release_too(tmp_path: Path, name: str) -> None:
    definition = {"resourceType": "StructureDefinition", "url": "https://a.test/p", "name": "P"}
    xml = '<StructureDefinition xmlns="http://hl7.org/fhir"><fhirVersion value="4.0.1"/>'
    text = json.dumps({**definition, "fhirVersion": "4.0.1"})
    path = tmp_path / "also" / name
    path.parent.mkdir()
    path.write_text(text if name.endswith("json") else f"{xml}</StructureDefinition>")
    for also in (path, path.parent):
        assert _checked_as(tmp_path, also=(also,))[0] == "4.0.1"


def test_a_missing_package_is_reported_before_the_files(tmp_path: Path) -> None:
    package = _package(tmp_path, "a.b", dependencies={"c.d": "current", "v1@npm:e.f": "1.0.0"})
    file = tmp_path / "patient.json"
    file.write_text('{"resourceType": "Patient"}')
    missing: list[str] = []
    options = ValidationOptions(packages=(package,))
    reports = validate_files(
        [file], options, on_missing_package=lambda entry: missing.append(str(entry.requirement))
    )
    assert len(list(reports)) == 1
    assert missing == ["c.d#current", "e.f#1.0.0"]


@pytest.mark.parametrize(
    ("dependencies", "release"),
    [
        ({"hl7.fhir.r4.core": "4.0.1", "c.d": "5.0.0"}, "r4"),
        ({"hl7.fhir.r4b.core": "current"}, "r4b"),
        ({"hl7.fhir.core": "4.0.1"}, "r4"),
        ({"hl7.fhir.r4.core": "4.0.1", "hl7.fhir.r5.core": "5.0.0"}, None),
        ({"hl7.fhir.core": 5}, None),
        (["hl7.fhir.r4.core"], None),
    ],
)
def test_a_package_that_names_no_version_is_for_the_release_that_it_depends_on(
    dependencies: Any, release: str | None
) -> None:
    stated = package_release(json.dumps({"dependencies": dependencies}).encode())
    assert (stated and stated.release and stated.release.name) == release


def test_the_folders_of_a_build_name_their_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init", "kb"]) == 0
    assert run(["build", "kb", "-q"]) == 0
    capfd.readouterr()
    assert run(["validate", "output"]) == 0
    checked = capfd.readouterr().out
    assert all(f"FHIR {name.upper()} (from {name}/)" in checked for name in ("r4", "r4b", "r5"))
    assert run(["validate", "output/r4/bundle.transaction.json"]) == 0
    monkeypatch.chdir(tmp_path / "output" / "r4b")
    assert run(["validate", "."]) == 0
    assert "checked as FHIR R4B (from r4b/)" in capfd.readouterr().out
    (tmp_path / "r4").mkdir()  # no build has made it
    assert folder_release(tmp_path / "r4") is None
