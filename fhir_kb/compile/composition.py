"""The page as a Composition: https://hl7.org/fhir/R5/composition.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile.build import element
from fhir_kb.compile.metadata import identity, use_context
from fhir_kb.compile.narrative import block, bullets, inline, narrative
from fhir_kb.compile.page import page_narrative, prose, section_body, terms
from fhir_kb.compile.related import literal
from fhir_kb.compile.wording import reference_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.compile.context import Context
    from fhir_kb.model import Element
    from fhir_kb.model.page import Link, Page, Section

_STATUS: Final = {
    "draft": "preliminary",
    "active": "final",
    "retired": "deprecated",
    "unknown": "unknown",
}
_MEANING: Final = {
    "theory": "Theory",
    "definitions": "Definitions",
    "warning": "Warning",
    "note": "Note",
}


def composition(context: Context, page: Page) -> Element:
    """The Composition of a topic's page, its sections nested as the headings are."""
    topic, settings = context.topic, context.base.settings
    base = identity(context, "Composition", title=str(topic.title))
    for name in ("experimental", "versionAlgorithmCoding", "publisher", "contact"):
        base.pop(name)
    base["title"] = topic.title
    base["status"] = _STATUS[str(topic.status or settings.status or "draft")]
    authors = [element(one.span, display=one.name) for one in topic.authors]
    return element(
        page.span,
        **base,
        text=page_narrative(context),
        type=element(topic.topic.span, text="Page of clinical knowledge"),
        useContext=use_context(context),
        author=authors or [element(settings.publisher.span, display=settings.publisher)],
        custodian=element(settings.publisher.span, display=settings.publisher),
        attester=_attesters(context),
        section=[*_lead(context, page), *_sections(context, page.sections), *_rest(context)],
    )


def _attesters(context: Context) -> list[Element]:
    """Who reviewed and who endorses: attesters, professional and official."""
    system = "http://hl7.org/fhir/composition-attestation-mode"
    rows = [("professional", "Professional", one) for one in context.topic.reviewers]
    rows += [("official", "Official", one) for one in context.topic.endorsers]
    return [
        element(
            one.span,
            mode=element(None, coding=[element(None, system=system, code=code, display=display)]),
            party=element(one.span, display=one.name),
        )
        for code, display, one in rows
    ]


def _lead(context: Context, page: Page) -> list[Element]:
    topic = context.topic
    body = prose(context, page.lead) if page.lead else block(topic.summary)
    return [
        element(
            page.span,
            title="Summary",
            text=narrative(page.span, body, status="additional"),
            entry=_entries(context, page.links)
            or [literal(context, "PlanDefinition", display=str(topic.title))],
        )
    ]


def _sections(context: Context, sections: Iterable[Section]) -> list[Element]:
    found = []
    for section in sections:
        body = section_body(context, section)
        meanings = [_MEANING[name] for name in section.classes]
        found.append(
            element(
                section.span,
                id=section.id if len(section.id) <= 64 else None,
                title=section.title,
                code=element(section.span, text=", ".join(meanings)) if meanings else None,
                text=narrative(section.span, body, status="additional") if body else None,
                entry=_entries(context, section.links),
                section=_sections(context, section.sections),
            )
        )
    return [one for one in found if len(one) > 2 or "text" in one or "section" in one]


def _rest(context: Context) -> list[Element]:
    """What the structure adds to the page: terms, references, funding, disclaimer, copyright."""
    topic, settings = context.topic, context.base.settings
    span = topic.topic.span
    listed = [inline(reference_in_words(one)) for one in context.source.references]
    references = [
        literal(context, "Citation", str(one.id), display=str(one.title))
        for one in context.source.references
    ]
    parts: list[tuple[str, str, list[Element]]] = [
        ("Terms", terms(context), []),
        ("References", bullets(listed), references),
        ("Funding and editorial independence", block(topic.funding or settings.funding), []),
        ("Disclaimer", block(topic.disclaimer or settings.disclaimer), []),
        ("Copyright", block(topic.copyright or settings.copyright), []),
    ]
    return [
        element(span, title=title, text=narrative(span, body), entry=entries)
        for title, body, entries in parts
        if body
    ]


def _entries(context: Context, links: Iterable[Link]) -> list[Element]:
    """References to the resources that a section's prose links to, each once."""
    found: dict[str, Element] = {}
    for link in links:
        one = _entry(context, link)
        if one is not None:
            one.span = link.span
            found.setdefault(one["reference"], one)
    return list(found.values())


def _entry(context: Context, link: Link) -> Element | None:
    name, topic = link.target, context.topic
    known: tuple[tuple[str, Any], ...] = (
        ("ActivityDefinition", topic.activities),
        ("Evidence", topic.evidence),
        ("ValueSet", topic.value_sets),
        ("CodeSystem", topic.code_systems),
        ("Library", [one for one in topic.libraries if one.file is not None]),
    )
    if link.kind == "thing":
        for kind, things in known:
            for one in things:
                if one.id == name:
                    return literal(context, kind, name, display=str(one.title or name))
        if name in context.base.directory:
            entry = context.base.directory[name]
            return element(None, reference=f"PlanDefinition/{name}", display=entry.title)
    if name in context.references:
        title = str(context.references[name].title)
        return literal(context, "Citation", name, display=title)
    return None
