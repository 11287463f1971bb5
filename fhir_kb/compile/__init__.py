"""From the model to R5-shaped resources, one module a kind; see docs/mapping.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.compile.activity_definition import activity_definition
from fhir_kb.compile.artifact_assessment import artifact_assessments
from fhir_kb.compile.citation import citation
from fhir_kb.compile.codes import CODES
from fhir_kb.compile.composition import composition
from fhir_kb.compile.context import Context
from fhir_kb.compile.evidence import evidence_resources
from fhir_kb.compile.library import logic, manifest
from fhir_kb.compile.plan_definition import plan_definition
from fhir_kb.compile.terminology import code_system, value_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fhir_kb.diagnostics import Diagnostic
    from fhir_kb.model import Element
    from fhir_kb.model.knowledge import Base, Source

__all__ = ["CODES", "Compiled", "compile_topic"]


class Compiled(NamedTuple):
    """What a topic becomes: R5-shaped resources, the root first; and the compiler's findings."""

    resources: tuple[Element, ...]
    diagnostics: tuple[Diagnostic, ...]


def compile_topic(source: Source, base: Base) -> Compiled:
    """The resources of a topic, in a stable order, each with the places it comes from.

    The rules have been through the topic: a name that leads nowhere is left out and found again as
    KB399. Costs some milliseconds, most of them for narratives.
    """
    context = Context(source, base)
    resources = [plan_definition(context), *_parts(context)]
    urls = {f"{one['url']}|{one['version']}" for one in resources if "url" in one}
    artifacts = [one for one in resources if "url" in one]
    needed = sorted(set(_canonicals(resources)) - urls)
    resources.insert(1, manifest(context, artifacts, needed))
    return Compiled(tuple(resources), tuple(context.findings))


def _parts(context: Context) -> Iterator[Element]:
    source, topic = context.source, context.topic
    if source.page is not None:
        yield composition(context, source.page)
    for activity in topic.activities:
        yield activity_definition(context, activity)
    for evidence in topic.evidence:
        yield from evidence_resources(context, evidence)
    for reference in source.references:
        yield citation(context, reference)
    for library in topic.libraries:
        if (brought := logic(context, library)) is not None:
            yield brought
    for given in topic.code_systems:
        yield code_system(context, given)
    for one in topic.value_sets:
        yield value_set(context, one)
    yield from artifact_assessments(context)


def _canonicals(resources: Sequence[Element]) -> Iterator[str]:
    """The canonicals that a topic's definitions point to."""
    for resource in resources:
        yield from resource.get("library", ())
        for action in _actions(resource):
            if "definitionCanonical" in action:
                yield action["definitionCanonical"]
        for related in resource.get("relatedArtifact", ()):
            if related["type"] == "depends-on" and "resource" in related:
                yield related["resource"]


def _actions(parent: Element) -> Iterator[Element]:
    for action in parent.get("action", ()):
        yield action
        yield from _actions(action)
