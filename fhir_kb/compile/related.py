"""RelatedArtifact: works, artifacts and web pages that something stands in a relation to.

Each carries words for people (`citation`, `display`), for a release may have no resource to link.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from fhir_kb.compile import citation_text
from fhir_kb.compile.elements import element, with_span_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.diagnostics import Span
    from fhir_kb.model import Element, Text
    from fhir_kb.model.activity import Related
    from fhir_kb.model.reference import Reference


def cited_artifact(
    context: CompileContext,
    kind: str,
    work: Reference,
    span: Span,
    *,
    title: str | None = None,
    text: str | None = None,
) -> Element:
    """A cited work: its citation, where it is on the web, and its Citation resource."""
    words = citation_text.full_citation(work)
    url = citation_text.citation_link(work)
    return element(
        span,
        type=kind,
        label=citation_text.short_citation(work),
        display=title or work.title,
        citation=f"{words}\n\n{text}" if text else words,
        document=element(work.span, url=url, title=work.title) if url else None,
        resourceReference=citation_reference(context, work, span),
    )


def citation_reference(context: CompileContext, work: Reference, span: Span) -> Element:
    """A Reference to the Citation of a work."""
    return resource_reference(
        "Citation", context.part_id(work.id), citation_text.short_citation(work), span
    )


def resource_reference(kind: str, resource_id: str, display: str, span: Span) -> Element:
    """A literal Reference."""
    return element(span, reference=f"{kind}/{resource_id}", display=display)


def cited_artifacts(context: CompileContext, kind: str, names: Iterable[Text]) -> list[Element]:
    """The works of these names, each as `kind`."""
    artifacts = []
    for name in names:
        work = context.reference(name)
        if work is not None:
            artifacts.append(cited_artifact(context, kind, work, name.span))
    return artifacts


def evidence_artifacts(context: CompileContext, names: Iterable[Text]) -> list[Element]:
    """The evidence of these names, as justification."""
    artifacts = []
    for name in names:
        evidence = context.evidence(name)
        if evidence is not None:
            canonical = context.canonical("Evidence", context.part_id(evidence.id))
            artifacts.append(
                related_artifact(
                    "justification", with_span_of(canonical, name), evidence.title, name.span
                )
            )
    return artifacts


def related_artifact(kind: str, canonical: str, display: str | None, span: Span) -> Element:
    """An artifact by its canonical URL."""
    return element(span, type=kind, display=display, resource=canonical)


def image_artifacts(context: CompileContext) -> Iterable[Element]:
    """The images of the page, each once, with their data.

    `size` and `hash` (SHA-1, as FHIR defines it) are of the bytes before base64:
    https://hl7.org/fhir/datatypes.html#Attachment
    """
    page = context.source.page
    shown: set[str] = set()
    for use in page.images if page is not None else ():
        image = context.source.images.get(use.target)
        if image is None or image.name in shown:
            continue
        shown.add(image.name)
        digest = hashlib.sha1(image.data, usedforsecurity=False).digest()
        document = element(
            use.span,
            contentType=image.content_type,
            data=base64.b64encode(image.data).decode(),
            size=str(len(image.data)),
            hash=base64.b64encode(digest).decode(),
            title=image.name,
        )
        yield element(use.span, type="documentation", display=use.words, document=document)


def compile_related(context: CompileContext, related: Related) -> Element | None:
    """Whatever an author says that something stands in a relation to."""
    work = context.reference(related.from_) if related.from_ is not None else None
    if work is not None:
        artifact = cited_artifact(
            context, related.type, work, related.span, title=related.title, text=related.text
        )
        artifact.spans["type"] = related.type.span
    else:
        artifact = element(
            related.span, type=related.type, display=related.title, citation=related.text
        )
    entry = context.base.directory.get(str(related.topic)) if related.topic is not None else None
    if related.canonical is not None and related.topic is not None:
        context.report(
            "KB355",
            "this names a topic and a canonical: only one is allowed",
            related.canonical.span,
        )
    canonical = related.canonical or (
        context.plan(related.topic) if related.topic is not None else None
    )
    link = element(
        related.span,
        display=entry.title if entry and "display" not in artifact else None,
        document=element(related.url.span, url=related.url, title=related.title)
        if related.url
        else None,
        resource=canonical,
    )
    artifact.update(link)
    artifact.spans.update(link.spans)
    return artifact if len(artifact) > 1 else None


def compile_all_related(context: CompileContext, relations: Iterable[Related]) -> list[Element]:
    """All relations that lead somewhere or say something."""
    artifacts = (compile_related(context, related) for related in relations)
    return [artifact for artifact in artifacts if artifact]
