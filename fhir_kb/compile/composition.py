"""The page becomes a Composition: sections nested as its headings are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile import narrative as write
from fhir_kb.compile.elements import element
from fhir_kb.compile.metadata import publication_status
from fhir_kb.compile.page_links import linked_resources
from fhir_kb.compile.related import citation_reference, resource_reference

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


def compile_composition(context: CompileContext, pages: PageParts) -> Element:
    """The Composition of the page; its subject is the PlanDefinition."""
    topic, settings = context.topic, context.settings
    authors = [element(author.span, display=author.name) for author in topic.authors]
    page = context.source.page
    span = page.span if page else topic.span
    lead = [write.heading(2, topic.title), write.line("By", ", ".join(_names(context))), pages.lead]
    return element(
        span,
        resourceType="Composition",
        id=context.id,
        language=context.language,
        text=write.narrative(context.language, span, lead, write.ADDITIONAL),
        url=context.url("Composition", context.id),
        identifier=[
            element(
                span, system=context.system("Composition"), value=f"{context.id}/{context.version}"
            )
        ],
        version=topic.version or settings.version,
        status=_STATUS[publication_status(context)],
        type=element(topic.span, text=_TYPE),
        subject=[resource_reference("PlanDefinition", context.id, topic.title, topic.span)],
        date=topic.date or settings.date,
        author=authors or [element(settings.publisher.span, display=settings.publisher)],
        title=(page.title if page and page.title else None) or topic.title,
        section=[
            _section(context, section) for section in (*pages.sections, *pages.cautions, *pages.end)
        ],
    )


def _names(context: CompileContext) -> list[str]:
    return [str(author.name) for author in context.topic.authors]


def _section(context: CompileContext, section: PageSection) -> Element:
    code = element(section.span, text="; ".join(section.marks)) if section.marks else None
    kind = write.ADDITIONAL if section.is_prose else write.GENERATED
    content = section.content or (
        "" if section.sections else f"<p>{write.escape(section.title)}</p>"
    )
    text = write.narrative(context.language, section.span, [content], kind) if content else None
    return element(
        section.span,
        id=section.id,
        title=section.title,
        code=code,
        text=text,
        entry=list(_entries(context, section)),
        section=[_section(context, inner) for inner in section.sections],
    )


def _entries(context: CompileContext, section: PageSection) -> Iterator[Element]:
    yield from linked_resources(context, section.links)
    activities = {str(activity.id): activity.title for activity in context.topic.activities}
    for name in section.activities:
        title = activities.get(name)
        if title is not None:  # else reported where it is named
            yield resource_reference(
                "ActivityDefinition", context.part_id(name), title, section.span
            )
    titles = {str(evidence.id): evidence for evidence in context.topic.evidence}
    for name in section.evidence:
        evidence = titles.get(name)
        if evidence is None:  # reported where it is named
            continue
        resource_id = context.part_id(name)
        yield resource_reference("Evidence", resource_id, evidence.title, evidence.span)
    for name in section.works:
        work = context.find_reference(name)
        if work is not None:
            yield citation_reference(context, work, work.span)
