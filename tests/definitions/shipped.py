"""The shipped definitions as they are read, and where the material of the lab lies."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fhir_kb.diagnostics import Diagnostic
from fhir_kb.model.concept import Concept
from fhir_kb.model.knowledge_base import TopicSource
from fhir_kb.model.settings import Settings
from fhir_kb.read.definition_files import find_definitions
from fhir_kb.read.topics import read_settings, read_topic

REPOSITORY = Path(__file__).parents[2]
DEFINITIONS = REPOSITORY / "definitions"


@cache
def everything() -> tuple[
    Settings | None, tuple[Concept, ...], dict[str, TopicSource], list[Diagnostic]
]:
    """Settings, shared concepts, topics by the name of their folder, and all findings."""
    sources, findings = find_definitions(DEFINITIONS)
    assert sources is not None
    settings, concepts, wrong = read_settings(sources)
    found = [*findings, *wrong]
    topics = {}
    for folder in sources.folders:
        read = read_topic(sources, folder)
        found += read.findings
        if read.source is not None:
            topics[folder.path.rsplit("/", 1)[-1]] = read.source
    return settings, tuple(concepts.values()), topics, found


def topic(folder: str) -> TopicSource:
    """The topic of a folder."""
    return everything()[2][folder]
