"""Commands look for the knowledge base here and above, as git does for its folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended


@pytest.fixture
def project(fhir_kb: Callable[..., Ended], tmp_path: Path) -> Path:
    """A project `ward` with definitions that `init` made."""
    ward = tmp_path / "ward"
    ward.mkdir()
    assert fhir_kb("init", "ward/definitions").code == 0
    return ward


@pytest.mark.parametrize("inside", ["", "definitions", "definitions/first-topic", "notes"])
def test_it_builds_the_same_from_everywhere_in_the_project(
    fhir_kb: Callable[..., Ended],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    inside: str,
) -> None:
    folder = project / inside
    folder.mkdir(exist_ok=True)
    monkeypatch.chdir(folder)
    ended = fhir_kb("build")
    assert ended.code == 0, ended.err
    assert (project / "output" / "report.json").is_file()
    assert (project / ".fhir-kb").is_dir()
    beside = {path.name for path in folder.iterdir()} & {"output", ".fhir-kb"}
    assert beside == ({"output", ".fhir-kb"} if not inside else set())


def test_a_bundle_is_made_within_the_definitions(
    fhir_kb: Callable[..., Ended], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "definitions" / "first-topic")
    ended = fhir_kb("bundle", "--fhir", "r4")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["resourceType"] == "Bundle"


def test_a_folder_that_is_named_is_not_looked_for(
    fhir_kb: Callable[..., Ended], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "definitions")
    ended = fhir_kb("build", "definitions")
    assert ended.code != 0
    assert "KB141" in ended.out + ended.err


def test_without_a_knowledge_base_it_says_so(fhir_kb: Callable[..., Ended]) -> None:
    ended = fhir_kb("build")
    assert ended.code != 0
    assert "there is no such folder" in ended.out + ended.err


def test_one_bad_concept_is_the_only_finding(
    fhir_kb: Callable[..., Ended], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its error alone is told, not that all other concepts are unknown."""
    monkeypatch.chdir(project)
    concepts = project / "definitions" / "concepts.yaml"
    concepts.write_text(concepts.read_text("utf-8") + "bad:\n  txt: Bad\n", encoding="utf-8")
    ended = fhir_kb("build", "--format", "json")
    assert ended.code == 1
    found = [one["code"] for one in json.loads(ended.out)["findings"]]
    assert found == ["KB110"]
    concepts.write_text("other: {text: Other}\n", encoding="utf-8")
    found = json.loads(fhir_kb("build", "--format", "json").out)["findings"]
    assert {one["code"] for one in found} == {"KB302"}


def test_a_topic_that_cannot_be_read_is_not_unknown_as_well(
    fhir_kb: Callable[..., Ended], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    topic = project / "definitions" / "second" / "topic.yaml"
    topic.parent.mkdir()
    follows = "plan: {steps: [{id: a, title: A, plan: third}]}\n"
    topic.write_text("topic: second\ntitle: S\nsummary: S.\n" + follows, encoding="utf-8")
    third = project / "definitions" / "third" / "topic.yaml"
    third.parent.mkdir()
    third.write_text("topic: third\ntitel: T\nsummary: S.\n", encoding="utf-8")
    found = json.loads(fhir_kb("build", "--format", "json").out)["findings"]
    assert [one["code"] for one in found if one["severity"] == "error"] == ["KB110"]
    third.write_text("topic: fourth\ntitle: T\nsummary: S.\n" + follows, encoding="utf-8")
    found = json.loads(fhir_kb("build", "--format", "json").out)["findings"]
    assert {"KB216"} == {one["code"] for one in found if one["severity"] == "error"}
