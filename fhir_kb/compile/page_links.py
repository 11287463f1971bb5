"""The page's links in the prose: what they show, and which resources they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile import citation_text
from fhir_kb.compile.markdown import Shown
from fhir_kb.compile.related import citation_reference, reference
from fhir_kb.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element
    from fhir_kb.model.page import Link, Section


def show(bench: CompileContext, kind: str, target: str, more: str) -> Shown:
    """What the prose shows for a link: its own words or the name in words; a short citation."""
    if kind == "reference":
        work = bench.known_reference(target)
        words = citation_text.short(work) if work else target
        return Shown(
            f"({words}, {more})" if more else f"({words})",
            citation_text.link(work) if work else None,
        )
    return Shown(more or target.replace("-", " "), None)


def entries(bench: CompileContext, links: Iterable[Link]) -> Iterator[Element]:
    """References to the resources that links name, each once, in order."""
    seen: set[str] = set()
    for link in links:
        made = _reference(bench, link)
        if made is not None and made["reference"] not in seen:
            seen.add(made["reference"])
            yield made


def mentioned_topics(bench: CompileContext) -> Iterator[Text]:
    """Other topics that the page links to, with the first place of each."""
    seen: set[str] = set()
    for link in _all_links(bench):
        if _is_other_topic(bench, link) and link.target not in seen:
            seen.add(link.target)
            yield Text(link.target, link.span)


def _reference(bench: CompileContext, link: Link) -> Element | None:
    target = Text(link.target, link.span)
    if link.kind == "reference":
        work = bench.reference(target)
        return citation_reference(bench, work, link.span) if work else None
    for kind, things in bench.resources_by_name:
        if (title := things.get(link.target)) is not None:
            return reference(kind, bench.part_id(link.target), title, link.span)
    if link.target not in bench.other_names and not _is_other_topic(bench, link):
        bench.missing("thing", target, bench.all_names)
    return None


def _is_other_topic(bench: CompileContext, link: Link) -> bool:
    return (
        link.kind == "thing"
        and link.target not in bench.all_names
        and link.target in bench.base.directory
        and link.target != bench.id
    )


def _all_links(bench: CompileContext) -> Iterator[Link]:
    page = bench.source.page
    if page is not None:
        yield from page.links
        yield from _links_of(page.sections)


def _links_of(sections: Iterable[Section]) -> Iterator[Link]:
    for section in sections:
        yield from section.links
        yield from _links_of(section.sections)
