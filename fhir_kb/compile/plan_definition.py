"""A topic becomes a PlanDefinition: the root of all that belongs to it, with a plan or without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile import hl7_codes
from fhir_kb.compile import narrative as write
from fhir_kb.compile.actions import compile_action
from fhir_kb.compile.cautions import usage_text
from fhir_kb.compile.concepts import hl7_concept
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.evidence_narrative import evidence_item
from fhir_kb.compile.expressions import report_inline_conditions
from fhir_kb.compile.goals import compile_goal, goal_text
from fhir_kb.compile.metadata import artifact_resource, topic_concepts
from fhir_kb.compile.page import glossary_terms, page_blocks
from fhir_kb.compile.page_links import mentioned_topics
from fhir_kb.compile.participants import compile_actor, participant_text
from fhir_kb.compile.related import (
    cited_artifact,
    compile_all_related,
    image_artifacts,
    related_artifact,
)
from fhir_kb.compile.step_narrative import step_narrative
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.compile.page import PageParts
    from fhir_kb.model import Element

TERM: Final = "http://hl7.org/fhir/StructureDefinition/cqf-definitionTerm"
DEFAULT_TYPE: Final = "workflow"


def compile_plan(context: CompileContext, pages: PageParts) -> Element:
    """The PlanDefinition of a topic."""
    topic, plan = context.topic, context.topic.plan
    libraries = [
        with_span_of(context.library(library.id) or "", library.id) for library in topic.libraries
    ]
    report_inline_conditions(context)
    kind = code_words.PLAN_TYPE[topic.type or DEFAULT_TYPE]
    resource = artifact_resource(
        context,
        "PlanDefinition",
        context.id,
        topic.topic.span,
        title=topic.title,
        extension=list(_terms(context)),
        subtitle=topic.subtitle,
        type=hl7_concept(topic.type.span if topic.type else topic.span, hl7_codes.PLAN_TYPE, kind),
        description=topic.summary,
        purpose=topic.purpose,
        topic=topic_concepts(context),
        relatedArtifact=list(_related(context)),
        library=libraries,
        goal=[compile_goal(context, goal) for goal in plan.goals] if plan else None,
        actor=[compile_actor(context, actor) for actor in plan.actors] if plan else None,
        action=[compile_action(context, step) for step in plan.steps] if plan else None,
        asNeededBoolean=True if plan and plan.as_needed else None,
    )
    if topic.cautions:
        resource["usage"] = usage_text(context, topic.cautions)
        resource.spans["usage"] = topic.cautions[0].text.span
    status = write.ADDITIONAL if context.source.page else write.EXTENSIONS
    resource["text"] = write.narrative(
        context.language, topic.span, _narrative(context, pages, resource), status
    )
    return resource


def _terms(context: CompileContext) -> Iterator[Element]:
    for term, text, span in glossary_terms(context):
        parts = [
            element(span, url="term", valueString=term),
            element(span, url="definition", valueMarkdown=text),
        ]
        yield element(span, url=TERM, extension=parts)


def _related(context: CompileContext) -> Iterator[Element]:
    """What the author names, evidence, references, topics that the page links to, needs."""
    topic = context.topic
    yield from compile_all_related(context, topic.related)
    for evidence in topic.evidence:
        canonical = context.canonical("Evidence", context.part_id(evidence.id))
        yield related_artifact("justification", canonical, evidence.title, evidence.span)
    for work in context.source.references:
        yield cited_artifact(context, "citation", work, work.span)
    for name in mentioned_topics(context):
        entry, canonical_url = context.base.directory[name], context.plan(name)
        if canonical_url:
            yield related_artifact("documentation", canonical_url, entry.title, name.span)
    yield from image_artifacts(context)
    for canonical in topic.uses:
        yield element(canonical.span, type="depends-on", resource=canonical)


def _narrative(context: CompileContext, pages: PageParts, resource: Element) -> Iterator[str]:
    topic, plan = context.topic, context.topic.plan
    yield write.heading(2, topic.title)
    yield write.prose(topic.subtitle)
    yield write.prose(topic.summary)
    yield write.labelled("Purpose", topic.purpose)
    yield pages.lead
    yield from page_blocks(pages.sections, 3)
    yield from page_blocks(pages.cautions, 3)
    if plan is not None:
        if "goal" in resource:
            yield write.heading(3, "Goals")
            yield write.bullets(goal_text(goal) for goal in resource["goal"])
        if plan.actors:
            yield write.texts(
                "Carried out by", [participant_text(context, actor) for actor in plan.actors]
            )
        if "action" in resource:
            yield write.heading(3, "Steps")
            yield write.line("Carried out", "as needed") if plan.as_needed else ""
            yield write.bullets(step_narrative(context, step) for step in plan.steps)
    if topic.evidence:
        yield write.heading(3, "Evidence statements")
        yield write.bullets(evidence_item(context, evidence) for evidence in topic.evidence)
    yield from page_blocks(pages.end, 3)
