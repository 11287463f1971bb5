"""Related works, and references that lead to what a release does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fhir_kb.releases.pre_r5.related import NEAREST
from fhir_kb.releases.references import basic_id

if TYPE_CHECKING:
    from collections.abc import Callable

R4_AND_R4B = pytest.mark.parametrize("name", ["r4", "r4b"])
CITATION = "https://a.example/fhir/Citation/furlan-2005|1.0.0"


def library(*works: dict[str, Any], **content: Any) -> dict[str, Any]:
    base = {"resourceType": "Library", "id": "l", "status": "draft", "type": {"text": "t"}}
    return {**base, "relatedArtifact": list(works), **content}


@R4_AND_R4B
@pytest.mark.parametrize(
    "code",
    [
        "documentation",
        "justification",
        "citation",
        "predecessor",
        "successor",
        "derived-from",
        "depends-on",
        "composed-of",
    ],
)
def test_relations_that_there_were_before_stay(
    code: str, name: str, lower: Callable[..., Any]
) -> None:
    work = {"type": code, "citation": "c"}
    result = lower(name, library(work))
    assert result.resource["relatedArtifact"] == [work]
    assert result.losses == ()


@R4_AND_R4B
@pytest.mark.parametrize("code", sorted(NEAREST))
def test_new_relations_become_the_nearest_and_are_kept_exactly(
    code: str, name: str, lower: Callable[..., Any]
) -> None:
    result = lower(name, library({"type": code, "citation": "c"}))
    (work,) = result.resource["relatedArtifact"]
    assert work["type"] == NEAREST[code]
    assert work["_type"]["extension"][0]["valueCodeableConcept"] == {"text": code}
    assert result.codes == ["KB403 information relatedArtifact[0].type"]


@R4_AND_R4B
def test_the_address_of_a_document_is_where_older_readers_look(
    name: str, lower: Callable[..., Any]
) -> None:
    document = {"url": "https://a.example/x.pdf", "title": "X"}
    result = lower(name, library({"type": "citation", "document": document}))
    (work,) = result.resource["relatedArtifact"]
    assert work == {"type": "citation", "document": document, "url": "https://a.example/x.pdf"}


@R4_AND_R4B
def test_what_is_new_about_a_work_is_kept_in_extensions(
    name: str, lower: Callable[..., Any]
) -> None:
    work = {
        "type": "citation",
        "citation": "c",
        "classifier": [{"text": "article"}],
        "publicationStatus": "active",
        "publicationDate": "2005-01-25",
    }
    core = "http://hl7.org/fhir/StructureDefinition/"
    (lowered,) = lower(name, library(work)).resource["relatedArtifact"]
    assert lowered["extension"] == [
        {"url": core + "relatesto-classifier", "valueCodeableConcept": {"text": "article"}},
        {"url": core + "cqf-publicationStatus", "valueCode": "active"},
        {"url": core + "cqf-publicationDate", "valueDate": "2005-01-25"},
    ]


def test_a_work_that_leads_to_a_citation_keeps_its_words_in_r4(in_r4: Callable[..., Any]) -> None:
    work = {"type": "derived-from", "citation": "Furlan AD …", "resource": CITATION}
    result = in_r4(library(work))
    older = [{"type": "derived-from", "citation": "Furlan AD …"}]
    assert result.resource["relatedArtifact"] == older
    assert result.codes == ["KB405 information relatedArtifact[0].resource"]


def test_a_work_without_words_is_told_by_its_address(in_r4: Callable[..., Any]) -> None:
    result = in_r4(library({"type": "derived-from", "resource": CITATION}))
    older = [{"type": "derived-from", "display": CITATION}]
    assert result.resource["relatedArtifact"] == older


def test_a_manifest_does_not_list_what_is_not_there(in_r4: Callable[..., Any]) -> None:
    plan = {"type": "composed-of", "resource": "https://a.example/PlanDefinition/p|1.0.0"}
    citation = {"type": "composed-of", "display": "Furlan", "resource": CITATION}
    result = in_r4(library(plan, citation))
    assert result.resource["relatedArtifact"] == [plan]
    assert result.codes == ["KB405 information relatedArtifact[1].resource"]


def test_a_manifest_lists_no_basics(in_r4: Callable[..., Any]) -> None:
    """CRMI's manifest wants canonicals, and a Basic has none."""
    citation = {"type": "composed-of", "display": "Furlan", "resource": CITATION}
    assert "relatedArtifact" not in in_r4(library(citation), citations="basic").resource


def test_a_work_leads_to_the_basic_of_a_citation(in_r4: Callable[..., Any]) -> None:
    work = {"type": "derived-from", "citation": "Furlan AD …", "resource": CITATION}
    (lowered,) = in_r4(library(work), citations="basic").resource["relatedArtifact"]
    assert lowered["extension"] == [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/artifact-reference",
            "valueReference": {"reference": "Basic/citation-furlan-2005"},
        }
    ]


def test_r4b_has_citations(in_r4b: Callable[..., Any]) -> None:
    work = {"type": "derived-from", "citation": "Furlan AD …", "resource": CITATION}
    result = in_r4b(library(work))
    assert result.resource["relatedArtifact"] == [work]
    assert result.losses == ()


def test_a_reference_to_a_citation_keeps_its_words_in_r4(in_r4: Callable[..., Any]) -> None:
    subject = {"reference": "Citation/x", "type": "Citation", "display": "Furlan 2005"}
    result = in_r4(library(subjectReference=subject))
    assert result.resource["subjectReference"] == {"display": "Furlan 2005"}
    assert result.codes == ["KB405 information subjectReference.reference"]


def test_a_reference_without_words_gets_them_from_its_link(in_r4: Callable[..., Any]) -> None:
    result = in_r4(library(subjectReference={"reference": "Citation/x"}))
    assert result.resource["subjectReference"] == {"display": "Citation/x"}


@R4_AND_R4B
def test_a_reference_to_an_assessment_leads_to_its_basic(
    name: str, lower: Callable[..., Any]
) -> None:
    subject = {"reference": "ArtifactAssessment/n1", "type": "ArtifactAssessment"}
    result = lower(name, library(subjectReference=subject))
    older = {"reference": "Basic/assessment-n1", "type": "Basic"}
    assert result.resource["subjectReference"] == older
    assert result.losses == ()


@R4_AND_R4B
@pytest.mark.parametrize(
    "reference",
    [
        "Group/g",
        "https://other.example/fhir/Citation/x",
        "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0",
        "#local",
    ],
)
def test_other_references_stay(reference: str, name: str, lower: Callable[..., Any]) -> None:
    contained = [{"resourceType": "Group", "id": "local", "type": "person"}]
    resource = library(contained=contained, subjectReference={"reference": reference})
    assert lower(name, resource).resource["subjectReference"] == {"reference": reference}


def test_an_author_that_annotations_did_not_have_is_named(in_r4: Callable[..., Any]) -> None:
    note = {"authorReference": {"reference": "PractitionerRole/x", "display": "Dr X"}, "text": "t"}
    evidence = {"resourceType": "Evidence", "id": "e", "status": "draft", "note": [note]}
    result = in_r4(evidence)
    assert result.resource["note"][0] == {"authorReference": {"display": "Dr X"}, "text": "t"}
    assert "KB405 information note[0].authorReference.reference" in result.codes


def test_ids_of_basics_fit() -> None:
    long = "x" * 64
    made = basic_id("citation", long)
    assert len(made) == 64
    assert made != basic_id("citation", "x" * 63 + "y")
    assert basic_id("citation", "furlan-2005") == "citation-furlan-2005"
