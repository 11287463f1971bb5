"""A topic becomes a PlanDefinition: the root of all that belongs to it, with a plan or without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile import hl7_codes
from fhir_kb.compile import narrative as write
from fhir_kb.compile.actions import action
from fhir_kb.compile.concepts import hl7_concept
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.goals import goal, goal_words
from fhir_kb.compile.metadata import artifact, topics
from fhir_kb.compile.page import blocks, terms
from fhir_kb.compile.page_links import mentioned_topics
from fhir_kb.compile.participants import actor, participant_text
from fhir_kb.compile.related import all_related, cited
from fhir_kb.compile.related import artifact as related_artifact
from fhir_kb.compile.step_narrative import step_narrative
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.compile.page import PageParts
    from fhir_kb.model import Element

TERM: Final = "http://hl7.org/fhir/StructureDefinition/cqf-definitionTerm"
DEFAULT_TYPE: Final = "workflow"


def plan_definition(bench: CompileContext, pages: PageParts) -> Element:
    """The PlanDefinition of a topic."""
    topic, plan = bench.topic, bench.topic.plan
    libraries = [with_span_of(bench.library(one.id) or "", one.id) for one in topic.libraries]
    kind = code_words.PLAN_TYPE[topic.type or DEFAULT_TYPE]
    made = artifact(
        bench,
        "PlanDefinition",
        bench.id,
        topic.topic.span,
        title=topic.title,
        extension=list(_terms(bench)),
        subtitle=topic.subtitle,
        type=hl7_concept(topic.type.span if topic.type else topic.span, hl7_codes.PLAN_TYPE, kind),
        description=topic.summary,
        purpose=topic.purpose,
        topic=topics(bench),
        relatedArtifact=list(_related(bench)),
        library=libraries,
        goal=[goal(bench, one) for one in plan.goals] if plan else None,
        actor=[actor(bench, one) for one in plan.actors] if plan else None,
        action=[action(bench, step) for step in plan.steps] if plan else None,
        asNeededBoolean=True if plan and plan.as_needed else None,
    )
    status = write.ADDITIONAL if bench.source.page else write.EXTENSIONS
    made["text"] = write.narrative(
        bench.language, topic.span, _narrative(bench, pages, made), status
    )
    return made


def _terms(bench: CompileContext) -> Iterator[Element]:
    for term, text, span in terms(bench):
        parts = [
            element(span, url="term", valueString=term),
            element(span, url="definition", valueMarkdown=text),
        ]
        yield element(span, url=TERM, extension=parts)


def _related(bench: CompileContext) -> Iterator[Element]:
    """What the author names, evidence, references, topics that the page links to, needs."""
    topic = bench.topic
    yield from all_related(bench, topic.related)
    for evidence in topic.evidence:
        canonical = bench.canonical("Evidence", bench.part_id(evidence.id))
        yield related_artifact("justification", canonical, evidence.title, evidence.span)
    for work in bench.source.references:
        yield cited(bench, "citation", work, work.span)
    for name in mentioned_topics(bench):
        entry, canonical_url = bench.base.directory[name], bench.plan(name)
        if canonical_url:
            yield related_artifact("documentation", canonical_url, entry.title, name.span)
    for canonical in topic.uses:
        yield element(canonical.span, type="depends-on", resource=canonical)


def _narrative(bench: CompileContext, pages: PageParts, made: Element) -> Iterator[str]:
    topic, plan = bench.topic, bench.topic.plan
    yield write.heading(2, topic.title)
    yield write.prose(topic.subtitle)
    yield write.prose(topic.summary)
    yield write.labelled("Purpose", topic.purpose)
    yield pages.lead
    yield from blocks(pages.sections, 3)
    if plan is not None:
        if "goal" in made:
            yield write.heading(3, "Goals")
            yield write.bullets(goal_words(one) for one in made["goal"])
        if plan.actors:
            yield write.texts(
                "Carried out by", [participant_text(bench, one) for one in plan.actors]
            )
        if "action" in made:
            yield write.heading(3, "Steps")
            yield write.line("Carried out", "as needed") if plan.as_needed else ""
            yield write.bullets(step_narrative(bench, step) for step in plan.steps)
    if topic.evidence:
        yield write.heading(3, "Evidence statements")
        yield write.bullets(write.prose(one.statement) for one in topic.evidence)
    yield from blocks(pages.end, 3)
