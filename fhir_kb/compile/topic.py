"""All resources of a topic, in order: the plan, what it consists of, the manifest of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile.activity_definition import activity_definition
from fhir_kb.compile.artifact_assessment import artifact_assessments
from fhir_kb.compile.citation import citation
from fhir_kb.compile.code_system import code_system
from fhir_kb.compile.compile_context import CompileContext
from fhir_kb.compile.composition import composition
from fhir_kb.compile.evidence import evidence
from fhir_kb.compile.evidence_variable import evidence_variables
from fhir_kb.compile.library import logic_libraries, manifest
from fhir_kb.compile.page import page_parts
from fhir_kb.compile.plan_definition import plan_definition
from fhir_kb.compile.value_set import value_set
from fhir_kb.diagnostics import Diagnostic, in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model import Element
    from fhir_kb.model.knowledge_base import KnowledgeBase, TopicSource


def resources_of(
    source: TopicSource, base: KnowledgeBase
) -> tuple[tuple[Element, ...], tuple[Diagnostic, ...]]:
    """The resources of a topic and the findings."""
    bench = CompileContext(source, base)
    root, *others = _parts(bench)
    found = (root, manifest(bench, (root, *others)), *others)
    return found, in_order(bench.findings)


def _parts(bench: CompileContext) -> Iterator[Element]:
    topic, references = bench.topic, bench.source.references
    page = page_parts(bench)
    yield plan_definition(bench, page)
    if bench.source.page is not None:
        yield composition(bench, page)
    yield from (activity_definition(bench, one) for one in topic.activities)
    yield from (evidence(bench, one) for one in topic.evidence)
    yield from evidence_variables(bench)
    yield from (citation(bench, one) for one in references)
    yield from (value_set(bench, one) for one in topic.value_sets)
    yield from (code_system(bench, one) for one in topic.code_systems)
    yield from logic_libraries(bench)
    yield from artifact_assessments(bench)
