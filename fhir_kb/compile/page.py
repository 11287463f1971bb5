"""The page as people read it: sections as XHTML, links as words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile.narrative import (
    block,
    from_markdown,
    heading,
    narrative,
    paragraph,
    with_links,
)
from fhir_kb.compile.wording import short

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from fhir_kb.compile.context import Context
    from fhir_kb.model import Element, Text
    from fhir_kb.model.page import Section

MARKS: Final = {
    "theory": "Theory: what is described here is not established.",
    "warning": "Warning.",
}


def prose(context: Context, markdown: str) -> str:
    """Prose as XHTML, its links as the words that people read."""
    return from_markdown(with_links(markdown, lambda match: shown(context, match)))


def shown(context: Context, match: re.Match[str]) -> str:
    """What people read in place of a link."""
    if match["reference"] is not None:
        reference = context.references.get(match["reference"])
        words = short(reference) if reference else match["reference"]
        return f"({words}, {match['locator'].strip()})" if match["locator"] else f"({words})"
    return match["shown"] or title_of(context, match["thing"].strip())


def title_of(context: Context, name: str) -> str:
    """What something that a page links to is called."""
    topic = context.topic
    named: tuple[tuple[str, Text | None], ...] = (
        *((one.id, one.title) for one in topic.activities),
        *((one.id, one.title) for one in topic.evidence),
        *((one.id, one.title) for one in topic.value_sets),
        *((one.id, one.title) for one in topic.code_systems),
        *((one.id, one.title) for one in topic.libraries),
    )
    for known, title in named:
        if known == name and title:
            return str(title)
    for step in context.source.steps:
        if step.id == name:
            return str(step.title or name)
    for goal in topic.plan.goals if topic.plan else ():
        if goal.id == name:
            return str(goal.description)
    if name in context.concepts:
        return str(context.concepts[name].text)
    if name in context.references:
        return short(context.references[name])
    if name in context.base.directory:
        return context.base.directory[name].title
    return name


def section_body(context: Context, section: Section) -> str:
    """A section's own prose, marked where it is a theory or a warning."""
    marks = [paragraph(MARKS[name]) for name in section.classes if name in MARKS]
    return "".join((*marks, prose(context, section.markdown)))


def page_narrative(context: Context) -> Element:
    """The whole page as the narrative of the topic."""
    topic, page = context.topic, context.source.page
    settings = context.base.settings
    parts = [heading(2, str(topic.title)), paragraph(topic.subtitle)]
    if page is None or not page.lead.startswith(str(topic.summary)):
        parts.append(block(topic.summary))
    if page is not None:
        parts.append(prose(context, page.lead))
        parts += _sections(context, page.sections, 3)
    parts += [
        terms(context),
        block(topic.funding or settings.funding, "Funding and editorial independence"),
        block(topic.disclaimer or settings.disclaimer, "Disclaimer"),
        block(topic.copyright or settings.copyright, "Copyright"),
    ]
    status = "additional" if page is not None else "generated"
    span = page.span if page is not None else topic.title.span
    return narrative(span, *parts, status=status)


def terms(context: Context) -> str:
    """The definitions of the topic's terms."""
    found = []
    for term in context.topic.terms:
        word = context.words_of(term.concept)
        found.append(f"<dt>{prose_inline(word)}</dt><dd>{prose(context, term.text)}</dd>")
    return f"<p><b>Terms</b></p><dl>{''.join(found)}</dl>" if found else ""


def prose_inline(text: str) -> str:
    """A word or two as XHTML."""
    return from_markdown(text).removeprefix("<p>").removesuffix("</p>")


def _sections(context: Context, sections: Iterable[Section], level: int) -> list[str]:
    found = []
    for section in sections:
        found += [heading(min(level, 6), section.title), section_body(context, section)]
        found += _sections(context, section.sections, level + 1)
    return found
