"""Ratings and notes: https://hl7.org/fhir/R5/artifactassessment.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile.build import coded, element
from fhir_kb.compile.metadata import identifier, rights
from fhir_kb.compile.narrative import block, narrative, paragraph
from fhir_kb.compile.plan_definition import in_words
from fhir_kb.compile.related import literal, to_reference, to_references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.context import Context
    from fhir_kb.model import Element
    from fhir_kb.model.evidence import Recommendation
    from fhir_kb.model.plan import Step
    from fhir_kb.model.topic import Note

_STRENGTH: Final = "http://terminology.hl7.org/CodeSystem/recommendation-strength"
_QUALITY: Final = "http://terminology.hl7.org/CodeSystem/evidence-quality"
DIRECTION: Final = "http://hl7.org/fhir/uv/cpg/CodeSystem/cpg-recommendation-direction-cs"


def artifact_assessments(context: Context) -> Iterator[Element]:
    """An assessment for each graded step and for each note on the page."""
    for step in context.source.steps:
        if step.recommendation is not None:
            yield _rating(context, step, step.recommendation)
    for note in context.topic.notes:
        yield _note(context, note)


def _rating(context: Context, step: Step, given: Recommendation) -> Element:
    title = f"Grade of the recommendation: {step.title or step.id}"
    words = in_words(context, given)
    strength = coded(_STRENGTH, str(given.strength), str(given.strength).capitalize())
    strength.span = given.strength.span
    direction = str(given.direction or "for")
    ratings = [
        element(
            given.span,
            informationType="classifier",
            type=element(None, text="Strength of recommendation"),
            classifier=[strength],
        ),
        element(
            given.span,
            informationType="classifier",
            type=element(None, text="Direction of recommendation"),
            classifier=[coded(DIRECTION, direction, direction.capitalize())],
        ),
    ]
    if given.certainty is not None:
        ratings.append(
            element(
                given.certainty.span,
                informationType="classifier",
                type=element(None, text="Certainty of the evidence"),
                classifier=[coded(_QUALITY, str(given.certainty))],
            )
        )
    if given.system is not None:
        ratings.append(
            element(
                given.system.span,
                informationType="classifier",
                type=element(None, text="Rating system"),
                classifier=[element(given.system.span, text=given.system)],
            )
        )
    content = element(
        given.span,
        informationType="container",
        summary=given.text or words,
        type=element(None, text="Recommendation"),
        path=[f"PlanDefinition.action.where(linkId = '{step.id}')"],
        relatedArtifact=to_references(context, "derived-from", given.from_),
        component=ratings,
    )
    return element(
        given.span,
        resourceType="ArtifactAssessment",
        id=context.name(str(step.id), "grade"),
        identifier=[identifier(context, "ArtifactAssessment", str(step.id), "grade")],
        text=narrative(given.span, paragraph(title), paragraph(words), block(given.text)),
        title=title,
        date=context.topic.date or context.base.settings.date,
        copyright=rights(context)["copyright"],
        approvalDate=context.topic.approved,
        lastReviewDate=context.topic.reviewed,
        artifactReference=literal(context, "PlanDefinition", display=str(context.topic.title)),
        content=[content],
    )


def _note(context: Context, note: Note) -> Element:
    title = f"Note on {context.topic.title}"
    pointed = to_reference(context, "documentation", note.from_) if note.from_ else None
    section = f"Composition.section.where(id = '{note.section}')" if note.section else None
    content = element(
        note.span,
        informationType="comment",
        summary=note.text,
        author=element(note.author.span, display=note.author) if note.author else None,
        path=[section] if section else None,
        relatedArtifact=[pointed] if pointed else None,
    )
    about = "Composition" if context.source.page is not None else "PlanDefinition"
    return element(
        note.span,
        resourceType="ArtifactAssessment",
        id=context.name(str(note.id), "note"),
        identifier=[identifier(context, "ArtifactAssessment", str(note.id), "note")],
        text=narrative(note.span, paragraph(title), block(note.text)),
        title=title,
        date=note.date or context.topic.date or context.base.settings.date,
        artifactReference=literal(context, about, display=str(context.topic.title)),
        content=[content],
    )
