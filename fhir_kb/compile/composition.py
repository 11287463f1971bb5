"""The page becomes a Composition: sections nested as its headings are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile import narrative as write
from fhir_kb.compile.elements import element
from fhir_kb.compile.metadata import status
from fhir_kb.compile.page_links import entries
from fhir_kb.compile.related import citation_reference, reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.compile.page import PageParts, PageSection
    from fhir_kb.model import Element

_STATUS: Final = {
    "draft": "preliminary",
    "active": "final",
    "retired": "deprecated",
    "unknown": "unknown",
}
_TYPE: Final = "Knowledge page"


def composition(bench: CompileContext, pages: PageParts) -> Element:
    """The Composition of the page; its subject is the PlanDefinition."""
    topic, settings = bench.topic, bench.settings
    authors = [element(one.span, display=one.name) for one in topic.authors]
    page = bench.source.page
    span = page.span if page else topic.span
    lead = [write.heading(2, topic.title), write.line("By", ", ".join(_names(bench))), pages.lead]
    return element(
        span,
        resourceType="Composition",
        id=bench.id,
        language=bench.language,
        text=write.narrative(bench.language, span, lead, write.ADDITIONAL),
        url=bench.url("Composition", bench.id),
        identifier=[
            element(span, system=bench.system("Composition"), value=f"{bench.id}/{bench.version}")
        ],
        version=topic.version or settings.version,
        status=_STATUS[status(bench)],
        type=element(topic.span, text=_TYPE),
        subject=[reference("PlanDefinition", bench.id, topic.title, topic.span)],
        date=topic.date or settings.date,
        author=authors or [element(settings.publisher.span, display=settings.publisher)],
        title=(page.title if page and page.title else None) or topic.title,
        section=[_section(bench, piece) for piece in (*pages.sections, *pages.end)],
    )


def _names(bench: CompileContext) -> list[str]:
    return [str(one.name) for one in bench.topic.authors]


def _section(bench: CompileContext, piece: PageSection) -> Element:
    code = element(piece.span, text="; ".join(piece.marks)) if piece.marks else None
    kind = write.ADDITIONAL if piece.is_prose else write.GENERATED
    content = piece.content or ("" if piece.pieces else f"<p>{write.escape(piece.title)}</p>")
    text = write.narrative(bench.language, piece.span, [content], kind) if content else None
    return element(
        piece.span,
        id=piece.id,
        title=piece.title,
        code=code,
        text=text,
        entry=list(_entries(bench, piece)),
        section=[_section(bench, inner) for inner in piece.pieces],
    )


def _entries(bench: CompileContext, piece: PageSection) -> Iterator[Element]:
    yield from entries(bench, piece.links)
    for name in piece.works:
        work = bench.known_reference(name)
        if work is not None:
            yield citation_reference(bench, work, work.span)
