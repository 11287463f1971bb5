"""Ratings and notes become ArtifactAssessments: they say something of another artifact.

An ArtifactAssessment has no URL in any release, so each carries an identifier for its version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.compile import hl7_codes
from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import hl7_concept
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.evidence import certainty_lines
from fhir_kb.compile.metadata import rights
from fhir_kb.compile.recommendation import grade_text, strength
from fhir_kb.compile.related import all_cited, all_evidence, reference
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.diagnostics import Span
    from fhir_kb.model import Element, Text
    from fhir_kb.model.evidence import Aspect, Certainty, Evidence, Recommendation
    from fhir_kb.model.plan import Step
    from fhir_kb.model.topic import Note


def artifact_assessments(bench: CompileContext) -> Iterator[Element]:
    """The ratings of evidence and recommendations, and the notes on the page."""
    for evidence in bench.topic.evidence:
        if evidence.certainty is not None and evidence.certainty.rating is not None:
            yield _certainty(bench, evidence, evidence.certainty)
    for step in bench.source.steps:
        if step.recommendation is not None:
            yield _recommendation(bench, step)
    for note in bench.topic.notes:
        yield _note(bench, note)


def note_id(bench: CompileContext, name: str) -> str:
    """The id of a note's resource."""
    return bench.part_id("note", name)


def _assessment(
    bench: CompileContext,
    resource_id: str,
    span: Span,
    *,
    title: str,
    date: Text | None,
    artifact: Element,
    content: list[Element],
    lines: Iterable[str],
) -> Element:
    value = f"{resource_id}/{bench.version}"
    return element(
        span,
        resourceType="ArtifactAssessment",
        id=resource_id,
        language=bench.language,
        text=write.narrative(bench.language, span, [write.heading(2, title), *lines]),
        identifier=[element(span, system=bench.system("ArtifactAssessment"), value=value)],
        title=title,
        date=date or bench.topic.date or bench.settings.date,
        copyright=rights(bench),
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


def _certainty(bench: CompileContext, evidence: Evidence, one: Certainty) -> Element:
    assert one.rating is not None
    author = element(one.by.span, display=one.by) if one.by is not None else None
    content = _rating(
        one.span,
        "Overall",
        one.rating,
        one.text,
        author=author,
        relatedArtifact=all_cited(bench, "derived-from", [one.from_] if one.from_ else []),
        component=[_aspect(aspect) for aspect in one.aspects],
    )
    evidence_id = bench.part_id(evidence.id)
    return _assessment(
        bench,
        bench.part_id("certainty", str(evidence.id)),
        one.span,
        title=with_span_of(f"Certainty of: {evidence.title}", evidence.title),
        date=evidence.date,
        artifact=reference("Evidence", evidence_id, evidence.title, evidence.span),
        content=[content],
        lines=[write.texts("Certainty", certainty_lines(bench, one))],
    )


def _aspect(aspect: Aspect) -> Element:
    kind = with_span_of(code_words.CERTAINTY_ASPECT[aspect.aspect], aspect.aspect)
    return _rating(aspect.span, kind, aspect.rating, aspect.text)


def _recommendation(bench: CompileContext, step: Step) -> Element:
    one = step.recommendation
    assert one is not None
    content = element(
        one.span,
        informationType="rating",
        summary=one.text,
        type=element(one.span, text="Strength and direction of the recommendation"),
        classifier=[strength(bench, one)],
        path=[with_span_of(f"{bench.url('PlanDefinition', bench.id)}#{step.id}", step.id)],
        relatedArtifact=[
            *all_cited(bench, "derived-from", one.from_),
            *all_evidence(bench, one.because),
        ],
        component=list(_grade_parts(one)),
    )
    title = step.title or step.id
    citations = [link["citation"] for link in content["relatedArtifact"] if "citation" in link]
    return _assessment(
        bench,
        bench.part_id("recommendation", str(step.id)),
        one.span,
        title=with_span_of(f"Grade of the recommendation: {title}", title),
        date=None,
        artifact=reference("PlanDefinition", bench.id, bench.topic.title, step.span),
        content=[content],
        lines=[
            write.line("Grade", grade_text(bench, one)),
            write.prose(one.text),
            write.texts("References", citations),
        ],
    )


def _grade_parts(one: Recommendation) -> Iterator[Element]:
    """The rating system, and the certainty of the evidence."""
    if one.system is not None:
        yield element(
            one.system.span,
            informationType="classifier",
            type=element(one.system.span, text="Rating system"),
            classifier=[element(one.system.span, text=one.system)],
        )
    if one.certainty is not None:
        yield _rating(one.certainty.span, "Overall", one.certainty, None)


def _section_url(bench: CompileContext, kind: str, section: Text) -> str:
    return with_span_of(f"{bench.url(kind, bench.id)}#{section}", section)


def _note(bench: CompileContext, note: Note) -> Element:
    has_page = bench.source.page is not None
    kind = "Composition" if has_page else "PlanDefinition"
    content = element(
        note.span,
        informationType="comment",
        summary=note.text,
        author=element(note.author.span, display=note.author) if note.author else None,
        path=[_section_url(bench, kind, note.section)] if note.section else None,
        relatedArtifact=all_cited(bench, "documentation", [note.from_] if note.from_ else []),
    )
    lines = [
        write.prose(note.text),
        write.line("On", note.section),
        write.line("By", note.author),
        write.texts("See", [link["citation"] for link in content.get("relatedArtifact", ())]),
    ]
    return _assessment(
        bench,
        note_id(bench, str(note.id)),
        note.span,
        title=with_span_of(f"Note on: {bench.topic.title}", note.id),
        date=note.date,
        artifact=reference(kind, bench.id, bench.topic.title, note.span),
        content=[content],
        lines=lines,
    )
