"""Ratings and notes become ArtifactAssessments of the artifact that they are about.

An ArtifactAssessment has no URL in any release, so each carries an identifier for its version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.compile import hl7_codes
from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import hl7_concept
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.evidence import certainty_lines
from fhir_kb.compile.metadata import copyright_text
from fhir_kb.compile.recommendation import grade_text, strength_concept
from fhir_kb.compile.related import cited_artifacts, evidence_artifacts, resource_reference
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.diagnostics import Span
    from fhir_kb.model import Element, Text
    from fhir_kb.model.evidence import Aspect, Certainty, Evidence, Recommendation
    from fhir_kb.model.plan import Step
    from fhir_kb.model.topic import Note


def compile_assessments(context: CompileContext) -> Iterator[Element]:
    """The ratings of evidence and recommendations, and the notes on the page."""
    for evidence in context.topic.evidence:
        if evidence.certainty is not None and evidence.certainty.rating is not None:
            yield _certainty(context, evidence, evidence.certainty)
    for step in context.source.steps:
        if step.recommendation is not None:
            yield _recommendation(context, step)
    for note in context.topic.notes:
        yield _note(context, note)


def note_id(context: CompileContext, name: str) -> str:
    """The id of a note's resource."""
    return context.part_id("note", name)


def _assessment(
    context: CompileContext,
    resource_id: str,
    span: Span,
    *,
    title: str,
    date: Text | None,
    artifact: Element,
    content: list[Element],
    lines: Iterable[str],
) -> Element:
    value = f"{resource_id}/{context.version}"
    return element(
        span,
        resourceType="ArtifactAssessment",
        id=resource_id,
        language=context.language,
        text=write.narrative(context.language, span, [write.heading(2, title), *lines]),
        identifier=[element(span, system=context.system("ArtifactAssessment"), value=value)],
        title=title,
        date=date or context.topic.date or context.settings.date,
        copyright=copyright_text(context),
        artifactReference=artifact,
        content=content,
    )


def _rating(span: Span, kind: str, rating: str, text: str | None, **more: Any) -> Element:
    return element(
        span,
        informationType="rating",
        summary=text,
        type=hl7_concept(span, hl7_codes.CERTAINTY_TYPE, kind),
        classifier=[hl7_concept(span, hl7_codes.CERTAINTY_RATING, rating)],
        **more,
    )


def _certainty(context: CompileContext, evidence: Evidence, certainty: Certainty) -> Element:
    assert certainty.rating is not None
    author = element(certainty.by.span, display=certainty.by) if certainty.by is not None else None
    content = _rating(
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
    return _assessment(
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
    return _rating(aspect.span, kind, aspect.rating, aspect.text)


def _recommendation(context: CompileContext, step: Step) -> Element:
    recommendation = step.recommendation
    assert recommendation is not None
    content = element(
        recommendation.span,
        informationType="rating",
        summary=recommendation.text,
        type=element(recommendation.span, text="Strength and direction of the recommendation"),
        classifier=[strength_concept(context, recommendation)],
        path=[with_span_of(f"{context.url('PlanDefinition', context.id)}#{step.id}", step.id)],
        relatedArtifact=[
            *cited_artifacts(context, "derived-from", recommendation.from_),
            *evidence_artifacts(context, recommendation.because),
        ],
        component=list(_grade_parts(recommendation)),
    )
    title = step.title or step.id
    citations = [link["citation"] for link in content["relatedArtifact"] if "citation" in link]
    return _assessment(
        context,
        context.part_id("recommendation", str(step.id)),
        recommendation.span,
        title=with_span_of(f"Grade of the recommendation: {title}", title),
        date=None,
        artifact=resource_reference("PlanDefinition", context.id, context.topic.title, step.span),
        content=[content],
        lines=[
            write.line("Grade", grade_text(context, recommendation)),
            write.prose(recommendation.text),
            write.texts("References", citations),
        ],
    )


def _grade_parts(recommendation: Recommendation) -> Iterator[Element]:
    """The rating system, and the certainty of the evidence."""
    if recommendation.system is not None:
        yield element(
            recommendation.system.span,
            informationType="classifier",
            type=element(recommendation.system.span, text="Rating system"),
            classifier=[element(recommendation.system.span, text=recommendation.system)],
        )
    if recommendation.certainty is not None:
        yield _rating(recommendation.certainty.span, "Overall", recommendation.certainty, None)


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
    return _assessment(
        context,
        note_id(context, str(note.id)),
        note.span,
        title=with_span_of(f"Note on: {context.topic.title}", note.id),
        date=note.date,
        artifact=resource_reference(kind, context.id, context.topic.title, note.span),
        content=[content],
        lines=lines,
    )
