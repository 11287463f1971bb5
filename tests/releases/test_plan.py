"""PlanDefinition before R5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

R4_AND_R4B = pytest.mark.parametrize("name", ["r4", "r4b"])


def plan(**content: Any) -> dict[str, Any]:
    return {"resourceType": "PlanDefinition", "id": "p", "status": "draft", **content}


def action(**content: Any) -> dict[str, Any]:
    return plan(action=[{"linkId": "insert", **content}])


@R4_AND_R4B
def test_a_step_is_known_by_its_id(name: str, lower: Callable[..., Any]) -> None:
    result = lower(name, action(title="Insert"))
    assert result.resource["action"] == [{"id": "insert", "title": "Insert"}]
    assert result.losses == ()


@R4_AND_R4B
def test_the_name_of_a_step_takes_the_place_of_its_element_id(
    name: str, lower: Callable[..., Any]
) -> None:
    result = lower(name, action(id="other"))
    assert result.resource["action"] == [{"id": "insert"}]
    assert result.codes == ["KB404 information action[0].id"]


@R4_AND_R4B
def test_a_code_is_a_list(name: str, lower: Callable[..., Any]) -> None:
    result = lower(name, action(code={"text": "needling"}))
    assert result.resource["action"][0]["code"] == [{"text": "needling"}]


@R4_AND_R4B
@pytest.mark.parametrize(
    "code",
    ["before", "before-start", "after", "after-end", "concurrent", "concurrent-with-end"],
)
def test_how_a_step_stands_to_another_is_said_as_in_r5(
    code: str, name: str, lower: Callable[..., Any]
) -> None:
    """The value set action-relationship-type has the same nine codes in R4, R4B and R5."""
    result = lower(name, action(relatedAction=[{"targetId": "prepare", "relationship": code}]))
    related = [{"actionId": "prepare", "relationship": code}]
    assert result.resource["action"][0]["relatedAction"] == related
    assert result.losses == ()


@R4_AND_R4B
def test_a_relation_at_the_end_is_lost_aloud(name: str, lower: Callable[..., Any]) -> None:
    related = {"targetId": "a", "relationship": "after", "endRelationship": "before"}
    result = lower(name, action(relatedAction=[related]))
    assert "endRelationship" not in result.resource["action"][0]["relatedAction"][0]
    loss = result.loss("KB410")
    assert loss.message == (
        f"the relation at the end of step 'insert' is left out: FHIR {name.upper()} cannot say it"
    )
    assert (loss.span.line, loss.release) == (3, name)
    assert loss.path == "PlanDefinition.action[0].relatedAction[0].endRelationship"


@R4_AND_R4B
def test_an_input_is_the_data_alone(name: str, lower: Callable[..., Any]) -> None:
    data = {"requirement": {"type": "Observation"}}
    result = lower(name, action(input=[data]))
    assert result.resource["action"][0]["input"] == [{"type": "Observation"}]
    assert "extension" not in result.resource["action"][0]
    assert result.losses == ()


@R4_AND_R4B
def test_the_title_of_an_input_is_kept_in_the_extension(
    name: str, lower: Callable[..., Any]
) -> None:
    data = {"title": "Weight", "requirement": {"type": "Observation"}, "relatedData": "w"}
    result = lower(name, action(input=[data]))
    step = result.resource["action"][0]
    assert step["input"] == [{"type": "Observation"}]
    assert step["extension"] == [
        {
            "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-PlanDefinition.action.input",
            "extension": [
                {"url": "title", "valueString": "Weight"},
                {"url": "requirement", "valueDataRequirement": {"type": "Observation"}},
                {"url": "relatedData", "valueId": "w"},
            ],
        }
    ]
    assert result.codes == ["KB402 information action[0].input"]


@R4_AND_R4B
@pytest.mark.parametrize(
    ("r5", "older", "codes"),
    [
        ("patient", "patient", []),
        ("practitioner", "practitioner", []),
        ("relatedperson", "related-person", ["KB403 information action[0].participant[0].type"]),
        ("careteam", "practitioner", ["KB403 information action[0].participant[0].type"]),
        ("group", "patient", ["KB403 information action[0].participant[0].type"]),
    ],
)
def test_who_takes_part(
    r5: str, older: str, codes: list[str], name: str, lower: Callable[..., Any]
) -> None:
    result = lower(name, action(participant=[{"type": r5, "role": {"text": "r"}}]))
    (participant,) = result.resource["action"][0]["participant"]
    assert participant["type"] == older
    assert ("_type" in participant) == bool(codes)
    assert result.codes == codes


@R4_AND_R4B
def test_the_exact_kind_of_participant_stands_beside_the_near_one(
    name: str, lower: Callable[..., Any]
) -> None:
    result = lower(name, action(participant=[{"type": "careteam"}]))
    (extension,) = result.resource["action"][0]["participant"][0]["_type"]["extension"]
    assert extension == {
        "url": "http://hl7.org/fhir/StructureDefinition/alternate-codes",
        "valueCodeableConcept": {"text": "careteam"},
    }


@R4_AND_R4B
def test_a_place_takes_no_part(name: str, lower: Callable[..., Any]) -> None:
    result = lower(name, action(participant=[{"type": "location"}]))
    assert "participant" not in result.resource["action"][0]
    assert "KB410 warning action[0].participant[0]" in result.codes


@R4_AND_R4B
def test_a_function_is_said_as_the_role(name: str, lower: Callable[..., Any]) -> None:
    participant = {"type": "patient", "function": {"text": "informs"}}
    result = lower(name, action(participant=[participant]))
    older = [{"type": "patient", "role": {"text": "informs"}}]
    assert result.resource["action"][0]["participant"] == older
    assert result.codes == ["KB404 information action[0].participant[0].function"]


@R4_AND_R4B
def test_a_role_is_not_overwritten_by_a_function(name: str, lower: Callable[..., Any]) -> None:
    participant = {"type": "patient", "function": {"text": "f"}, "role": {"text": "r"}}
    result = lower(name, action(participant=[participant]))
    assert result.resource["action"][0]["participant"][0]["role"] == {"text": "r"}
    assert result.codes == ["KB410 warning action[0].participant[0].function"]


@R4_AND_R4B
def test_a_participant_is_told_by_its_actor(name: str, lower: Callable[..., Any]) -> None:
    actor = {"id": "nurse", "title": "Ward nurse", "option": [{"type": "practitionerrole"}]}
    participant = {"actorId": "nurse", "type": "practitioner"}
    result = lower(name, plan(actor=[actor], action=[{"participant": [participant]}]))
    (older,) = result.resource["action"][0]["participant"]
    assert older == {"type": "practitioner", "role": {"text": "Ward nurse"}}
    (extension,) = result.resource["extension"]
    assert extension["url"].endswith("/extension-PlanDefinition.actor")
    assert extension["extension"][1] == {
        "url": "option",
        "extension": [{"url": "type", "valueCode": "practitionerrole"}],
    }


@R4_AND_R4B
def test_an_actor_that_the_extension_does_not_allow_is_said_in_a_note(
    name: str, lower: Callable[..., Any]
) -> None:
    result = lower(name, plan(actor=[{"title": "Nurse", "option": [{"type": "practitioner"}]}]))
    (extension,) = result.resource["extension"]
    assert extension["url"] == "http://hl7.org/fhir/StructureDefinition/note"
    assert extension["valueAnnotation"]["text"] == "Actor: Nurse (practitioner)"
    assert result.codes == ["KB404 information actor"]


@R4_AND_R4B
@pytest.mark.parametrize(
    ("r5", "older"),
    [
        ({"detailString": "better"}, {"detailCodeableConcept": {"text": "better"}}),
        ({"detailBoolean": False}, {"detailCodeableConcept": {"text": "no"}}),
        ({"detailInteger": 5}, {"detailQuantity": {"value": 5}}),
        (
            {"detailRatio": {"numerator": {"value": 1}, "denominator": {"value": 2}}},
            {"detailCodeableConcept": {"text": "1 per 2"}},
        ),
        ({"detailQuantity": {"value": 1}}, {"detailQuantity": {"value": 1}}),
    ],
)
def test_what_a_goal_is_to_reach(
    r5: dict[str, Any], older: dict[str, Any], name: str, lower: Callable[..., Any]
) -> None:
    goal = {"description": {"text": "g"}, "target": [r5]}
    assert lower(name, plan(goal=[goal])).resource["goal"][0]["target"] == [older]


@R4_AND_R4B
def test_subjects_stay_what_they_are(name: str, lower: Callable[..., Any]) -> None:
    """HL7's own map makes a Patient of each of these."""
    system = "http://hl7.org/fhir/resource-types"
    for code in ("Practitioner", "Organization", "Location", "Device"):
        subject = {"coding": [{"system": system, "code": code}]}
        result = lower(name, plan(subjectCodeableConcept=subject))
        assert result.resource["subjectCodeableConcept"] == subject


def test_a_subject_given_by_its_url_is_kept_in_words_in_r4(in_r4: Callable[..., Any]) -> None:
    result = in_r4(plan(subjectCanonical="https://a.example/EvidenceVariable/x"))
    words = {"text": "https://a.example/EvidenceVariable/x"}
    assert result.resource["subjectCodeableConcept"] == words
    assert result.codes == ["KB404 information subjectCanonical"]


def test_r4b_has_subjects_by_url(in_r4b: Callable[..., Any]) -> None:
    result = in_r4b(plan(subjectCanonical="https://a.example/x"))
    assert result.resource["subjectCanonical"] == "https://a.example/x"


@R4_AND_R4B
@pytest.mark.parametrize("kind", ["PlanDefinition", "ActivityDefinition"])
def test_what_engines_would_copy_onto_requests_is_no_extension(
    kind: str, name: str, lower: Callable[..., Any]
) -> None:
    """$apply copies extensions of the definition onto each request: HAPI 8.2, measured."""
    metadata = {"versionAlgorithmString": "semver", "copyrightLabel": "(c) 2026"}
    result = lower(name, {**plan(**metadata), "resourceType": kind})
    assert "extension" not in result.resource
    assert [(loss.code, loss.severity.value) for loss in result.losses] == [
        ("KB404", "information"),
        ("KB404", "information"),
    ]


@R4_AND_R4B
def test_a_version_algorithm_is_kept_without_a_word_where_no_engine_copies_it(
    name: str, lower: Callable[..., Any]
) -> None:
    metadata = {"versionAlgorithmString": "semver", "copyrightLabel": "(c) 2026"}
    result = lower(name, {**plan(**metadata), "resourceType": "Library"})
    core = "http://hl7.org/fhir/StructureDefinition/artifact-"
    assert result.resource["extension"] == [
        {"url": core + "versionAlgorithm", "valueString": "semver"},
        {"url": core + "copyrightLabel", "valueString": "(c) 2026"},
    ]
    assert result.losses == ()


@R4_AND_R4B
def test_extensions_of_the_source_come_first(name: str, lower: Callable[..., Any]) -> None:
    own = [{"url": "https://a.example/e", "valueCode": "c"}]
    library = {**plan(copyrightLabel="(c)", extension=own), "resourceType": "Library"}
    result = lower(name, library)
    assert [one["url"] for one in result.resource["extension"]] == [
        "https://a.example/e",
        "http://hl7.org/fhir/StructureDefinition/artifact-copyrightLabel",
    ]


def test_the_place_of_a_step_is_kept_in_an_extension_in_r4(in_r4: Callable[..., Any]) -> None:
    result = in_r4(action(location={"concept": {"text": "ward"}}))
    (extension,) = result.resource["action"][0]["extension"]
    assert extension["url"].endswith("/extension-PlanDefinition.action.location")
    assert extension["extension"] == [{"url": "concept", "valueCodeableConcept": {"text": "ward"}}]


def test_the_place_of_a_step_is_lost_in_r4b(in_r4b: Callable[..., Any]) -> None:
    """The package's definition of its extension is broken there."""
    result = in_r4b(action(location={"concept": {"text": "ward"}}))
    assert result.codes == ["KB410 warning action[0].location"]
