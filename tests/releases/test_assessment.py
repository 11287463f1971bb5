"""ArtifactAssessment, which is a Basic before R5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

R4_AND_R4B = pytest.mark.parametrize("name", ["r4", "r4b"])
COMMENT = "http://hl7.org/fhir/StructureDefinition/cqf-artifactComment"
WHOLE = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ArtifactAssessment"


def assessment(**content: Any) -> dict[str, Any]:
    base = {"resourceType": "ArtifactAssessment", "id": "n1"}
    return {**base, "artifactReference": {"reference": "PlanDefinition/p"}, **content}


def kept(resource: Any) -> Any:
    (extension,) = (one for one in resource["extension"] if one["url"] == WHOLE)
    return extension["extension"]


@R4_AND_R4B
def test_it_can_be_found(name: str, lower: Callable[..., Any]) -> None:
    identifier = {"system": "https://a.example", "value": "n1"}
    result = lower(name, assessment(identifier=[identifier], date="2026-11-23T10:00:00Z"))
    basic = result.resource
    assert (basic["resourceType"], basic["id"]) == ("Basic", "assessment-n1")
    assert basic["identifier"] == [identifier]
    assert basic["subject"] == {"reference": "PlanDefinition/p"}
    assert basic["created"] == "2026-11-23"
    assert result.codes == ["KB401 information "]


@R4_AND_R4B
def test_without_an_identifier_it_gets_one_that_never_changes(
    name: str, lower: Callable[..., Any]
) -> None:
    first, again = (lower(name, assessment()).resource["identifier"] for _ in range(2))
    other = lower(name, assessment(id="n2")).resource["identifier"]
    assert first == again
    assert first != other
    assert first[0]["value"].startswith("urn:uuid:")


@R4_AND_R4B
def test_a_comment_is_where_r4_tools_look(name: str, lower: Callable[..., Any]) -> None:
    content = {
        "informationType": "comment",
        "summary": "Where can this be read?",
        "author": {"display": "A reader"},
    }
    basic = lower(name, assessment(date="2026-11-23", content=[content])).resource
    assert basic["extension"][0] == {
        "url": COMMENT,
        "extension": [
            {"url": "type", "valueCode": "review"},
            {"url": "text", "valueMarkdown": "Where can this be read?"},
            {"url": "user", "valueString": "A reader"},
            {"url": "authoredOn", "valueDateTime": "2026-11-23"},
        ],
    }


@R4_AND_R4B
def test_all_of_it_is_kept(name: str, lower: Callable[..., Any]) -> None:
    content = {"informationType": "rating", "type": {"text": "strength"}, "path": ["#action"]}
    basic = lower(name, assessment(title="T", content=[content], disposition="unresolved")).resource
    assert kept(basic) == [
        {"url": "artifact[x]", "valueReference": {"reference": "PlanDefinition/p"}},
        {"url": "title", "valueString": "T"},
        {
            "url": "content",
            "extension": [
                {"url": "informationType", "valueCode": "rating"},
                {"url": "type", "valueCodeableConcept": {"text": "strength"}},
                {"url": "path", "valueUri": "#action"},
            ],
        },
        {"url": "disposition", "valueCode": "unresolved"},
    ]
    assert COMMENT not in {one["url"] for one in basic["extension"]}


@R4_AND_R4B
def test_components_stand_beside_what_they_are_part_of(
    name: str, lower: Callable[..., Any]
) -> None:
    part = {"informationType": "rating", "summary": "part"}
    whole = {"informationType": "container", "component": [part]}
    result = lower(name, assessment(content=[whole]))
    contents = [one for one in kept(result.resource) if one["url"] == "content"]
    assert [one["extension"][0]["valueCode"] for one in contents] == ["container", "rating"]
    assert "KB404 information content[0].component" in result.codes


@R4_AND_R4B
def test_the_url_of_an_assessment_identifies_it(name: str, lower: Callable[..., Any]) -> None:
    url = "http://hl7.org/fhir/StructureDefinition/artifact-url"
    extension = [{"url": url, "valueUri": "https://a.example/n1"}]
    result = lower(name, assessment(extension=extension))
    assert result.resource["identifier"][0]["value"] == "https://a.example/n1"
    assert url not in {one["url"] for one in result.resource["extension"]}
    assert result.codes == ["KB401 information "]


@R4_AND_R4B
def test_extensions_bound_to_other_types_stay_away_aloud(
    name: str, lower: Callable[..., Any]
) -> None:
    url = "http://hl7.org/fhir/StructureDefinition/artifact-description"
    mine = {"url": "https://a.example/mine", "valueCode": "c"}
    result = lower(name, assessment(extension=[{"url": url, "valueMarkdown": "d"}, mine]))
    urls = {one["url"] for one in result.resource["extension"]}
    assert url not in urls
    assert mine["url"] in urls
    assert "KB410 warning extension" in result.codes
