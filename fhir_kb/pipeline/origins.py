"""Where the elements of compiled resources were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile import compile_shared, compile_topic
from fhir_kb.model import Element, span_at
from fhir_kb.model.knowledge_base import KnowledgeBase
from fhir_kb.read.definition_files import find_definitions
from fhir_kb.read.topics import read_settings, read_topic
from fhir_kb.releases import get

if TYPE_CHECKING:
    from pathlib import Path

    from fhir_kb.diagnostics import Span
    from fhir_kb.pipeline.incremental import CompiledKnowledgeBase


class Origins:
    """The source of each resource of a knowledge base in one release.

    Compiles a topic again when something of it is first asked for: the cache has no spans.
    """

    def __init__(self, definitions: Path, compiled: CompiledKnowledgeBase, release: str) -> None:
        self._definitions, self._compiled, self._release = definitions, compiled, release
        self._folder_of = {
            resource.name: folder
            for folder, topic in compiled.topics.items()
            for resource in topic.emitted.get(release, ())
        }
        self._elements: dict[str, dict[str, Element]] = {}

    def span(self, name: str, path: str = "") -> Span | None:
        """Where the resource `name` ("Type/id") was written, or an element of it.

        path: Such as "PlanDefinition.action[2].title"; "" for the resource as a whole.
        """
        element = self._of(self._folder_of.get(name, "")).get(name)
        if element is None:
            return None
        return span_at(element, path) if path else element.span

    def _of(self, folder: str) -> dict[str, Element]:
        if folder not in self._elements:
            self._elements[folder] = self._compile(folder)
        return self._elements[folder]

    def _compile(self, folder: str) -> dict[str, Element]:
        """The resources of a topic's folder by name; of what is shared for ""."""
        sources, _ = find_definitions(self._definitions)
        settings, concepts, _ = read_settings(sources)
        if settings is None:
            return {}
        base = KnowledgeBase(
            settings=settings, concepts=concepts, directory=self._compiled.directory
        )
        if not folder:
            compiled = compile_shared(base)
        else:
            source = next((entry for entry in sources.folders if entry.path == folder), None)
            topic = read_topic(sources, source) if source else None
            if topic is None or topic.source is None:
                return {}
            compiled = compile_topic(topic.source, base)
        lower = get(self._release).lower
        lowered = (
            element for resource in compiled.resources for element in lower(resource).resources
        )
        return {f"{element['resourceType']}/{element['id']}": element for element in lowered}
