"""Short ways to a topic for tests: YAML as an author writes it, read and compiled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fhir_kb.compile import CompiledResources, compile_topic
from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.model.knowledge_base import KnowledgeBase, TopicSource
from fhir_kb.read.definition_files import find_definitions
from fhir_kb.read.topics import read_settings, read_topic, topic_entry

KB = """\
id: ward
title: The ward's knowledge
canonical: https://kb.test/fhir
version: 1.0.0
date: 2025-02-03
publisher: The ward
language: en
"""
TOPIC = """\
topic: sepsis
title: Sepsis
summary: What to do.
"""


def read(
    folder: Path,
    topic: str = "",
    *,
    kb: str = "",
    concepts: str = "",
    files: Mapping[str, str] = {},
) -> tuple[TopicSource, KnowledgeBase]:
    """The topic `sepsis` with these additions, and its base."""
    texts = {"kb.yaml": KB + kb, "concepts.yaml": concepts or "adult: {text: Adult}\n"}
    texts |= {f"sepsis/{name}": text for name, text in files.items()}
    texts["sepsis/topic.yaml"] = TOPIC + topic
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    sources, findings = find_definitions(folder)
    settings, known, wrong = read_settings(sources)
    (one,) = sources.folders
    found = read_topic(sources, one)
    assert found.source is not None and settings is not None, (findings, wrong, found.findings)
    assert not found.findings, found.findings
    directory = {"sepsis": topic_entry(found.source, settings)}
    return found.source, KnowledgeBase(settings=settings, concepts=known, directory=directory)


def compiled(folder: Path, topic: str = "", **more: Any) -> CompiledResources:
    """What the topic becomes."""
    return compile_topic(*read(folder, topic, **more))


def clean(folder: Path, topic: str = "", **more: Any) -> dict[str, Element]:
    """What the topic becomes, by "Type/id"; nothing but notes was found on the way."""
    made = compiled(folder, topic, **more)
    assert {one.severity for one in made.diagnostics} <= {Severity.INFORMATION}
    return {f"{one['resourceType']}/{one['id']}": one for one in made.resources}


def plan(folder: Path, topic: str = "", **more: Any) -> Element:
    """The PlanDefinition of the topic."""
    return clean(folder, topic, **more)["PlanDefinition/sepsis"]
