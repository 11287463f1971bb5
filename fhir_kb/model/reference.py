"""References: the works that the knowledge rests on."""

from __future__ import annotations

from typing import Annotated, ClassVar

from fhir_kb.model import code_words
from fhir_kb.model.record import Keyed, Names, OneOf, Pattern, Record, doc, record
from fhir_kb.model.text import Date, Id, Language, Markdown, Text, Title, Uri


@record
class Author(Record):
    """An author of a cited work."""

    SHORTHAND: ClassVar[str | None] = "name"

    name: Text = doc("As the work prints it: `Furlan AD`, or a group's name.")
    orcid: (
        Annotated[
            Text,
            Pattern(
                r"([0-9]{4}-){3}[0-9]{3}[0-9X]", "an ORCID iD", "16 digits: '0000-0002-1825-0097'"
            ),
        ]
        | None
    ) = doc("The ORCID iD.", default=None)
    group: bool = doc("True for a group or an organization.", default=False)


@record
class Journal(Record):
    """What a work appeared in: a journal, or a book that has chapters."""

    SHORTHAND: ClassVar[str | None] = "title"

    title: Text = doc("The full title.")
    abbreviation: Text | None = doc("The short title, as NLM has it.", default=None)
    issn: (
        Annotated[Text, Pattern(r"[0-9]{4}-[0-9]{3}[0-9X]", "an ISSN", "eight digits: '1469-493X'")]
        | None
    ) = doc("The ISSN.", default=None)
    publisher: Text | None = doc("Who publishes it.", default=None)
    place: Text | None = doc("Where it is published.", default=None)


@record
class Identifier(Record):
    """An identifier that has no key of its own."""

    system: Uri = doc("What it is an identifier of.")
    value: Text = doc("The identifier.")


@record
class Reference(Record):
    """A cited work; it becomes a Citation."""

    KEYED: ClassVar[str | None] = "id"

    id: Id = doc("The name it is cited by: `[@furlan-2005]`, `from: furlan-2005`.")
    type: Annotated[Text, OneOf(code_words.REFERENCE)] = doc("What kind of work it is.")
    title: Title = doc("Its title; inline tags of a catalogue (`<i>`, `<sub>`) become plain text.")
    subtitle: Title | None = doc("Its subtitle.", default=None)
    authors: tuple[Author, ...] = doc("Its authors, in order.", default=())
    et_al: bool = doc("True where there are more authors than are listed.", default=False)
    editors: tuple[Author, ...] = doc("Its editors, in order.", default=())
    journal: Journal | None = doc("What it appeared in.", default=None)
    publisher: Text | None = doc("The publisher of a book, report or page.", default=None)
    place: Text | None = doc("Where a book was published.", default=None)
    published: Date | None = doc("When it appeared, as precisely as it is known.", default=None)
    revised: Date | None = doc("When it was last revised.", default=None)
    accessed: Date | None = doc("When a web page was read.", default=None)
    volume: Text | None = doc("The volume.", default=None)
    issue: Text | None = doc("The issue.", default=None)
    pages: Text | None = doc("The pages: `12-18`.", default=None)
    article_number: Text | None = doc("The article number, where it has no pages.", default=None)
    edition: Text | None = doc("The edition of a book, the version of software.", default=None)
    doi: Annotated[Text, Pattern(r"10\.[0-9]{4,9}/\S+", "a DOI", "it starts with '10.'")] | None = (
        doc("The DOI, without `https://doi.org/`.", default=None)
    )
    pmid: (
        Annotated[Text, Pattern(r"[1-9][0-9]{0,8}", "a PubMed id", "digits only: '15674876'")]
        | None
    ) = doc("The PubMed id.", default=None)
    pmcid: (
        Annotated[Text, Pattern(r"PMC[0-9]+", "a PubMed Central id", "'PMC' and digits")] | None
    ) = doc("The PubMed Central id.", default=None)
    isbn: Text | None = doc("The ISBN: of a chapter, that of its book.", default=None)
    registration: Text | None = doc("The number in a trial or review register.", default=None)
    identifiers: tuple[Identifier, ...] = doc("Any other identifiers.", default=())
    url: Uri | None = doc("Where it can be read.", default=None)
    abstract: Markdown | None = doc(
        "Its abstract, where its licence lets it be kept.", default=None
    )
    study: Annotated[Text, OneOf(code_words.STUDY)] | None = doc("Its study type.", default=None)
    keywords: tuple[Text, ...] = doc("Its keywords.", default=())
    language: Language | None = doc("Its language (BCP 47): `en`, `pt-BR`.", default=None)
    license: Text | None = doc("Its licence, where that is known.", default=None)
    retracted: bool = doc(
        "True once it has been retracted: it must not be cited as a source. The notice that says "
        "so is a work of its own, of the type `retraction-notice`.",
        default=False,
    )
    retracts: tuple[Annotated[Text, Names("reference")], ...] = doc(
        "The works that a retraction notice takes back.", default=()
    )
    corrects: tuple[Annotated[Text, Names("reference")], ...] = doc(
        "The works that an erratum corrects.", default=()
    )
    note: Markdown | None = doc("What readers of the reference have to know.", default=None)


@record
class References(Record):
    """references.yaml: the works that the topic cites."""

    SHORTHAND: ClassVar[str | None] = "references"

    references: Annotated[tuple[Reference, ...], Keyed()] = doc("Each work by its name.")
