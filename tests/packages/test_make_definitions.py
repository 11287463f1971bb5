"""The script that makes the shipped definitions, on a package of one type and one value set."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fhir_kb.packages.core.definitions import Definitions

BASE = "http://hl7.org/fhir/StructureDefinition/"
PATIENT: dict[str, Any] = {
    "resourceType": "StructureDefinition",
    "url": BASE + "Patient",
    "name": "Patient",
    "type": "Patient",
    "kind": "resource",
    "abstract": False,
    "baseDefinition": BASE + "DomainResource",
    "derivation": "specialization",
    "snapshot": {
        "element": [
            {
                "path": "Patient",
                "min": 0,
                "max": "*",
                "constraint": [
                    {"key": "x-1", "severity": "error", "human": "a rule", "expression": "true"}
                ],
            },
            {
                "path": "Patient.id",
                "min": 0,
                "max": "1",
                "base": {"path": "Resource.id", "max": "1"},
                "type": [{"code": "http://hl7.org/fhirpath/System.String"}],
            },
            {
                "path": "Patient.gender",
                "min": 1,
                "max": "1",
                "isModifier": True,
                "base": {"path": "Patient.gender", "max": "1"},
                "type": [{"code": "code"}],
                "binding": {"strength": "required", "valueSet": "http://example.org/v|1"},
            },
            {
                "path": "Patient.deceased[x]",
                "min": 0,
                "max": "1",
                "base": {"path": "Patient.deceased[x]", "max": "1"},
                "type": [{"code": "boolean"}, {"code": "dateTime"}],
            },
            {
                "path": "Patient.link",
                "min": 0,
                "max": "*",
                "base": {"path": "Patient.link", "max": "*"},
                "type": [{"code": "Reference", "targetProfile": [BASE + "Patient"]}],
                "fixedCode": "a",
            },
        ]
    },
}
CODES = {
    "resourceType": "CodeSystem",
    "url": "http://example.org/c",
    "content": "complete",
    "concept": [{"code": "b"}, {"code": "a"}],
}
VALUE_SET = {
    "resourceType": "ValueSet",
    "url": "http://example.org/v",
    "compose": {"include": [{"system": "http://example.org/c"}]},
}


def _package(folder: Path, name: str, *resources: dict[str, Any]) -> str:
    inside = folder / name / "package"
    inside.mkdir(parents=True)
    manifest = {"name": name, "fhirVersions": ["5.0.0"]}
    (inside / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    for number, resource in enumerate(resources):
        path = inside / f"{resource['resourceType']}-{number}.json"
        path.write_text(json.dumps(resource), encoding="utf-8")
    return str(folder / name)


@pytest.fixture
def made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, load_script: Callable[[str], Any]
) -> tuple[Path, Any, list[str]]:
    script = load_script("make_definitions")
    target = tmp_path / "core"
    target.mkdir()
    monkeypatch.setattr(script, "CORE", target)
    core = _package(tmp_path, "test.core", PATIENT, VALUE_SET)
    folders = [core, _package(tmp_path, "test.terms", CODES)]
    assert script.main(folders) == 0
    return target / "r5.ndjson.gz", script, folders


def test_the_definitions_can_be_asked(made: tuple[Path, Any, list[str]]) -> None:
    known = Definitions(gzip.decompress(made[0].read_bytes()))
    assert known.fhir_version == "5.0.0"
    patient = known.type("Patient")
    assert [element.path for element in patient.elements] == [
        "Patient.id", "Patient.gender", "Patient.deceased", "Patient.link",
    ]  # fmt: skip
    assert patient.by_path["Patient.id"].type_codes == ("id",)
    gender = patient.by_path["Patient.gender"]
    assert (gender.min, gender.max, gender.is_modifier) == (1, 1, True)
    assert [name for name, _ in patient.by_path["Patient.deceased"].json_names()] == [
        "deceasedBoolean", "deceasedDateTime",
    ]  # fmt: skip
    link = patient.by_path["Patient.link"]
    assert (link.max, link.is_array, link.fixed) == (None, True, "a")
    assert link.types[0].targets == ("Patient",)
    assert [one.key for one in patient.invariants] == ["x-1"]
    assert known.codes("http://example.org/v") == {"a", "b"}


def test_the_same_packages_give_the_same_bytes(made: tuple[Path, Any, list[str]]) -> None:
    path, script, folders = made
    before = path.read_bytes()
    assert script.main(folders) == 0
    assert path.read_bytes() == before
