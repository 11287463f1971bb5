"""The page's links in the prose: what they show, and which resources they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile import citation_text
from fhir_kb.compile.markdown import ResolvedLink
from fhir_kb.compile.related import citation_reference, resource_reference
from fhir_kb.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element
    from fhir_kb.model.page import Link, Section


def resolve_link(context: CompileContext, kind: str, target: str, more: str) -> ResolvedLink:
    """What the prose shows for a link: its own words or the name in words; a short citation."""
    if kind == "reference":
        work = context.find_reference(target)
        words = citation_text.short_citation(work) if work else target
        return ResolvedLink(
            f"({words}, {more})" if more else f"({words})",
            citation_text.citation_link(work) if work else None,
        )
    return ResolvedLink(more or target.replace("-", " "), None)


def linked_resources(context: CompileContext, links: Iterable[Link]) -> Iterator[Element]:
    """References to the resources that links name, each once, in order."""
    references: set[str] = set()
    for link in links:
        reference = _reference(context, link)
        if reference is not None and reference["reference"] not in references:
            references.add(reference["reference"])
            yield reference


def footnote_links(context: CompileContext, names: Iterable[str]) -> Iterator[Link]:
    """The links in the footnotes of these names."""
    page = context.source.page
    for footnote in page.footnotes if page is not None else ():
        if footnote.name in names:
            yield from footnote.links


def mentioned_topics(context: CompileContext) -> Iterator[Text]:
    """Other topics that the page links to, with the first place of each."""
    targets: set[str] = set()
    for link in _all_links(context):
        if _is_other_topic(context, link) and link.target not in targets:
            targets.add(link.target)
            yield Text(link.target, link.span)


def _reference(context: CompileContext, link: Link) -> Element | None:
    target = Text(link.target, link.span)
    if link.kind == "reference":
        work = context.reference(target)
        return citation_reference(context, work, link.span) if work else None
    for kind, things in context.resources_by_name:
        if (title := things.get(link.target)) is not None:
            return resource_reference(kind, context.part_id(link.target), title, link.span)
    if link.target not in context.other_names and not _is_other_topic(context, link):
        context.report_missing("thing", target, context.all_names)
    return None


def _is_other_topic(context: CompileContext, link: Link) -> bool:
    return (
        link.kind == "thing"
        and link.target not in context.all_names
        and link.target in context.base.directory
        and link.target != context.id
    )


def _all_links(context: CompileContext) -> Iterator[Link]:
    page = context.source.page
    if page is not None:
        yield from page.links
        yield from _links_of(page.sections)
        for footnote in page.footnotes:
            yield from footnote.links


def _links_of(sections: Iterable[Section]) -> Iterator[Link]:
    for section in sections:
        yield from section.links
        yield from _links_of(section.sections)
