"""The sections of the page in XHTML, and the sections that every page ends with."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from fhir_kb.compile import citation_text
from fhir_kb.compile import narrative as write
from fhir_kb.compile.cautions import TITLE, caution_section
from fhir_kb.compile.markdown import PageMarkup, html
from fhir_kb.compile.metadata import copyright_text, disclaimer_text, funding_text
from fhir_kb.compile.page_links import footnote_links, resolve_link
from fhir_kb.compile.summary_of_findings import findings_tables
from fhir_kb.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.diagnostics import Span
    from fhir_kb.model.page import Link, Section
    from fhir_kb.model.reference import Reference

#: heading classes → what they say to a reader
MARKS: Final = {
    "theory": "Theory (mechanism not established)",
    "definitions": "Definitions",
    "warning": "Warning",
    "note": "Note",
}
MAX_ANCHOR: Final = 64


class PageSection(NamedTuple):
    """A section of the page as narratives and the Composition take it."""

    id: str
    """Its anchor."""

    title: str
    """Its heading."""

    marks: tuple[str, ...]
    """What its heading's classes say to a reader, as in MARKS."""

    content: str
    """Its own text in XHTML, without its heading and its sub-sections."""

    links: tuple[Link, ...]
    """The links in its own text."""

    works: tuple[str, ...]
    """The names of cited works that it lists, apart from its links."""

    sections: tuple[PageSection, ...]
    """Its sub-sections."""

    span: Span
    """Where it is written."""

    is_prose: bool
    """Whether the author wrote it, not made of the structure."""

    evidence: tuple[str, ...] = ()
    """The names of evidence that it lists, apart from its links."""

    activities: tuple[str, ...] = ()
    """The names of activities that it lists, apart from its links."""


class PageParts(NamedTuple):
    """A topic's page."""

    lead: str
    """What stands before the first section, in XHTML."""

    sections: tuple[PageSection, ...]
    """The author's sections."""

    cautions: tuple[PageSection, ...]
    """The cautions of the topic, if it has any."""

    end: tuple[PageSection, ...]
    """What every page ends with: terms, references, funding, disclaimer, copyright."""


def page_parts(context: CompileContext) -> PageParts:
    """The page of a topic; a topic without one has the end only."""
    page = context.source.page
    lead = _text(context, page.lead, page.lead_footnotes) if page and page.lead else ""
    sections = page.sections if page else ()
    compiled = tuple(_section(context, section) for section in sections)
    return PageParts(lead, compiled, tuple(_cautions(context)), tuple(_end(context)))


def page_blocks(sections: Iterable[PageSection], level: int) -> Iterator[str]:
    """The sections one after the other, with headings from `level` on."""
    for section in sections:
        yield write.heading(level, section.title, section.id)
        yield section.content
        yield from page_blocks(section.sections, level + 1)


def glossary_terms(context: CompileContext) -> list[tuple[str, str, Span]]:
    """Terms with their definitions: the topic's own words first, then those of its concepts."""
    topic, found = context.topic, {}
    for term in topic.terms:
        concept = context.concept(term.concept)
        words = concept.text if concept else term.concept
        found[str(term.concept)] = (str(words), str(term.text), term.span)
    for name in context.used_concepts:
        concept = context.concepts[name]
        if concept.definition is not None and name not in found:
            found[name] = (str(concept.text), str(concept.definition), concept.definition.span)
    return list(found.values())


def _section(context: CompileContext, section: Section) -> PageSection:
    marks = tuple(MARKS[name] for name in section.classes if name in MARKS)
    shown = "".join(f"<p><b>{mark}</b></p>" for mark in marks if mark not in _SELF_EVIDENT)
    content = _text(context, section.markdown, section.footnotes) if section.markdown else ""
    sections = tuple(_section(context, inner) for inner in section.sections)
    return PageSection(
        section.id[:MAX_ANCHOR],
        section.title,
        marks,
        shown + content,
        (*section.links, *footnote_links(context, section.footnotes)),
        (),
        sections,
        section.span,
        is_prose=True,
    )


def _text(context: CompileContext, markdown: str, names: Sequence[str]) -> str:
    """Prose of the page, with the footnotes that it refers to below it."""
    page = context.source.page
    assert page is not None
    numbers = {footnote.name: at for at, footnote in enumerate(page.footnotes, 1)}
    markup = PageMarkup(context.source.images, numbers, page.definitions)
    resolve = partial(resolve_link, context)
    blocks = [html(markdown, resolve, markup)]
    for footnote in page.footnotes:
        if footnote.name in names:
            mark = f"<sup>[{numbers[footnote.name]}]</sup> "
            note = html(footnote.markdown, resolve, markup)
            if note.startswith("<p>"):
                blocks.append(note.replace("<p>", f"<p>{mark}", 1))
            else:
                blocks.append(f"<p>{mark}</p>{note}")
    return "".join(blocks)


#: a section of definitions shows what it is
_SELF_EVIDENT: Final = frozenset({MARKS["definitions"]})


def _cautions(context: CompileContext) -> Iterator[PageSection]:
    cautions = caution_section(context)
    if cautions is not None:
        section = _closing("cautions", TITLE, cautions.content, cautions.span, cautions.works)
        yield section._replace(evidence=cautions.evidence, activities=cautions.activities)


def _end(context: CompileContext) -> Iterator[PageSection]:
    for number, table in enumerate(findings_tables(context), 1):
        name = "findings" if number == 1 else f"findings-{number}"
        title = f"Summary of findings: {table.title}"
        section = _closing(name, title, table.content, table.span)
        yield section._replace(evidence=table.findings)
    if defined := glossary_terms(context):
        content = write.definitions((term, text) for term, text, _ in defined)
        yield _closing("terms", "Terms", content, defined[0][2])
    if works := context.source.references:
        content = write.bullets(map(_reference, works))
        names = tuple(str(work.id) for work in works)
        yield _closing("references", "References", content, works[0].span, names)
    for name, title, text in (
        ("funding", "Funding and editorial independence", funding_text(context)),
        ("disclaimer", "Disclaimer", disclaimer_text(context)),
        ("copyright", "Copyright", copyright_text(context)),
    ):
        if text:
            span = text.span if isinstance(text, Text) else context.topic.span
            yield _closing(name, title, write.prose(text), span)


def _reference(work: Reference) -> str:
    """A work as a list item, with what readers of it have to know."""
    return write.escape(citation_text.full_citation(work)) + write.prose(work.note)


def _closing(
    name: str, title: str, content: str, span: Span, works: tuple[str, ...] = ()
) -> PageSection:
    """A section that every page may end with; its name has a dot, as none of the author's has."""
    return PageSection(f"kb.{name}", title, (), content, (), works, (), span, is_prose=False)
