"""Cited works become Citations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile import citation_text, hl7_codes
from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import hl7_concept
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.evidence import study_concept
from fhir_kb.compile.metadata import artifact
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


def citation(bench: CompileContext, one: Reference) -> Element:
    """The Citation of a cited work."""
    words_of_it = citation_text.citation(one)
    style = hl7_concept(one.span, hl7_codes.SUMMARY_STYLE, "vancouver")
    made = artifact(
        bench,
        "Citation",
        bench.part_id(one.id),
        one.span,
        title=with_span_of(f"{citation_text.short(one)}: {one.title}", one.title),
        summary=[element(one.span, style=style, text=words_of_it)],
        citedArtifact=_cited_artifact(one),
    )
    blocks = [
        write.heading(2, one.title),
        write.line("Reference", words_of_it),
        write.line("Kind of work", code_words.REFERENCE[one.type]),
        write.line("Kind of study", code_words.STUDY[one.study] if one.study is not None else None),
        write.line("Keywords", ", ".join(one.keywords)),
        write.line("Licence", one.license),
        write.labelled("Note", one.note),
        write.labelled("Abstract", one.abstract),
    ]
    made["text"] = write.narrative(bench.language, one.span, blocks)
    return made


def _cited_artifact(one: Reference) -> Element:
    retracted = (
        hl7_concept(one.span, hl7_codes.ARTIFACT_STATUS, "retracted") if one.retracted else None
    )
    language = _language(one.language)
    abstract = (
        element(one.abstract.span, language=language, text=one.abstract) if one.abstract else None
    )
    return element(
        one.span,
        identifier=list(_identifiers(one)),
        dateAccessed=one.accessed,
        version=element(one.edition.span, value=one.edition) if one.edition else None,
        currentState=[retracted],
        title=list(_titles(one, language)),
        abstract=[abstract],
        publicationForm=[_form(one, language)],
        webLocation=list(_locations(one)),
        classification=list(_classifications(one)),
        contributorship=_contributorship(one),
        note=[element(one.note.span, text=one.note)] if one.note else None,
    )


def _identifiers(one: Reference) -> Iterator[Element]:
    for value, system in ((one.doi, _DOI), (one.pmid, _PUBMED), (one.pmcid, _PMC)):
        if value is not None:
            yield element(value.span, system=system, value=value)
    if one.isbn is not None:
        yield _isbn(one.isbn)
    if one.registration is not None:
        kind = element(one.registration.span, text="Registration number")
        yield element(one.registration.span, type=kind, value=one.registration)
    for other in one.identifiers:
        yield element(other.span, system=other.system, value=other.value)


def _isbn(number: Text) -> Element:
    if _ISBN.fullmatch(number):
        return _urn("isbn", number)
    return element(number.span, type=element(number.span, text="ISBN"), value=number)


def _urn(kind: str, number: Text) -> Element:
    """A number that has a URN namespace: `urn:isbn:…`, `urn:issn:…`."""
    return element(number.span, system=_URI, value=with_span_of(f"urn:{kind}:{number}", number))


def _titles(one: Reference, language: Element | None) -> Iterator[Element]:
    for text, code in ((one.title, "primary"), (one.subtitle, "subtitle")):
        if text is not None:
            kind = hl7_concept(text.span, hl7_codes.TITLE_TYPE, code)
            yield element(text.span, type=[kind], language=language, text=text)


def _form(one: Reference, language: Element | None) -> Element:
    first, _, last = (one.pages or "").partition("-")
    return element(
        one.span,
        publishedIn=_published_in(one),
        volume=one.volume,
        issue=one.issue,
        articleDate=one.published,
        lastRevisionDate=one.revised,
        language=[language],
        accessionNumber=one.article_number,
        pageString=one.pages,
        firstPage=with_span_of(first.strip(), one.pages),
        lastPage=with_span_of(last.strip(), one.pages),
        copyright=one.license,
    )


def _published_in(one: Reference) -> Element:
    journal = one.journal
    publisher = _both(one.publisher, journal.publisher if journal else None)
    place = _both(one.place, journal.place if journal else None)
    found: dict[str, Any] = {
        "publisher": element(one.span, display=publisher),
        "publisherLocation": place,
    }
    if journal is None:
        return element(one.span, **found)
    code = _CONTAINERS.get(str(one.type), "D020492")
    identifiers = []
    if journal.issn:
        identifiers.append(_urn("issn", journal.issn))
    if journal.abbreviation:
        kind = element(journal.span, text="Abbreviated title")
        identifiers.append(element(journal.span, type=kind, value=journal.abbreviation))
    kind = hl7_concept(journal.span, hl7_codes.PUBLISHED_IN, code)
    return element(journal.span, type=kind, identifier=identifiers, title=journal.title, **found)


def _both(own: Text | None, of_journal: Text | None) -> str | None:
    """What the work and what it appeared in say, where both say something else."""
    if own is None or of_journal is None or own == of_journal:
        return own or of_journal
    return with_span_of(f"{own}; {of_journal}", own)


def _locations(one: Reference) -> Iterator[Element]:
    if one.doi is not None:
        yield _location(
            with_span_of(f"https://doi.org/{one.doi}", one.doi), "doi-based", one.doi.span
        )
    if one.url is not None:
        yield _location(one.url, "webpage", one.url.span)


def _location(url: str, kind: str, span: Span) -> Element:
    return element(span, classifier=[hl7_concept(span, hl7_codes.URL_KIND, kind)], url=url)


def _classifications(one: Reference) -> Iterator[Element]:
    """What kind of work it is, what kind of study, what it is about."""
    kind = hl7_concept(one.type.span, hl7_codes.CLASSIFICATION, "knowledge-artifact-type")
    code = hl7_codes.WORK_CODES.get(str(one.type))
    text = with_span_of(code_words.REFERENCE[one.type], one.type)
    work = (
        hl7_concept(one.type.span, hl7_codes.ARTIFACT_KIND, code)
        if code
        else element(one.type.span, text=text)
    )
    yield element(one.type.span, type=kind, classifier=[work])
    if one.study is not None:
        design = element(one.study.span, text="Study design")
        yield element(one.study.span, type=design, classifier=[study_concept(one.study)])
    if one.keywords:
        span = one.keywords[0].span
        kind = hl7_concept(span, hl7_codes.CLASSIFICATION, "keyword")
        keywords = [element(word.span, text=word) for word in one.keywords]
        yield element(span, type=kind, classifier=keywords)


def _contributorship(one: Reference) -> Element:
    entries = [
        _contributor(person, role, number)
        for role, people in (("author", one.authors), ("editor", one.editors))
        for number, person in enumerate(people, 1)
    ]
    complete = not one.et_al if entries or one.et_al else None
    return element(one.span, complete=complete, entry=entries)


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
