"""Profiles in a package, wherever they are in it: https://hl7.org/fhir/packages.html."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fhir_kb.validate import ValidationOptions

_URL = "https://profiles.test/StructureDefinition/named"
_JSON = {
    "resourceType": "StructureDefinition",
    "url": _URL,
    "name": "Named",
    "status": "active",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "differential": {"element": [{"id": "Patient.name", "path": "Patient.name", "min": 1}]},
}
_XML = f"""<StructureDefinition xmlns="http://hl7.org/fhir"><url value="{_URL}"/>
<name value="Named"/><status value="active"/><kind value="resource"/><abstract value="false"/>
<type value="Patient"/>
<baseDefinition value="http://hl7.org/fhir/StructureDefinition/Patient"/>
<derivation value="constraint"/>
<differential><element id="Patient.name"><path value="Patient.name"/><min value="1"/></element>
</differential></StructureDefinition>"""


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("StructureDefinition-named.json", json.dumps(_JSON)),
        ("profiles/StructureDefinition-named.json", json.dumps(_JSON)),
        ("StructureDefinition-named.xml", _XML),
        ("xml/deeper/named.XML", _XML),
    ],
)
def test_a_profile_of_a_package_is_used_wherever_it_is(
    tmp_path: Path, file: str, content: str
) -> None:
    package = tmp_path / "package"
    path = package / file
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8")
    (package / "package.json").write_text('{"name": "a.b", "version": "1.0.0"}')
    options = ValidationOptions("4.0.1", packages=(str(tmp_path),), profiles=(_URL,))
    issues = options.validator().check({"resourceType": "Patient"})
    assert "KB650" in [issue.code for issue in issues]
