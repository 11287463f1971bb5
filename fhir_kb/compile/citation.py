"""Citations: https://hl7.org/fhir/R5/citation.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile.build import coded, element, some
from fhir_kb.compile.metadata import identity, jurisdiction, rights, use_context
from fhir_kb.compile.narrative import block, narrative, paragraph
from fhir_kb.compile.wording import reference_in_words, reference_url
from fhir_kb.model import words

if TYPE_CHECKING:
    from fhir_kb.compile.context import Context
    from fhir_kb.model import Element, Text
    from fhir_kb.model.reference import Author, Reference

_CLASSIFIER: Final = "http://hl7.org/fhir/citation-artifact-classifier"
_CLASSIFICATION: Final = "http://hl7.org/fhir/cited-artifact-classification-type"
_TITLE: Final = "http://hl7.org/fhir/title-type"
_PUBLISHED_IN: Final = "http://hl7.org/fhir/published-in-type"
_STATUS: Final = "http://hl7.org/fhir/cited-artifact-status-type"
# What kind of work: code and display of the classifier; none where HL7 has none.
_KINDS: Final = {
    "article": ("D016428", "Journal Article"),
    "book": ("D001877", "Book"),
    "web-page": ("webpage", "Webpage"),
    "preprint": ("D000076942", "Preprint"),
    "dataset": ("D064886", "Dataset"),
    "software": ("executable-app", "Executable app"),
}


def citation(context: Context, reference: Reference) -> Element:
    """The Citation of a reference."""
    text = reference_in_words(reference)
    base = identity(context, "Citation", str(reference.id), title=str(reference.title))
    base["title"] = reference.title
    narrative_ = narrative(
        reference.span,
        paragraph(text),
        block(reference.abstract, "Abstract"),
        block(reference.note),
    )
    return element(
        reference.span,
        **base,
        text=narrative_,
        description=f"Citation of: {text}",
        useContext=use_context(context),
        jurisdiction=jurisdiction(context),
        **rights(context),
        summary=[element(reference.span, style=_vancouver(), text=text)],
        classification=_classification(reference),
        note=_notes(reference.note),
        citedArtifact=_cited(reference),
    )


def _cited(reference: Reference) -> Element:
    url = reference_url(reference)
    retracted = [coded(_STATUS, "retracted", "Retracted")] if reference.retracted else []
    return element(
        reference.span,
        identifier=_identifiers(reference),
        dateAccessed=reference.accessed,
        currentState=retracted,
        title=[
            element(one.span, type=[coded(_TITLE, code, display)], text=one)
            for one, code, display in (
                (reference.title, "primary", "Primary title"),
                (reference.subtitle, "subtitle", "Subtitle"),
            )
            if one is not None
        ],
        abstract=[element(reference.abstract.span, text=reference.abstract)]
        if reference.abstract
        else None,
        publicationForm=some([_form(reference)]),
        webLocation=[element(reference.span, url=url)] if url else None,
        contributorship=_contributors(reference),
    )


def _identifiers(reference: Reference) -> list[Element]:
    known = (
        ("https://doi.org", reference.doi),
        ("https://pubmed.ncbi.nlm.nih.gov", reference.pmid),
        ("https://www.ncbi.nlm.nih.gov/pmc", reference.pmcid),
        ("urn:isbn", reference.isbn),
        (None, reference.registration),
    )
    found = [element(value.span, system=system, value=value) for system, value in known if value]
    return found + [
        element(one.span, system=one.system, value=one.value) for one in reference.identifiers
    ]


def _form(reference: Reference) -> Element | None:
    pages = reference.pages
    first, dash, last = (str(pages).partition("-")) if pages else ("", "", "")
    published = _published_in(reference)
    form = element(
        reference.span,
        publishedIn=published,
        volume=reference.volume,
        issue=reference.issue,
        articleDate=reference.published,
        lastRevisionDate=reference.revised,
        language=_language(reference.language),
        accessionNumber=reference.article_number,
        pageString=pages,
        firstPage=first if dash else None,
        lastPage=last if dash else None,
        copyright=reference.license,
    )
    if reference.edition:
        form["publicationDateText"] = (
            f"{reference.published or ''} ({reference.edition} ed.)".strip()
        )
    return form or None


def _published_in(reference: Reference) -> Element | None:
    journal = reference.journal
    if journal is None:
        if reference.publisher is None and reference.place is None:
            return None
        return element(
            reference.span,
            publisher=_named(reference.publisher),
            publisherLocation=reference.place,
        )
    code = ("D001877", "Book") if reference.type == "chapter" else ("D020492", "Periodical")
    abbreviation = journal.abbreviation
    return element(
        journal.span,
        type=coded(_PUBLISHED_IN, *code),
        identifier=[element(journal.issn.span, type=_issn(), system="urn:issn", value=journal.issn)]
        if journal.issn
        else None,
        title=f"{journal.title} ({abbreviation})" if abbreviation else journal.title,
        publisher=_named(journal.publisher or reference.publisher),
        publisherLocation=journal.place or reference.place,
    )


def _contributors(reference: Reference) -> Element | None:
    rows = [("author", "Author/Creator", one) for one in reference.authors]
    rows += [("editor", "Editor", one) for one in reference.editors]
    if not rows:
        return None
    entries = [
        _entry(one, role, display, rank) for rank, (role, display, one) in enumerate(rows, 1)
    ]
    return element(reference.span, complete=not reference.et_al, entry=entries)


def _entry(author: Author, role: str, display: str, rank: int) -> Element:
    properties: dict[str, Any] = {"display": author.name}
    if author.orcid:
        properties["identifier"] = element(
            author.orcid.span, system="https://orcid.org", value=author.orcid
        )
    properties["type"] = "Organization" if author.group else "Practitioner"
    return element(
        author.span,
        contributor=element(author.span, **properties),
        role=coded("http://hl7.org/fhir/contributor-role", role, display),
        rankingOrder=rank,
    )


def _classification(reference: Reference) -> list[Element]:
    code = _KINDS.get(str(reference.type))
    kind = words.REFERENCE[str(reference.type)]
    classifier = coded(_CLASSIFIER, *code, text=kind) if code else element(None, text=kind)
    found = [_classified("publication-type", "Publication type", [classifier])]
    if reference.study:
        study = element(reference.study.span, text=words.STUDY[str(reference.study)])
        found.append(_classified("knowledge-artifact-type", "Knowledge Artifact Type", [study]))
    if reference.keywords:
        keywords = [element(one.span, text=one) for one in reference.keywords]
        found.append(_classified("keyword", "Keyword", keywords))
    return found


def _classified(code: str, display: str, classifiers: list[Element]) -> Element:
    return element(None, type=coded(_CLASSIFICATION, code, display), classifier=classifiers)


def _notes(note: Text | None) -> list[Element] | None:
    return [element(note.span, text=note)] if note else None


def _named(name: Text | None) -> Element | None:
    return element(name.span, display=name) if name else None


def _vancouver() -> Element:
    return coded("http://hl7.org/fhir/citation-summary-style", "vancouver", "Vancouver style")


def _issn() -> Element:
    return element(None, text="ISSN")


def _language(language: Text | None) -> list[Element] | None:
    if language is None:
        return None
    return [element(language.span, coding=[element(None, system="urn:ietf:bcp:47", code=language)])]
