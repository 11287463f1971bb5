"""From the model to R5-shaped resources: pure, one module a kind, every element with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fhir_kb.compile.finding_codes import CODES

if TYPE_CHECKING:
    from fhir_kb.diagnostics import Diagnostic
    from fhir_kb.model import Element
    from fhir_kb.model.knowledge_base import KnowledgeBase, TopicSource

__all__ = ["CODES", "CompiledResources", "compile_shared", "compile_topic"]


@dataclass(frozen=True, slots=True)
class CompiledResources:
    """What a topic was compiled to."""

    resources: tuple[Element, ...]
    """The resources, the root artifact first."""

    diagnostics: tuple[Diagnostic, ...]
    """What is wrong. An error means that something was left out: then nothing is published."""


def compile_topic(source: TopicSource, base: KnowledgeBase) -> CompiledResources:
    """The resources of a topic, shaped as in FHIR R5, in a stable order."""
    from fhir_kb.compile.topic import topic_resources

    resources, findings = topic_resources(source, base)
    return CompiledResources(resources, findings)


def compile_shared(base: KnowledgeBase) -> CompiledResources:
    """What belongs to the knowledge base as a whole: the manifest of all topics of `directory`."""
    from fhir_kb.compile.knowledge_base_manifest import compile_knowledge_base_manifest

    return CompiledResources((compile_knowledge_base_manifest(base),), ())
