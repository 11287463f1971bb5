"""Links of resources: what leads to a target that has another id follows it, nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fhir_kb.emit import compact_json
from fhir_kb.model.fhir_release import FHIR_RELEASES
from fhir_kb.packages import definitions
from fhir_kb.servers.content import RelocatedResource, json_resource
from fhir_kb.servers.references import ReferenceTargets, references, with_references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.packages import Definitions

BASE = "https://fhir.example.org/r4"
URN = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
NAMES = {
    "Library/a": "Library/a-1",
    "Binary/b": "Binary/77",
    f"{BASE}/Library/a": "Library/a-1",
    URN: "Library/u",
}
TARGETS = ReferenceTargets(NAMES)


def rewritten(resource: dict[str, Any], release: str = "r4") -> dict[str, Any]:
    """The resource with its links rewritten, by each of the ways in which that is done."""
    walked: dict[str, Any] = with_references(resource, TARGETS, release)
    resource = {"resourceType": resource["resourceType"], "id": "x", **resource}
    for body in (json_resource(resource), lambda: resource):
        moved = RelocatedResource(body, "x", TARGETS, release)
        assert moved() == {**resource, **walked}
        assert moved.content == compact_json(moved())
    return walked


def plan(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "PlanDefinition", **elements}


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("Library/a", "Library/a-1"),
        ("Library/a|2.0.0", "Library/a-1|2.0.0"),
        ("Library/a#part", "Library/a-1#part"),
        ("Library/a|2.0.0#part", "Library/a-1|2.0.0#part"),
        ("Library/a/_history/3", "Library/a-1"),
        (URN, "Library/u"),
        ("Library/ab", "Library/ab"),
        ("XLibrary/a", "XLibrary/a"),
        ("Library/a/$data-requirements", "Library/a/$data-requirements"),
        ("Library/a?x=y", "Library/a?x=y"),
        ("see Library/a", "see Library/a"),
        ("https://kb.example/Library/a", "https://kb.example/Library/a"),
        ("Measure/a", "Measure/a"),
        ("#Library/a", "#Library/a"),
    ],
)
def test_a_canonical_follows_with_its_version_and_fragment(link: str, expected: str) -> None:
    assert rewritten(plan(library=[link]))["library"] == [expected]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (plan(relatedArtifact=[{"type": "depends-on", "resource": "Library/a"}]),
         plan(relatedArtifact=[{"type": "depends-on", "resource": "Library/a-1"}])),
        (plan(subjectReference={"reference": "Library/a/_history/1"}),
         plan(subjectReference={"reference": "Library/a-1"})),
        (plan(subjectReference={"reference": f"{BASE}/Library/a"}),
         plan(subjectReference={"reference": "Library/a-1"})),
        (plan(extension=[{"url": "Library/a", "valueCanonical": "Library/a"}]),
         plan(extension=[{"url": "Library/a", "valueCanonical": "Library/a-1"}])),
        (plan(_title={"extension": [{"url": "x", "valueUri": "Library/a"}]}),
         plan(_title={"extension": [{"url": "x", "valueUri": "Library/a-1"}]})),
        (plan(contained=[plan(id="c", library=["Library/a"])]),
         plan(contained=[plan(id="c", library=["Library/a-1"])])),
        (plan(text={"div": '<a href="Library/a">Library/a</a><img src=\'Binary/b\'/>'}),
         plan(text={"div": '<a href="Library/a-1">Library/a</a><img src="Binary/77"/>'})),
        (plan(description="[see](Library/a), not Library/a or [x](https://a.org/Library/a)"),
         plan(description="[see](Library/a-1), not Library/a or [x](https://a.org/Library/a)")),
        ({"resourceType": "Library", "content": [{"url": "Binary/b", "title": "Binary/b"}]},
         {"resourceType": "Library", "content": [{"url": "Binary/77", "title": "Binary/b"}]}),
        (plan(action=[{"action": [{"definitionCanonical": "Library/a", "title": "Library/a"}]}]),
         plan(action=[{"action": [{"definitionCanonical": "Library/a-1", "title": "Library/a"}]}])),
        (plan(action=[{"input": [{"type": "x", "profile": ["Library/a"]}]}]),
         plan(action=[{"input": [{"type": "x", "profile": ["Library/a-1"]}]}])),
        (plan(url="Library/a", identifier=[{"system": "Library/a", "value": "Library/a"}]), None),
        (plan(title="Library/a", name="Library/a"), None),
        (plan(library=[f"{BASE}/Library/a"]), None),
        ({"resourceType": "Parameters", "parameter": [
            {"name": "Library/a", "resource": plan(library=["Library/a"])}]},
         {"resourceType": "Parameters", "parameter": [
             {"name": "Library/a", "resource": plan(library=["Library/a-1"])}]}),
    ],
)  # fmt: skip
def test_what_is_a_link_follows(resource: dict[str, Any], expected: dict[str, Any] | None) -> None:
    assert rewritten(resource) == (resource if expected is None else expected)


def test_a_codeable_reference_follows() -> None:
    link = {"reference": {"reference": "Library/a"}}
    moved = {"reference": {"reference": "Library/a-1"}}
    study = {"resourceType": "MedicationRequest", "medication": link}
    assert rewritten(study, "r5")["medication"] == moved


def test_what_a_document_calls_its_own_entries_stays() -> None:
    composition = {
        "resourceType": "Composition",
        "subject": {"reference": "Library/a"},
        "author": [{"reference": "Binary/b"}],
    }
    entries = [
        {"fullUrl": "https://other.example/Composition/c", "resource": composition},
        {"fullUrl": "https://other.example/Library/a", "resource": {"resourceType": "Library"}},
    ]
    document = {"resourceType": "Bundle", "type": "document", "entry": entries}
    moved = rewritten(document)["entry"][0]["resource"]
    assert moved["subject"] == {"reference": "Library/a"}
    assert moved["author"] == [{"reference": "Binary/77"}]


def test_the_canonical_url_of_an_artifact_is_its_name_wherever_it_is_written() -> None:
    targets = ReferenceTargets({"Library/a": "Library/a-1"}, frozenset({"Library/a"}))
    resource = plan(library=["Library/a"], subjectReference={"reference": "Library/a"})
    moved = with_references(resource, targets, "r4")
    assert moved == plan(library=["Library/a"], subjectReference={"reference": "Library/a-1"})


def test_a_link_to_a_version_refers_to_its_resource() -> None:
    resource = plan(
        library=["Library/b", "Library/b|1", "https://kb.example/Library/c"],
        subjectReference={"reference": "Group/g/_history/2"},
        title="Library/t",
    )
    assert sorted(references(resource, "r4")) == ["Group/g", "Library/b", "Library/b"]


def _paths(
    known: Definitions, type_path: str, wanted: str, seen: frozenset[str] = frozenset()
) -> Iterator[list[tuple[str, bool]]]:
    """The properties, with whether each is a list, that lead to values of a type."""
    for name, prop in known.properties(type_path).items():
        if prop.element is None or name.startswith("_"):
            continue
        step = (name, prop.is_array)
        if prop.type_path == wanted:
            yield [step]
        elif prop.type_path.startswith(f"{type_path.partition('.')[0]}.") and (
            prop.type_path not in seen
        ):
            for rest in _paths(known, prop.type_path, wanted, seen | {prop.type_path}):
                yield [step, *rest]


def _at(path: list[tuple[str, bool]], value: Any) -> Any:
    for name, is_array in reversed(path):
        value = {name: [value] if is_array else value}
    return value


@pytest.mark.parametrize("release", [release.name for release in FHIR_RELEASES])
@pytest.mark.parametrize(
    ("wanted", "old", "new"),
    [
        ("Reference", {"reference": "Library/a"}, {"reference": "Library/a-1"}),
        ("canonical", "Library/a|1", "Library/a-1|1"),
        ("url", "Library/a", "Library/a-1"),
    ],
)
def test_every_element_of_the_type_follows(release: str, wanted: str, old: Any, new: Any) -> None:
    """In each resource and data type of the release, as its definitions have them."""
    (version,) = (one.version for one in FHIR_RELEASES if one.name == release)
    known = definitions(version)
    count = 0
    for type_ in sorted(known.resource_types | known.data_types):
        for path in _paths(known, type_, wanted):
            head = {"resourceType": type_} if type_ in known.resource_types else {}
            before, after = _at(path, old), _at(path, new)
            if not head:  # a data type is the value of an extension
                if type_ in ("Extension", "Narrative", "ElementDefinition"):
                    continue
                head = {"resourceType": "Basic"}
                name = f"value{type_}"
                if name not in known.properties("Extension"):
                    continue
                before = {"extension": [{"url": "x", name: before}]}
                after = {"extension": [{"url": "x", name: after}]}
            moved = with_references({**head, **before}, TARGETS, release)
            assert moved == {**head, **after}, (type_, path)
            assert list(references({**head, **before}, release)) == ["Library/a"], (type_, path)
            count += 1
    assert count > {"Reference": 600, "canonical": 60, "url": 15}[wanted]


@pytest.mark.parametrize("release", FHIR_RELEASES)
def test_a_property_called_reference_is_always_a_link(release: Any) -> None:
    """So `"reference":"Type/id"` needs no look at the definitions."""
    known = definitions(release.version)
    for name in known.resource_types | known.data_types:
        for path in known.type(name).children:
            prop = known.properties(path).get("reference")
            if prop is not None and prop.type_path in known.primitive_types:
                assert path == "Reference" or prop.type_path in ("uri", "url"), path
