"""A topic: one page of knowledge with everything that belongs to it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from fhir_kb.model import code_words
from fhir_kb.model.activity import Activity, Related
from fhir_kb.model.caution import Caution
from fhir_kb.model.concept import CodeSystem, Concept, Meaning, ValueSet
from fhir_kb.model.evidence import Evidence
from fhir_kb.model.plan import Plan
from fhir_kb.model.record import Keyed, Names, OneOf, Record, doc, record
from fhir_kb.model.settings import SEMVER, Contact
from fhir_kb.model.text import Country, Date, File, Id, Markdown, Text, Uri


@record
class Period(Record):
    """From when to when."""

    from_: Date | None = doc("The first day.", default=None)
    to: Date | None = doc("The last day.", default=None)


@record
class Term(Record):
    """A word that the page uses in a certain sense."""

    KEYED: ClassVar[str | None] = "concept"
    SHORTHAND: ClassVar[str | None] = "text"

    concept: Annotated[Text, Names("concept")] = doc("The concept that is defined.")
    text: Markdown = doc("What is meant by it here.")


@record
class Library(Record):
    """A library of logic that the topic uses: a file of its own, or one published elsewhere."""

    KEYED: ClassVar[str | None] = "id"
    SHORTHAND: ClassVar[str | None] = "canonical"

    id: Id = doc("The name it is used by.")
    title: Text | None = doc("Its title.", default=None)
    text: Markdown | None = doc("What it is for.", default=None)
    canonical: Uri | None = doc("Where it is published, if elsewhere.", default=None)
    file: File | None = doc("The file with its text (CQL).", default=None)
    name: Text | None = doc("The name the logic itself uses.", default=None)

    @property
    def cql_name_of_canonical(self) -> str:
        """The name by which engines look it up where it is published elsewhere."""
        return str(self.canonical or "").partition("|")[0].rpartition("/")[2]


@record
class AgeRange(Record):
    """Ages that it is meant for."""

    from_: Text | None = doc("The youngest: `18 a`.", default=None)
    to: Text | None = doc("The oldest: `65 a`.", default=None)


@record
class Context(Record):
    """Where the knowledge is meant to be used."""

    gender: Meaning | None = doc("The gender it is for.", default=None)
    age: AgeRange | None = doc("The ages it is for.", default=None)
    venue: tuple[Meaning, ...] = doc("Where care takes place.", default=())
    workflow: tuple[Meaning, ...] = doc("The setting of the work.", default=())
    task: tuple[Meaning, ...] = doc("The task that it is for.", default=())
    program: tuple[Text, ...] = doc("The programme it belongs to.", default=())


@record
class Note(Record):
    """A note on the page: something handy to have, added to the knowledge without changing it."""

    KEYED: ClassVar[str | None] = "id"
    SHORTHAND: ClassVar[str | None] = "text"

    id: Id = doc("The name of the note.")
    text: Markdown = doc("What it says.")
    section: Text | None = doc("The section of the page it is about.", default=None)
    author: Text | None = doc("Who says it.", default=None)
    date: Date | None = doc("When it was written.", default=None)
    from_: Annotated[Text, Names("reference")] | None = doc("What it points to.", default=None)


@record
class Topic(Record):
    """topic.yaml: a page of knowledge; it becomes a PlanDefinition and what belongs to it."""

    topic: Id = doc(
        "The name of the topic; it becomes the id of its artifacts.",
        example="dry-needling-myofascial-pain",
    )
    title: Text = doc("Its title.")
    subtitle: Text | None = doc("Its subtitle.", default=None)
    summary: Markdown = doc("What it says, in a sentence or two.")
    purpose: Markdown | None = doc("Why it was written.", default=None)
    type: Annotated[Text, OneOf(code_words.PLAN_TYPE)] = doc(
        "What kind of knowledge it is.", default=None
    )
    text: File | None = doc("The page: a Markdown file beside this one.", default=None)
    version: Annotated[Text, SEMVER] | None = doc("Its version.", default=None)
    status: Annotated[Text, OneOf(code_words.STATUS)] | None = doc("How far it is.", default=None)
    experimental: bool | None = doc("True: for trying out, not for care.", default=None)
    date: Date | None = doc("When it was last changed in substance.", default=None)
    approved: Date | None = doc("When it was approved.", default=None)
    reviewed: Date | None = doc("When it was last reviewed.", default=None)
    effective: Period | None = doc("From when to when it holds.", default=None)
    authors: tuple[Contact, ...] = doc("Who wrote it.", default=())
    editors: tuple[Contact, ...] = doc("Who edited it.", default=())
    reviewers: tuple[Contact, ...] = doc("Who reviewed it.", default=())
    endorsers: tuple[Contact, ...] = doc("Who endorses it.", default=())
    focus: tuple[Meaning, ...] = doc("What it is about.", default=())
    also_about: tuple[Meaning, ...] = doc("What it touches.", default=())
    categories: tuple[Meaning, ...] = doc("The headings it is filed under.", default=())
    audience: tuple[Meaning, ...] = doc("Whom it is for.", default=())
    context: Context | None = doc("Where it is meant to be used.", default=None)
    jurisdiction: tuple[Country, ...] = doc("Countries it is meant for.", default=())
    copyright: Markdown | None = doc("The copyright statement.", default=None)
    license: Text | None = doc("An SPDX licence identifier.", default=None)
    disclaimer: Markdown | None = doc("What readers have to bear in mind.", default=None)
    funding: Markdown | None = doc("Who paid, and what it had to do with it.", default=None)
    terms: Annotated[tuple[Term, ...], Keyed()] = doc("Definitions of its terms.", default=())
    concepts: Annotated[tuple[Concept, ...], Keyed()] = doc(
        "Concepts that only this topic uses.", default=()
    )
    plan: Plan | None = doc("What is done.", default=None)
    activities: Annotated[tuple[Activity, ...], Keyed()] = doc(
        "The things that are done, by name.", default=()
    )
    cautions: Annotated[tuple[Caution, ...], Keyed()] = doc(
        "Contraindications, cautions, interactions, adverse effects and harms.", default=()
    )
    evidence: Annotated[tuple[Evidence, ...], Keyed()] = doc("What studies found.", default=())
    references: File | None = doc(
        "The file of its references; `references.yaml` if left out.", default=None
    )
    value_sets: Annotated[tuple[ValueSet, ...], Keyed()] = doc("Its value sets.", default=())
    code_systems: Annotated[tuple[CodeSystem, ...], Keyed()] = doc("Its code systems.", default=())
    libraries: Annotated[tuple[Library, ...], Keyed()] = doc("Its libraries.", default=())
    related: tuple[Related, ...] = doc("What it is related to.", default=())
    notes: Annotated[tuple[Note, ...], Keyed()] = doc("Notes on the page.", default=())
    uses: tuple[Uri, ...] = doc("Canonical URLs of other artifacts it needs.", default=())
