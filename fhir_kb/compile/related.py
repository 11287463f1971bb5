"""RelatedArtifact: works, artifacts and web pages that something stands in a relation to.

Each carries words for people (`citation`, `display`), for a release may have no resource to link.
"""

from __future__ import annotations

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


def cited(
    bench: CompileContext,
    kind: str,
    work: Reference,
    span: Span,
    *,
    title: str | None = None,
    text: str | None = None,
) -> Element:
    """A cited work: its citation, where it is on the web, and its Citation resource."""
    words = citation_text.citation(work)
    url = citation_text.link(work)
    return element(
        span,
        type=kind,
        label=citation_text.short(work),
        display=title or work.title,
        citation=f"{words}\n\n{text}" if text else words,
        document=element(work.span, url=url, title=work.title) if url else None,
        resourceReference=citation_reference(bench, work, span),
    )


def citation_reference(bench: CompileContext, work: Reference, span: Span) -> Element:
    """A Reference to the Citation of a work."""
    return reference("Citation", bench.part_id(work.id), citation_text.short(work), span)


def reference(kind: str, resource_id: str, display: str, span: Span) -> Element:
    """A literal Reference."""
    return element(span, reference=f"{kind}/{resource_id}", display=display)


def all_cited(bench: CompileContext, kind: str, names: Iterable[Text]) -> list[Element]:
    """The works of these names, each as `kind`."""
    found = []
    for name in names:
        work = bench.reference(name)
        if work is not None:
            found.append(cited(bench, kind, work, name.span))
    return found


def all_evidence(bench: CompileContext, names: Iterable[Text]) -> list[Element]:
    """The evidence of these names, as justification."""
    found = []
    for name in names:
        evidence = bench.evidence(name)
        if evidence is not None:
            canonical = bench.canonical("Evidence", bench.part_id(evidence.id))
            found.append(
                artifact("justification", with_span_of(canonical, name), evidence.title, name.span)
            )
    return found


def artifact(kind: str, canonical: str, display: str | None, span: Span) -> Element:
    """An artifact by its canonical URL."""
    return element(span, type=kind, display=display, resource=canonical)


def related(bench: CompileContext, one: Related) -> Element | None:
    """Whatever an author says that something stands in a relation to."""
    work = bench.reference(one.from_) if one.from_ is not None else None
    if work is not None:
        found = cited(bench, one.type, work, one.span, title=one.title, text=one.text)
        found.spans["type"] = one.type.span
    else:
        found = element(one.span, type=one.type, display=one.title, citation=one.text)
    entry = bench.base.directory.get(str(one.topic)) if one.topic is not None else None
    if one.canonical is not None and one.topic is not None:
        bench.say("KB355", "this leads to a topic and to something else", one.canonical.span)
    canonical = one.canonical or (bench.plan(one.topic) if one.topic is not None else None)
    more = element(
        one.span,
        display=entry.title if entry and "display" not in found else None,
        document=element(one.url.span, url=one.url, title=one.title) if one.url else None,
        resource=canonical,
    )
    found.update(more)
    found.spans.update(more.spans)
    return found if len(found) > 1 else None


def all_related(bench: CompileContext, ones: Iterable[Related]) -> list[Element]:
    """All of `ones` that lead somewhere or say something."""
    return [made for made in (related(bench, one) for one in ones) if made]
