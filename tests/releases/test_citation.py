"""Citation in R4B, and what becomes of it in R4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

XVER = "http://hl7.org/fhir/5.0/StructureDefinition/extension-"


def citation(**content: Any) -> dict[str, Any]:
    return {"resourceType": "Citation", "id": "furlan-2005", "status": "active", **content}


def cited(**content: Any) -> dict[str, Any]:
    return citation(citedArtifact=content)


def entry(**content: Any) -> dict[str, Any]:
    return cited(contributorship={"entry": [content]})


def entries(resource: Any) -> Any:
    return resource["citedArtifact"]["contributorship"]["entry"]


def test_the_journal_is_in_the_periodic_release(in_r4b: Callable[..., Any]) -> None:
    form = {
        "publishedIn": {"title": "Cochrane Database Syst Rev"},
        "citedMedium": {"text": "Internet"},
        "volume": "1",
        "issue": "2",
        "publicationDateText": "2005 Jan 25",
        "publicationDateSeason": "Winter",
        "articleDate": "2005-01-25",
    }
    result = in_r4b(cited(publicationForm=[form]))
    assert result.resource["citedArtifact"]["publicationForm"] == [
        {
            "publishedIn": {"title": "Cochrane Database Syst Rev"},
            "articleDate": "2005-01-25",
            "periodicRelease": {
                "citedMedium": {"text": "Internet"},
                "volume": "1",
                "issue": "2",
                "dateOfPublication": {"text": "2005 Jan 25", "season": "Winter"},
            },
        }
    ]
    assert result.losses == ()


def test_a_contributor_is_named(in_r4b: Callable[..., Any]) -> None:
    given = {"contributor": {"display": "Furlan AD"}, "forenameInitials": "AD", "rankingOrder": 1}
    result = in_r4b(entry(**given))
    older = [{"name": {"text": "Furlan AD"}, "initials": "AD", "listOrder": 1}]
    assert entries(result.resource) == older
    assert result.losses == ()


def test_a_contained_contributor_is_taken_over(in_r4b: Callable[..., Any]) -> None:
    name = {"family": "Furlan", "given": ["Andrea"]}
    person = {"resourceType": "Practitioner", "id": "c1", "name": [name]}
    group = {"resourceType": "Organization", "id": "g1", "name": "Cochrane Back Group"}
    resource = cited(
        contributorship={
            "entry": [
                {"contributor": {"reference": "#c1"}, "affiliation": [{"reference": "#g1"}]},
                {"contributor": {"reference": "#g1"}},
            ]
        }
    )
    result = in_r4b({**resource, "contained": [person, group]})
    assert entries(result.resource) == [
        {"name": name, "affiliationInfo": [{"affiliation": "Cochrane Back Group"}]},
        {"collectiveName": "Cochrane Back Group"},
    ]
    assert "contained" not in result.resource
    assert result.losses == ()


def test_what_is_more_in_a_contained_contributor_is_lost_aloud(
    in_r4b: Callable[..., Any],
) -> None:
    person = {
        "resourceType": "Practitioner",
        "id": "c1",
        "name": [{"text": "X"}],
        "gender": "other",
    }
    resource = {**entry(contributor={"reference": "#c1"}), "contained": [person]}
    (loss,) = in_r4b(resource).losses
    assert loss.code == "KB410"
    assert "gender" in loss.message


def test_a_relation_has_one_target_each(in_r4b: Callable[..., Any]) -> None:
    work = {
        "type": "cites",
        "citation": "Simons 2004",
        "resourceReference": {"reference": "Citation/simons"},
        "document": {"url": "https://a.example/x"},
    }
    result = in_r4b(cited(relatesTo=[work]))
    system = "http://terminology.hl7.org/CodeSystem/artifact-relationship-type"
    kind = {"coding": [{"system": system, "code": "cites"}]}
    assert result.resource["citedArtifact"]["relatesTo"] == [
        {
            "relationshipType": kind,
            "targetReference": {"display": "Simons 2004", "reference": "Citation/simons"},
        },
        {
            "relationshipType": kind,
            "targetAttachment": {"title": "Simons 2004", "url": "https://a.example/x"},
        },
    ]


def test_a_relation_that_r4b_has_no_code_for_is_in_words(in_r4b: Callable[..., Any]) -> None:
    result = in_r4b(cited(relatesTo=[{"type": "documentation", "display": "D"}]))
    (relation,) = result.resource["citedArtifact"]["relatesTo"]
    assert relation == {
        "relationshipType": {"text": "documentation"},
        "targetReference": {"display": "D"},
    }


def test_r4_has_no_citation(in_r4: Callable[..., Any]) -> None:
    result = in_r4(citation(title="Acupuncture and dry-needling"))
    assert result.resources == ()
    assert result.codes == ["KB400 information "]
    assert result.loss("KB400").message == (
        "reference 'furlan-2005' stays as text in the works that name it: FHIR R4 has no Citation"
    )


def test_on_wish_it_is_a_basic(in_r4: Callable[..., Any]) -> None:
    resource = citation(
        url="https://a.example/fhir/Citation/furlan-2005",
        version="1.0.0",
        title="Acupuncture and dry-needling",
        author=[{"name": "A"}, {"name": "B"}],
        date="2026-01-02T03:04:05Z",
        citedArtifact={"title": [{"text": "T"}]},
    )
    basic = in_r4(resource, citations="basic").resource
    assert (basic["resourceType"], basic["id"]) == ("Basic", "citation-furlan-2005")
    assert basic["code"]["coding"] == [
        {"system": "http://hl7.org/fhir/fhir-types", "code": "Citation"}
    ]
    assert basic["identifier"] == [
        {
            "system": "urn:ietf:rfc:3986",
            "value": "https://a.example/fhir/Citation/furlan-2005|1.0.0",
        }
    ]
    assert basic["created"] == "2026-01-02"
    assert basic["author"] == {"display": "A; B"}
    assert "Acupuncture and dry-needling" in basic["text"]["div"]
    (extension,) = basic["extension"]
    assert extension["url"] == XVER + "Citation"
    assert {"url": "title", "valueString": "Acupuncture and dry-needling"} in extension["extension"]
    assert {
        "url": "citedArtifact",
        "extension": [{"url": "title", "extension": [{"url": "text", "valueMarkdown": "T"}]}],
    } in extension["extension"]


def test_the_status_is_exact_beside_what_the_extension_allows(
    in_r4: Callable[..., Any],
) -> None:
    (extension,) = in_r4(citation(), citations="basic").resource["extension"]
    (status,) = extension["extension"]
    assert status["valueCode"] == "unknown"
    (beside,) = status["_valueCode"]["extension"]
    assert beside["valueCodeableConcept"] == {"text": "active"}


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", "a & b"])
def test_the_words_of_a_narrative_are_escaped(words: str, in_r4: Callable[..., Any]) -> None:
    div = in_r4(citation(title=words), citations="basic").resource["text"]["div"]
    assert "<script>" not in div
    assert "& b" not in div


def test_a_design_whose_code_only_r5_has_is_text(in_r4b: Callable[..., Any]) -> None:
    design = {
        "coding": [
            {"system": "http://hl7.org/fhir/study-design", "code": "SEVCO:01003"},
            {"system": "http://terminology.hl7.org/CodeSystem/study-type", "code": "RCT"},
        ],
        "text": "Randomized trial",
    }
    made = in_r4b(cited(classification=[{"classifier": [design]}]))
    (concept,) = made.resource["citedArtifact"]["classification"][0]["classifier"]
    assert concept["text"] == "Randomized trial"
    assert [one["code"] for one in concept["coding"]] == ["RCT"]
