"""A topic as a whole: which resources, how they are named, how they hang together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from compiling import clean, compiled, plan
from defusedxml.ElementTree import fromstring
from everything import everything

from fhir_kb.compile import CODES, compile_shared, compile_topic
from fhir_kb.diagnostics import Span
from fhir_kb.model import Element, span_at
from fhir_kb.model.knowledge_base import KnowledgeBase, TopicSource
from fhir_kb.model.resource_kind import RESOURCE_KINDS
from fhir_kb.read.definition_files import find_definitions
from fhir_kb.read.topics import read_settings, read_topic, topic_entry
from fhir_kb.validate import Validator

DEFINITIONS = Path(__file__).parents[2] / "definitions"
WITH_URL_EVERYWHERE = {kind.type for kind in RESOURCE_KINDS if kind.is_canonical}


def shipped() -> tuple[list[TopicSource], KnowledgeBase]:
    sources, _ = find_definitions(DEFINITIONS)
    settings, concepts, _ = read_settings(sources)
    assert settings is not None
    found = [read_topic(sources, folder).source for folder in sources.folders]
    topics = [one for one in found if one is not None]
    directory = {str(one.topic.topic): topic_entry(one, settings) for one in topics}
    return topics, KnowledgeBase(settings=settings, concepts=concepts, directory=directory)


TOPICS, BASE = shipped()
EVERYTHING = everything()
ALL = [*((one, BASE) for one in TOPICS), EVERYTHING[:2]]
each_topic = pytest.mark.parametrize(
    ("source", "base"), ALL, ids=[str(source.topic.topic) for source, _ in ALL]
)


@each_topic
def test_the_root_comes_first_and_then_its_manifest(
    source: TopicSource, base: KnowledgeBase
) -> None:
    made = compile_topic(source, base)
    assert made.diagnostics == ()
    first, second = made.resources[:2]
    assert (first["resourceType"], first["id"]) == ("PlanDefinition", source.topic.topic)
    assert (second["resourceType"], second["id"]) == ("Library", source.topic.topic)


@each_topic
def test_our_own_validator_finds_no_error(source: TopicSource, base: KnowledgeBase) -> None:
    validator = Validator("5.0.0")
    for resource in compile_topic(source, base).resources:
        errors = [one for one in validator.check(resource) if one.severity.value == "error"]
        assert errors == [], (resource["resourceType"], resource["id"])


@each_topic
def test_no_two_resources_have_the_same_name(source: TopicSource, base: KnowledgeBase) -> None:
    names = [(one["resourceType"], one["id"]) for one in compile_topic(source, base).resources]
    assert len(set(names)) == len(names)


@each_topic
def test_references_within_the_topic_lead_to_something(
    source: TopicSource, base: KnowledgeBase
) -> None:
    resources = compile_topic(source, base).resources
    known = {f"{one['resourceType']}/{one['id']}" for one in resources}
    canonicals = {f"{one['url']}|{one['version']}" for one in resources if "url" in one}
    text = repr(resources)
    assert set(re.findall(r"'reference': '([A-Z]\w+/[^']+)'", text)) <= known
    root = str(base.settings.canonical)
    others = {f"|{entry.version}" for entry in base.directory.values()}
    for found in re.findall(rf"'({re.escape(root)}/\w+/[^'#]+\|[^']+)'", text):
        assert found in canonicals or found[found.index("|") :] in others, found


@each_topic
def test_every_resource_can_be_found_and_loaded_again(
    source: TopicSource, base: KnowledgeBase
) -> None:
    """By URL and version where all releases search for it, and otherwise by identifier."""
    for one in compile_topic(source, base).resources:
        if one["resourceType"] in WITH_URL_EVERYWHERE:
            is_logic = one["resourceType"] == "Library" and "content" in one
            end = one["name"] if is_logic else one["id"]  # CQL is found by its name
            assert one["url"].endswith(f"/{one['resourceType']}/{end}")
            assert one["version"]
        else:
            (identifier,) = one["identifier"]
            assert identifier["system"].startswith(str(base.settings.canonical))
            assert one["id"] in identifier["value"]


@each_topic
def test_every_resource_has_a_narrative_that_is_xhtml(
    source: TopicSource, base: KnowledgeBase
) -> None:
    for one in compile_topic(source, base).resources:
        div = fromstring(one["text"]["div"])
        assert div.tag == "{http://www.w3.org/1999/xhtml}div"
        assert div.get("lang") == base.settings.language
        assert "".join(div.itertext()).strip()


@each_topic
def test_every_element_knows_its_place(source: TopicSource, base: KnowledgeBase) -> None:
    for resource in compile_topic(source, base).resources:
        for path, inner in elements(resource, resource["resourceType"]):
            assert inner.span is not None and inner.span.line, path
            assert span_at(resource, path) is not None, path


def elements(node: Element, path: str) -> list[tuple[str, Element]]:
    found = [(path, node)]
    for name, value in node.items():
        items = value if isinstance(value, list) else [value]
        for index, item in enumerate(items):
            if isinstance(item, dict):
                assert isinstance(item, Element), f"{path}.{name}"
                where = f"{path}.{name}[{index}]" if isinstance(value, list) else f"{path}.{name}"
                found += elements(item, where)
    return found


def test_a_value_is_where_its_author_wrote_it(tmp_path: Path) -> None:
    made = plan(tmp_path, "plan:\n  steps:\n    - id: act\n      title: Act\n")
    place = span_at(made, "PlanDefinition.action[0].title")
    assert isinstance(place, Span)
    assert (place.line, place.column) == (7, 14)


def test_a_topic_without_a_plan_has_a_root_all_the_same(tmp_path: Path) -> None:
    made = plan(tmp_path)
    assert "action" not in made
    assert made["title"] == "Sepsis"


def test_what_the_topic_does_not_say_the_knowledge_base_says(tmp_path: Path) -> None:
    kb = (
        "status: active\njurisdiction: [ch, world]\naudience: {text: Nurse}\n"
        "disclaimer: Take care\nlicense: CC0-1.0\n"
    )
    made = plan(tmp_path, kb=kb)
    assert (made["version"], made["status"], made["date"]) == ("1.0.0", "active", "2025-02-03")
    assert made["usage"] == "Take care"
    assert (made["copyright"], made["copyrightLabel"]) == ("Licence: CC0-1.0", "CC0-1.0")
    codes = [one["coding"][0]["code"] for one in made["jurisdiction"]]
    assert codes == ["CH", "001"]
    assert made["useContext"][0]["valueCodeableConcept"] == {"text": "Nurse"}


def test_what_the_topic_says_goes_before(tmp_path: Path) -> None:
    topic = "status: retired\nversion: 2.0.0\ndate: 2024\nexperimental: true\n"
    made = plan(tmp_path, topic, kb="status: active\n")
    assert (made["version"], made["status"], made["date"]) == ("2.0.0", "retired", "2024")
    assert made["experimental"] is True


def test_nobody_guesses_a_status(tmp_path: Path) -> None:
    assert plan(tmp_path)["status"] == "draft"


def test_the_manifest_lists_parts_and_needs_with_versions(tmp_path: Path) -> None:
    topic = (
        "uses: ['https://a.example/Library/x']\n"
        "plan: {steps: [{id: look, title: Look, does: looking, asks: 'https://a.example/Q'}]}\n"
        "activities: {looking: {title: Looking}}\n"
    )
    made = compiled(tmp_path, topic).resources[1]
    listed = [(one["type"], one["resource"]) for one in made["relatedArtifact"]]
    assert listed == [
        ("composed-of", "https://kb.test/fhir/PlanDefinition/sepsis|1.0.0"),
        ("composed-of", "https://kb.test/fhir/ActivityDefinition/sepsis.looking|1.0.0"),
        ("depends-on", "https://a.example/Library/x"),
        ("depends-on", "https://a.example/Q"),
    ]


def test_a_step_follows_one_thing(tmp_path: Path) -> None:
    topic = (
        "plan: {steps: [{id: look, title: Look, does: looking, asks: 'https://a.example/Q'}]}\n"
        "activities: {looking: {title: Looking}}\n"
    )
    assert [one.code for one in compiled(tmp_path, topic).diagnostics] == ["KB355"]


def test_the_knowledge_base_has_a_manifest_of_all_topics() -> None:
    (made,) = compile_shared(BASE).resources
    assert made["id"] == BASE.settings.id
    topics = [one["resource"] for one in made["relatedArtifact"]]
    assert topics == [
        f"{BASE.settings.canonical}/Library/{name}|{BASE.directory[name].version}"
        for name in sorted(BASE.directory)
    ]
    assert not [one for one in Validator("5.0.0").check(made) if one.severity.value == "error"]


def test_every_code_of_ours_has_a_page() -> None:
    for code in CODES:
        first, blank, rest = code.explanation.partition("\n\n")
        assert first.endswith(".") and blank and "    " in rest, code.id
        assert all(len(line) <= 100 for line in code.explanation.splitlines()), code.id


def test_a_goal_and_a_step_of_one_name_have_different_ids(tmp_path: Path) -> None:
    topic = "plan: {goals: {move: Motion}, steps: [{id: move, title: Move, goals: move}]}\n"
    made = plan(tmp_path, topic)
    assert made["goal"][0]["id"] == "goal.move"
    assert made["action"][0]["id"] == made["action"][0]["linkId"] == "move"
    assert made["action"][0]["goalId"] == ["goal.move"]


def test_only_codes_of_authors_and_of_hl7(tmp_path: Path) -> None:
    topic = "focus: [{text: Sepsis}]\nactivities: {look: {title: Look, code: {text: Look}}}\n"
    made = clean(tmp_path, topic)
    assert made["ActivityDefinition/sepsis.look"]["code"] == {"text": "Look"}
    assert made["PlanDefinition/sepsis"]["useContext"][0]["valueCodeableConcept"] == {
        "text": "Sepsis"
    }
