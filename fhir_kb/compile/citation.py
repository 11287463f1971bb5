"""Cited works become Citations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile import citation_text, hl7_codes
from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import hl7_concept
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.evidence import study_concept
from fhir_kb.compile.metadata import artifact_resource
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.diagnostics import Span
    from fhir_kb.model import Element, Text
    from fhir_kb.model.reference import Author, Reference

_DOI: Final = "https://doi.org"
_PUBMED: Final = "https://pubmed.ncbi.nlm.nih.gov"
_PMC: Final = "https://www.ncbi.nlm.nih.gov/pmc"
_URI: Final = "urn:ietf:rfc:3986"
_ISBN: Final = re.compile(r"[0-9][0-9-]{8,15}[0-9Xx]")
_ORCID: Final = "https://orcid.org"
_LANGUAGES: Final = "urn:ietf:bcp:47"
#: where works of a kind appear, if that is not a journal
_CONTAINERS: Final = {"chapter": "D001877", "dataset": "D019991"}


def compile_citation(context: CompileContext, work: Reference) -> Element:
    """The Citation of a cited work."""
    full_text = citation_text.full_citation(work)
    style = hl7_concept(work.span, hl7_codes.SUMMARY_STYLE, "vancouver")
    resource = artifact_resource(
        context,
        "Citation",
        context.part_id(work.id),
        work.span,
        title=with_span_of(f"{citation_text.short_citation(work)}: {work.title}", work.title),
        summary=[element(work.span, style=style, text=full_text)],
        citedArtifact=_cited_artifact(context, work),
    )
    blocks = [
        write.heading(2, work.title),
        write.line("Reference", full_text),
        write.line("Kind of work", code_words.REFERENCE[work.type]),
        write.line(
            "Kind of study", code_words.STUDY[work.study] if work.study is not None else None
        ),
        write.line("Keywords", ", ".join(work.keywords)),
        write.line("Licence", work.license),
        write.labelled("Note", work.note),
        write.labelled("Abstract", work.abstract),
    ]
    resource["text"] = write.narrative(context.language, work.span, blocks)
    return resource


def _cited_artifact(context: CompileContext, work: Reference) -> Element:
    retracted = (
        hl7_concept(work.span, hl7_codes.ARTIFACT_STATUS, "retracted") if work.retracted else None
    )
    language = _language(work.language)
    abstract = (
        element(work.abstract.span, language=language, text=work.abstract)
        if work.abstract
        else None
    )
    return element(
        work.span,
        identifier=list(_identifiers(work)),
        dateAccessed=work.accessed,
        version=element(work.edition.span, value=work.edition) if work.edition else None,
        currentState=[retracted],
        title=list(_titles(work, language)),
        abstract=[abstract],
        relatesTo=list(_relations(context, work)),
        publicationForm=[_form(work, language)],
        webLocation=list(_locations(work)),
        classification=list(_classifications(work)),
        contributorship=_contributorship(work),
        note=[element(work.note.span, text=work.note)] if work.note else None,
    )


def _identifiers(work: Reference) -> Iterator[Element]:
    for value, system in ((work.doi, _DOI), (work.pmid, _PUBMED), (work.pmcid, _PMC)):
        if value is not None:
            yield element(value.span, system=system, value=value)
    if work.isbn is not None and work.type not in _CONTAINERS:
        yield _isbn(work.isbn)
    if work.registration is not None:
        kind = element(work.registration.span, text="Registration number")
        yield element(work.registration.span, type=kind, value=work.registration)
    for other in work.identifiers:
        yield element(other.span, system=other.system, value=other.value)


def _relations(context: CompileContext, work: Reference) -> Iterator[Element]:
    """The works that this one retracts or corrects, and those that do it to this one."""
    for kind, names in (("retracts", work.retracts), ("corrects", work.corrects)):
        for name in names:
            if (other := context.reference(name)) is not None:
                yield _relation(context, kind, other, name.span)
    for kind, notice in context.source.notices.get(str(work.id), ()):
        yield _relation(context, kind, notice, notice.span)


def _relation(context: CompileContext, kind: str, other: Reference, span: Span) -> Element:
    return element(
        span,
        type=kind,
        display=citation_text.short_citation(other),
        resource=context.canonical("Citation", context.part_id(other.id)),
    )


def _isbn(number: Text) -> Element:
    if _ISBN.fullmatch(number):
        return _urn("isbn", number)
    return element(number.span, type=element(number.span, text="ISBN"), value=number)


def _urn(kind: str, number: Text) -> Element:
    """A number that has a URN namespace: `urn:isbn:…`, `urn:issn:…`."""
    return element(number.span, system=_URI, value=with_span_of(f"urn:{kind}:{number}", number))


def _titles(work: Reference, language: Element | None) -> Iterator[Element]:
    for text, code in ((work.title, "primary"), (work.subtitle, "subtitle")):
        if text is not None:
            kind = hl7_concept(text.span, hl7_codes.TITLE_TYPE, code)
            yield element(text.span, type=[kind], language=language, text=text)


def _form(work: Reference, language: Element | None) -> Element:
    first, last = citation_text.first_and_last_page(work.pages or "")
    return element(
        work.span,
        publishedIn=_published_in(work),
        volume=work.volume,
        issue=work.issue,
        articleDate=work.published,
        lastRevisionDate=work.revised,
        language=[language],
        accessionNumber=work.article_number,
        pageString=work.pages,
        firstPage=with_span_of(first, work.pages),
        lastPage=with_span_of(last, work.pages),
        copyright=work.license,
    )


def _published_in(work: Reference) -> Element:
    journal = work.journal
    publisher = _both(work.publisher, journal.publisher if journal else None)
    place = _both(work.place, journal.place if journal else None)
    publisher_parts: dict[str, Any] = {
        "publisher": element(work.span, display=publisher),
        "publisherLocation": place,
    }
    if journal is None:
        return element(work.span, **publisher_parts)
    code = _CONTAINERS.get(str(work.type), "D020492")
    identifiers = []
    if work.isbn is not None and work.type in _CONTAINERS:
        identifiers.append(_isbn(work.isbn))
    if journal.issn:
        identifiers.append(_urn("issn", journal.issn))
    if journal.abbreviation:
        kind = element(journal.span, text="Abbreviated title")
        identifiers.append(element(journal.span, type=kind, value=journal.abbreviation))
    kind = hl7_concept(journal.span, hl7_codes.PUBLISHED_IN, code)
    return element(
        journal.span, type=kind, identifier=identifiers, title=journal.title, **publisher_parts
    )


def _both(own: Text | None, of_journal: Text | None) -> str | None:
    """What the work and what it appeared in say, where both say something else."""
    if own is None or of_journal is None or own == of_journal:
        return own or of_journal
    return with_span_of(f"{own}; {of_journal}", own)


def _locations(work: Reference) -> Iterator[Element]:
    if work.doi is not None:
        address = with_span_of(citation_text.doi_url(work.doi), work.doi)
        yield _location(address, "doi-based", work.doi.span)
    if work.url is not None:
        yield _location(work.url, "webpage", work.url.span)


def _location(url: str, kind: str, span: Span) -> Element:
    return element(span, classifier=[hl7_concept(span, hl7_codes.URL_KIND, kind)], url=url)


def _classifications(work: Reference) -> Iterator[Element]:
    """What kind of work it is, what kind of study, what it is about."""
    kind = hl7_concept(work.type.span, hl7_codes.CLASSIFICATION, "knowledge-artifact-type")
    code = hl7_codes.WORK_CODES.get(str(work.type))
    text = with_span_of(code_words.REFERENCE[work.type], work.type)
    work_kind = hl7_concept(work.type.span, *code) if code else element(work.type.span, text=text)
    yield element(work.type.span, type=kind, classifier=[work_kind])
    if work.study is not None:
        design = element(work.study.span, text="Study design")
        yield element(work.study.span, type=design, classifier=[study_concept(work.study)])
    if work.keywords:
        span = work.keywords[0].span
        kind = hl7_concept(span, hl7_codes.CLASSIFICATION, "keyword")
        keywords = [element(word.span, text=word) for word in work.keywords]
        yield element(span, type=kind, classifier=keywords)


def _contributorship(work: Reference) -> Element:
    entries = [
        _contributor(person, role, number)
        for role, people in (("author", work.authors), ("editor", work.editors))
        for number, person in enumerate(people, 1)
    ]
    complete = not work.et_al if entries or work.et_al else None
    return element(work.span, complete=complete, entry=entries)


def _contributor(person: Author, role: str, number: int) -> Element:
    identifier = None
    if person.orcid is not None:
        identifier = element(person.orcid.span, system=_ORCID, value=person.orcid)
    who = element(
        person.span,
        type="Organization" if person.group else "Practitioner",
        identifier=identifier,
        display=person.name,
    )
    return element(
        person.span,
        contributor=who,
        role=hl7_concept(person.span, hl7_codes.CONTRIBUTOR_ROLE, role),
        rankingOrder=number,
    )


def _language(code: Text | None) -> Element | None:
    if code is None:
        return None
    coding = element(code.span, system=_LANGUAGES, code=code)
    return element(code.span, coding=[coding])
