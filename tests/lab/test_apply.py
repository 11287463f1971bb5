"""HAPI applies what is published as the page says: each shape of a step, and the shipped topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from apply_patients import STORIES, Story
from applying import (
    BASE,
    CASES,
    SHIPPED,
    Applied,
    apply,
    differences,
    load,
    published,
    put,
    write_shapes,
    write_shipped,
)
from environ import ROOT

from fhir_kb.model.knowledge_base import TopicSource
from fhir_kb.read.definition_files import find_definitions
from fhir_kb.read.topics import read_topic

if TYPE_CHECKING:
    from hapi import Hapi, HapiPool

    from fhir_kb.model.plan import Step

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.enable_socket]

PATIENT = {"resourceType": "Patient", "gender": "female", "birthDate": "1970-05-17"}
_APPLIED: dict[str, Applied] = {}
"""By release: one push and one $apply serve all shapes."""


def shapes(release: str, hapis: HapiPool, tmp_path_factory: pytest.TempPathFactory) -> Applied:
    if release not in _APPLIED:
        folder = tmp_path_factory.mktemp("shapes")
        write_shapes(folder)
        server: Hapi = hapis.running(release.upper())
        load(server, published(folder, release, folder / "output"))
        put(server, {**PATIENT, "id": "apply-shapes"})
        _APPLIED[release] = apply(server, f"{BASE}/PlanDefinition/apply-shapes", "apply-shapes")
    return _APPLIED[release]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("release", ["r4", "r5"])
def test_what_is_applied_is_what_the_topic_says(
    release: str, name: str, hapis: HapiPool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    applied = shapes(release, hapis, tmp_path_factory)
    case: dict[str, Any] = CASES[name]
    expected = {key: case.get(key) for key in ("action", "order", "goal", "says")}
    expected |= case.get(release, {})
    action = applied.actions.get(case["step"]["id"])
    if expected["action"] == "not proposed":
        assert action is None
    else:
        assert action is not None, applied.messages
        assert differences(expected["action"] or {}, action) == []
    if expected["order"] is not None:
        assert action is not None
        assert differences(expected["order"], applied.order(action)) == []
    if expected["goal"] is not None:
        words = expected["goal"]["description"]
        (goal,) = (one for one in applied.of_type("Goal") if one["description"] == words)
        assert differences(expected["goal"], goal) == []
    said = [line for line in applied.messages if str(expected["says"]) in line]
    assert bool(said) == (expected["says"] is not None)


DEFINITIONS = ROOT / "definitions"
_LOADED: set[str] = set()


def with_topics(release: str, hapis: HapiPool, tmp_path_factory: pytest.TempPathFactory) -> Hapi:
    """The server of a release, with all shipped topics."""
    server = hapis.running(release.upper())
    if release not in _LOADED:
        folder = tmp_path_factory.mktemp("shipped")
        write_shipped(DEFINITIONS, folder / "definitions")
        load(server, published(folder / "definitions", release, folder / "output"))
        _LOADED.add(release)
    return server


def shipped() -> dict[str, TopicSource]:
    """The shipped topics by their name."""
    sources, _ = find_definitions(DEFINITIONS)
    read = (read_topic(sources, folder).source for folder in sources.folders)
    return {str(source.topic.topic): source for source in read if source is not None}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: f"{story.topic}: {story.title}")
@pytest.mark.parametrize("release", ["r4", "r5"])
def test_each_step_of_a_shipped_topic_is_proposed_or_out_for_a_reason(
    release: str, story: Story, hapis: HapiPool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = with_topics(release, hapis, tmp_path_factory)
    for resource in story.resources(release):
        put(server, resource)
    applied = apply(server, f"{SHIPPED}/PlanDefinition/{story.topic}", story.patient)
    steps: dict[str, Step] = {str(step.id): step for step in shipped()[story.topic].steps}
    assert set(steps) - set(applied.actions) == set(story.out)
    for name, action in applied.actions.items():
        for _, condition in steps[name].conditions_for_people:
            assert condition.readable in action["description"]
        if steps[name].does is not None:
            assert applied.order(action) is not None
    assert [line for line in applied.messages if "oralDiet" not in line] == []


def test_every_shipped_topic_is_applied() -> None:
    assert {story.topic for story in STORIES} == set(shipped())
