"""A recommendation's grade and the judgements behind it become an ArtifactAssessment of the plan.

The contents are those of EBMonFHIR's recommendation-justification
(http://hl7.org/fhir/uv/ebm/StructureDefinition/recommendation-justification, 1.0.0-ballot): the
specification, the evidence, the net effect and the judgements, each with components by code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile import hl7_codes
from fhir_kb.compile import narrative as write
from fhir_kb.compile.assessment_resource import assessment_resource
from fhir_kb.compile.concepts import codeable_concept, hl7_concept
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.recommendation import (
    certain_grade_text,
    direction_codings,
    strength_codings,
    strength_concept,
)
from fhir_kb.compile.related import cited_artifacts, evidence_artifacts, resource_reference
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.diagnostics import Span
    from fhir_kb.model import Element
    from fhir_kb.model.evidence import Decision, Judgement, Recommendation
    from fhir_kb.model.plan import Step

#: criteria of a decision → the content and the component that they are in, and how they read
_CRITERIA: Final = {
    "benefits": ("evidence", "desirable-effects", "Benefits"),
    "harms": ("evidence", "undesirable-effects", "Harms"),
    "certainty": ("evidence", "discussion", "Certainty of the evidence"),
    "values": ("net-effect", "preferences", "Values and preferences"),
    "balance": ("net-effect", "discussion", "Balance of effects"),
    "problem": ("judgments", "problem-importance", "Importance of the problem"),
    "resources": ("judgments", "costs", "Resources required"),
    "cost_effectiveness": ("judgments", "cost-effectiveness", "Cost-effectiveness"),
    "equity": ("judgments", "equity", "Equity"),
    "acceptability": ("judgments", "acceptability", "Acceptability"),
    "feasibility": ("judgments", "feasibility", "Feasibility"),
}


def compile_justification(
    context: CompileContext, step: Step, recommendation: Recommendation
) -> Element:
    """The ArtifactAssessment of a step's recommendation."""
    grounds = [
        *cited_artifacts(context, "derived-from", recommendation.from_),
        *evidence_artifacts(context, recommendation.because),
    ]
    title = step.title or step.id
    citations = [link["citation"] for link in grounds if "citation" in link]
    contents = [_specification(context, step, recommendation, grounds)]
    if recommendation.decision is not None:
        contents += [
            content
            for name in ("evidence", "net-effect", "judgments")
            if (content := _content(name, recommendation.decision)) is not None
        ]
    return assessment_resource(
        context,
        context.part_id("recommendation", str(step.id)),
        recommendation.span,
        title=with_span_of(f"Grade of the recommendation: {title}", title),
        date=None,
        artifact=resource_reference("PlanDefinition", context.id, context.topic.title, step.span),
        content=contents,
        lines=[
            write.line("Grade", certain_grade_text(context, recommendation)),
            write.prose(recommendation.text),
            write.texts("From evidence to decision", criteria_lines(recommendation.decision)),
            write.texts("References", citations),
        ],
    )


def criteria_lines(decision: Decision | None) -> Iterator[str]:
    """The judgements of a decision in lines: of a criterion, its rating and its words."""
    for name, (_, _, label) in _CRITERIA.items():
        judgement: Judgement | None = getattr(decision, name, None)
        if judgement is not None:
            yield f"{label}: {_words(judgement)}"


def _words(judgement: Judgement) -> str:
    rating = str(judgement.rating or "")
    if not judgement.text:
        return rating
    return f"{rating.rstrip('.')}. {judgement.text}" if rating else str(judgement.text)


def _specification(
    context: CompileContext, step: Step, recommendation: Recommendation, grounds: list[Element]
) -> Element:
    return element(
        recommendation.span,
        informationType="container",
        summary=recommendation.text,
        type=hl7_concept(recommendation.span, hl7_codes.EBM_CODES, "recommendation-specification"),
        classifier=[strength_concept(context, recommendation)],
        path=[with_span_of(f"{context.url('PlanDefinition', context.id)}#{step.id}", step.id)],
        relatedArtifact=grounds,
        component=list(_grade_parts(context, recommendation)),
    )


def _grade_parts(context: CompileContext, recommendation: Recommendation) -> Iterator[Element]:
    """The rating system, strength, direction, and the ratings of other scales."""
    if recommendation.system is not None:
        span = recommendation.system.span
        system = element(span, text=recommendation.system)
        yield _component(span, "classifier", "rating-system", classifier=[system])
    if recommendation.strength is not None and recommendation.is_graded:
        span = recommendation.strength.span
        text = with_span_of(recommendation.strength.capitalize(), recommendation.strength)
        strength = element(span, coding=strength_codings(recommendation), text=text)
        yield _component(span, "rating", "strength-of-recommendation", classifier=[strength])
    if recommendation.direction is not None and recommendation.is_graded:
        span = recommendation.direction.span
        text = with_span_of(recommendation.direction.capitalize(), recommendation.direction)
        direction = element(span, coding=direction_codings(recommendation), text=text)
        yield _component(span, "classifier", "direction-of-recommendation", classifier=[direction])
    ratings = [codeable_concept(context, recommendation.meaning), _certainty(recommendation)]
    if any(ratings):
        yield _component(recommendation.span, "rating", "ratings", classifier=ratings)


def _certainty(recommendation: Recommendation) -> Element | None:
    rating = recommendation.certainty
    if rating is None:
        return None
    text = f"{code_words.in_words(rating)} certainty of the evidence"
    return hl7_concept(rating.span, hl7_codes.CERTAINTY_RATING, rating, with_span_of(text, rating))


def _content(name: str, decision: Decision) -> Element | None:
    """The content of that name with the criteria that belong to it; None where none is given."""
    components = []
    for field, (content, code, label) in _CRITERIA.items():
        judgement: Judgement | None = getattr(decision, field)
        if content == name and judgement is not None:
            rating = judgement.rating
            components.append(
                _component(
                    judgement.span,
                    "rating" if rating is not None else "comment",
                    code,
                    text=label,
                    summary=judgement.text,
                    classifier=[element(rating.span, text=rating)] if rating is not None else None,
                )
            )
    if not components:
        return None
    kind = hl7_concept(decision.span, hl7_codes.EBM_CODES, name)
    return element(decision.span, informationType="container", type=kind, component=components)


def _component(
    span: Span, information: str, code: str, *, text: str | None = None, **more: Any
) -> Element:
    kind = hl7_concept(span, hl7_codes.EBM_CODES, code, text)
    return element(span, informationType=information, type=kind, **more)
