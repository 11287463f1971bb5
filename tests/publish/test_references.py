from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb import publish

if TYPE_CHECKING:
    from conftest import Maker

    from fhir_kb.emit import EmittedResource

BASE = "https://example.org/fhir"


def closure(roots: list[EmittedResource], everything: list[EmittedResource]) -> list[str]:
    by_name = {one.name: one for one in everything}
    return [one.name for one in publish.reachable(roots, by_name)]


def test_follows_canonicals_and_references(topic: list[EmittedResource]) -> None:
    by_name = {one.name: one for one in topic}
    assert closure([by_name["Library/manifest"]], topic) == [
        "Library/manifest",
        "PlanDefinition/plan",
        "ActivityDefinition/rest",
    ]
    assert sorted(closure([by_name["Composition/text"]], topic)) == [
        "ActivityDefinition/rest",
        "Composition/text",
        "Evidence/finding",
        "EvidenceVariable/adults",
        "PlanDefinition/plan",
        "Practitioner/author",
    ]


def test_a_code_is_a_link_to_its_code_system(make: Maker) -> None:
    codes = make("CodeSystem", "codes")
    activity = make(
        "ActivityDefinition", "a", code={"coding": [{"system": codes.url, "code": "x"}]}
    )
    assert closure([activity], [codes, activity]) == ["ActivityDefinition/a", "CodeSystem/codes"]


def test_another_version_is_another_artifact(make: Maker) -> None:
    old = make("ActivityDefinition", "old", url="urn:a", version="1.0.0")
    new = make("ActivityDefinition", "new", url="urn:a", version="2.0.0")
    step = {"definitionCanonical": "urn:a|2.0.0"}
    plan = make("PlanDefinition", "p", action=[step])
    assert closure([plan], [old, new, plan]) == ["PlanDefinition/p", "ActivityDefinition/new"]


def test_circles_end(make: Maker) -> None:
    one = make("PlanDefinition", "a", action=[{"definitionCanonical": f"{BASE}/PlanDefinition/b"}])
    two = make("PlanDefinition", "b", action=[{"definitionCanonical": f"{BASE}/PlanDefinition/a"}])
    assert closure([two], [one, two]) == ["PlanDefinition/b", "PlanDefinition/a"]


def test_references_that_lead_nowhere_are_found(make: Maker, topic: list[EmittedResource]) -> None:
    assert publish.unresolved_references(topic, "r5") == []
    lost = make("Evidence", "lost", note=[{"authorReference": {"reference": "Practitioner/gone"}}])
    (found,) = publish.unresolved_references([*topic, lost], "r5")
    assert (found.code, found.release) == ("KB606", "r5")
    assert found.message == (
        "'Evidence/lost' refers to 'Practitioner/gone', which is not published with it"
    )
