"""Composition before R5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fhir_kb.releases.pre_r5.composition import STATUS

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.parametrize("name", ["r4", "r4b"])
CORE = "http://hl7.org/fhir/StructureDefinition/"
XVER = "http://hl7.org/fhir/5.0/StructureDefinition/extension-"


def composition(**content: Any) -> dict[str, Any]:
    return {
        "resourceType": "Composition",
        "id": "c",
        "status": "final",
        "type": {"text": "page"},
        "date": "2026-01-01",
        "author": [{"display": "the team"}],
        "title": "T",
        **content,
    }


def test_sections_stay_nested(name: str, lower: Callable[..., Any]) -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml">t</div>'
    inner = {"title": "inner", "text": {"status": "generated", "div": div}}
    sections = [{"title": "outer", "section": [inner]}]
    result = lower(name, composition(section=sections))
    assert result.resource["section"] == sections
    assert result.losses == ()


@pytest.mark.parametrize(("r5", "older"), sorted(STATUS.items()))
def test_new_states_become_the_nearest(
    r5: str, older: str, name: str, lower: Callable[..., Any]
) -> None:
    resource = lower(name, composition(status=r5)).resource
    assert resource["status"] == older
    assert resource["_status"]["extension"][0]["valueCodeableConcept"] == {"text": r5}


def test_one_identifier_is_the_identifier(name: str, lower: Callable[..., Any]) -> None:
    first, second = {"value": "1"}, {"value": "2"}
    result = lower(name, composition(identifier=[first, second]))
    extension = {"url": XVER + "Composition.identifier", "valueIdentifier": second}
    assert result.resource["identifier"] == {"value": "1", "extension": [extension]}


def test_its_url_identifies_it(name: str, lower: Callable[..., Any]) -> None:
    result = lower(name, composition(url="https://a.example/c"))
    identifier = {"system": "urn:ietf:rfc:3986", "value": "https://a.example/c"}
    assert result.resource["identifier"] == identifier


def test_version_note_and_audience_are_kept(name: str, lower: Callable[..., Any]) -> None:
    audience = {
        "code": {"code": "user", "display": "User Type"},
        "valueCodeableConcept": {"text": "healthcare professional"},
    }
    content = composition(version="1.0.0", note=[{"text": "n"}], useContext=[audience])
    extensions = lower(name, content).resource["extension"]
    assert extensions[:2] == [
        {"url": CORE + "composition-clinicaldocument-versionNumber", "valueString": "1.0.0"},
        {"url": CORE + "note", "valueAnnotation": {"text": "n"}},
    ]
    assert extensions[2]["valueAnnotation"]["text"] == (
        "Audience and context: User Type: healthcare professional"
    )


def test_it_replaces_another(name: str, lower: Callable[..., Any]) -> None:
    reference = {"reference": "Composition/old"}
    result = lower(
        name, composition(relatesTo=[{"type": "replaces", "resourceReference": reference}])
    )
    assert result.resource["relatesTo"] == [{"code": "replaces", "targetReference": reference}]
    assert result.losses == ()


def test_other_relations_are_lost_aloud(name: str, lower: Callable[..., Any]) -> None:
    result = lower(name, composition(relatesTo=[{"type": "cites", "display": "D"}]))
    assert "relatesTo" not in result.resource
    assert result.codes == ["KB410 warning relatesTo"]


def test_attestations_have_a_code(name: str, lower: Callable[..., Any]) -> None:
    system = "http://hl7.org/fhir/composition-attestation-mode"
    attesters = [
        {"mode": {"coding": [{"system": system, "code": "official"}]}, "time": "2026-01-01"},
        {"mode": {"text": "by hand"}},
    ]
    result = lower(name, composition(attester=attesters))
    assert result.resource["attester"] == [{"mode": "official", "time": "2026-01-01"}]
    assert result.codes == ["KB410 warning attester[1]"]


def test_what_it_documents_is_a_code_or_a_reference(name: str, lower: Callable[..., Any]) -> None:
    detail = [{"concept": {"text": "review"}}, {"reference": {"reference": "Procedure/p"}}]
    result = lower(name, composition(event=[{"detail": detail}]))
    assert result.resource["event"] == [
        {"detail": [{"reference": "Procedure/p"}], "code": [{"text": "review"}]}
    ]
