"""Ratings and notes become ArtifactAssessments of the artifact that they are about.

An ArtifactAssessment has no URL in any release, so each carries an identifier for its version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile import narrative as write
from fhir_kb.compile.assessment_resource import assessment_resource, rating_content
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.evidence_narrative import certainty_lines
from fhir_kb.compile.recommendation_justification import compile_justification
from fhir_kb.compile.related import cited_artifacts, resource_reference
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element, Text
    from fhir_kb.model.evidence import Aspect, Certainty, Evidence
    from fhir_kb.model.topic import Note


def compile_assessments(context: CompileContext) -> Iterator[Element]:
    """The ratings of evidence and recommendations, and the notes on the page."""
    for evidence in context.topic.evidence:
        if evidence.certainty is not None and evidence.certainty.rating is not None:
            yield _certainty(context, evidence, evidence.certainty)
    for step in context.source.steps:
        if step.recommendation is not None:
            yield compile_justification(context, step, step.recommendation)
    for note in context.topic.notes:
        yield _note(context, note)


def note_id(context: CompileContext, name: str) -> str:
    """The id of a note's resource."""
    return context.part_id("note", name)


def _certainty(context: CompileContext, evidence: Evidence, certainty: Certainty) -> Element:
    assert certainty.rating is not None
    author = element(certainty.by.span, display=certainty.by) if certainty.by is not None else None
    content = rating_content(
        certainty.span,
        "Overall",
        certainty.rating,
        certainty.text,
        author=author,
        relatedArtifact=cited_artifacts(
            context, "derived-from", [certainty.from_] if certainty.from_ else []
        ),
        component=[_aspect(aspect) for aspect in certainty.aspects],
    )
    evidence_id = context.part_id(evidence.id)
    return assessment_resource(
        context,
        context.part_id("certainty", str(evidence.id)),
        certainty.span,
        title=with_span_of(f"Certainty of: {evidence.title}", evidence.title),
        date=evidence.date,
        artifact=resource_reference("Evidence", evidence_id, evidence.title, evidence.span),
        content=[content],
        lines=[write.texts("Certainty", certainty_lines(context, certainty))],
    )


def _aspect(aspect: Aspect) -> Element:
    kind = with_span_of(code_words.CERTAINTY_ASPECT[aspect.aspect], aspect.aspect)
    return rating_content(aspect.span, kind, aspect.rating, aspect.text)


def _section_url(context: CompileContext, kind: str, section: Text) -> str:
    return with_span_of(f"{context.url(kind, context.id)}#{section}", section)


def _note(context: CompileContext, note: Note) -> Element:
    has_page = context.source.page is not None
    kind = "Composition" if has_page else "PlanDefinition"
    content = element(
        note.span,
        informationType="comment",
        summary=note.text,
        author=element(note.author.span, display=note.author) if note.author else None,
        path=[_section_url(context, kind, note.section)] if note.section else None,
        relatedArtifact=cited_artifacts(
            context, "documentation", [note.from_] if note.from_ else []
        ),
    )
    lines = [
        write.prose(note.text),
        write.line("On", note.section),
        write.line("By", note.author),
        write.texts("See", [link["citation"] for link in content.get("relatedArtifact", ())]),
    ]
    return assessment_resource(
        context,
        note_id(context, str(note.id)),
        note.span,
        title=with_span_of(f"Note on: {context.topic.title}", note.id),
        date=note.date,
        artifact=resource_reference(kind, context.id, context.topic.title, note.span),
        content=[content],
        lines=lines,
    )
