"""What all ArtifactAssessments share.

An ArtifactAssessment has no URL in any release, so each carries an identifier for its version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.compile import hl7_codes
from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import hl7_concept
from fhir_kb.compile.elements import element
from fhir_kb.compile.metadata import copyright_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.diagnostics import Span
    from fhir_kb.model import Element, Text


def assessment_resource(
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
    """An ArtifactAssessment of `artifact` (a Reference), with its contents and lines to read."""
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


def rating_content(
    span: Span, kind: str, rating: str | None, text: str | None, **more: Any
) -> Element:
    """A content of a kind of HL7's certainty codes, and words; without a rating, a comment."""
    return element(
        span,
        informationType="rating" if rating is not None else "comment",
        summary=text,
        type=hl7_concept(span, hl7_codes.CERTAINTY_TYPE, kind),
        classifier=[hl7_concept(span, hl7_codes.CERTAINTY_RATING, rating)] if rating else None,
        **more,
    )
