"""All resources of a topic, in order: the plan, what it consists of, the manifest of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile.activity_definition import compile_activity
from fhir_kb.compile.artifact_assessment import compile_assessments
from fhir_kb.compile.citation import compile_citation
from fhir_kb.compile.code_system import compile_code_system
from fhir_kb.compile.compile_context import CompileContext
from fhir_kb.compile.composition import compile_composition
from fhir_kb.compile.evidence import compile_evidence
from fhir_kb.compile.evidence_variable import compile_variables
from fhir_kb.compile.library import compile_libraries, compile_manifest
from fhir_kb.compile.page import page_parts
from fhir_kb.compile.plan_definition import compile_plan
from fhir_kb.compile.value_set import compile_value_set
from fhir_kb.diagnostics import Diagnostic, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model import Element
    from fhir_kb.model.knowledge_base import KnowledgeBase, TopicSource


def topic_resources(
    source: TopicSource, base: KnowledgeBase
) -> tuple[tuple[Element, ...], tuple[Diagnostic, ...]]:
    """The resources of a topic and the findings."""
    context = CompileContext(source, base)
    root, *others = _parts(context)
    resources = (root, compile_manifest(context, (root, *others)), *others)
    return resources, in_order(context.findings)


def _parts(context: CompileContext) -> Iterator[Element]:
    topic, references = context.topic, context.source.references
    page = page_parts(context)
    yield compile_plan(context, page)
    if context.source.page is not None:
        yield compile_composition(context, page)
    yield from (compile_activity(context, activity) for activity in topic.activities)
    yield from (compile_evidence(context, evidence) for evidence in topic.evidence)
    yield from compile_variables(context)
    yield from (compile_citation(context, work) for work in references)
    yield from (compile_value_set(context, value_set) for value_set in topic.value_sets)
    yield from (compile_code_system(context, code_system) for code_system in topic.code_systems)
    yield from compile_libraries(context)
    yield from compile_assessments(context)
