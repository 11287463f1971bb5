"""Evidence: what studies found, for whom, and how certain it is."""

from __future__ import annotations

from typing import Annotated, ClassVar

from fhir_kb.model import code_words
from fhir_kb.model.concept import Meaning
from fhir_kb.model.record import Keyed, Names, OneOf, Record, doc, record
from fhir_kb.model.text import Date, Id, Markdown, Quantity, Text


@record
class Quote(Record):
    """A short quotation, attributed."""

    text: Text = doc("The source's own words, exactly.")
    from_: Annotated[Text, Names("reference")] = doc("The reference it is from.")
    locator: Text | None = doc("Where in the work: `Abstract`, `p. 12`.", default=None)


@record
class Variable(Record):
    """A population, an exposure or an outcome; it becomes an EvidenceVariable."""

    SHORTHAND: ClassVar[str | None] = "concept"

    concept: Annotated[Text, Names("concept")] | None = doc("The concept that it is.", default=None)
    title: Text | None = doc("How it reads, where no concept says it.", default=None)
    text: Markdown | None = doc("More about it.", default=None)
    concepts: tuple[Annotated[Text, Names("concept")], ...] = doc(
        "Concepts any of which meets it.", default=()
    )
    excludes: tuple[Annotated[Text, Names("concept")], ...] = doc(
        "Concepts that must not be present.", default=()
    )


@record
class Aspect(Record):
    """One reason why the certainty is what it is, as GRADE has them."""

    KEYED: ClassVar[str | None] = "aspect"
    SHORTHAND: ClassVar[str | None] = "rating"

    aspect: Annotated[Text, OneOf(code_words.CERTAINTY_ASPECT)] = doc("The aspect.")
    rating: Annotated[Text, OneOf(code_words.CONCERN)] = doc("How it bears on the certainty.")
    text: Markdown | None = doc("Why.", default=None)


@record
class Certainty(Record):
    """How certain a finding is."""

    SHORTHAND: ClassVar[str | None] = "rating"

    rating: Annotated[Text, OneOf(code_words.CERTAINTY)] | None = doc(
        "The GRADE rating that the source gives; leave it out where the source gives none.",
        default=None,
    )
    text: Markdown | None = doc("What the source says of its certainty.", default=None)
    by: Text | None = doc("Who rated it.", default=None)
    from_: Annotated[Text, Names("reference")] | None = doc(
        "The reference that gives the rating.", default=None
    )
    aspects: Annotated[tuple[Aspect, ...], Keyed()] = doc(
        "What the rating rests on: `imprecision: serious-concern`.", default=()
    )


@record
class Interval(Record):
    """A range that an estimate lies in."""

    low: Quantity = doc("The lower bound.")
    high: Quantity = doc("The upper bound.")
    level: Text = doc("The level in percent; 95 if left out.", default=None, example="95")


@record
class Statistic(Record):
    """A number that a study found."""

    measure: Annotated[Text, OneOf(code_words.STATISTIC)] = doc("What was measured.")
    value: Quantity = doc("The estimate, with a unit where it has one.")
    interval: Interval | None = doc("Its confidence interval.", default=None)
    p_value: Text | None = doc("The p value.", default=None)
    participants: int | None = doc("How many people took part.", default=None)
    studies: int | None = doc("How many studies it rests on.", default=None)
    text: Text | None = doc("The number in words.", default=None)


@record
class Evidence(Record):
    """A finding; it becomes an Evidence. A theory is no finding: it belongs in the page."""

    KEYED: ClassVar[str | None] = "id"

    id: Id = doc("The name it is used by.")
    title: Text = doc("Its title.")
    statement: Markdown = doc("The finding, in your own words.")
    text: Markdown | None = doc("More about it.", default=None)
    quote: Quote | None = doc("A short quotation of the source.", default=None)
    study: Annotated[Text, OneOf(code_words.STUDY)] = doc("The type of study it comes from.")
    population: Variable = doc("In whom.")
    exposure: Variable = doc("What was done.")
    comparator: Variable | None = doc("What it was compared with.", default=None)
    outcome: tuple[Variable, ...] = doc("What was looked at.")
    statistics: tuple[Statistic, ...] = doc("The numbers.", default=())
    certainty: Certainty | None = doc("How certain it is.", default=None)
    from_: tuple[Annotated[Text, Names("reference")], ...] = doc("The references it comes from.")
    date: Date | None = doc("When the statement was made.", default=None)


@record
class Recommendation(Record):
    """The grade of a recommendation."""

    strength: Annotated[Text, OneOf(code_words.STRENGTH)] = doc("How strong it is.")
    direction: Annotated[Text, OneOf(code_words.DIRECTION)] = doc("For doing it, or against.")
    certainty: Annotated[Text, OneOf(code_words.CERTAINTY)] | None = doc(
        "The certainty of the evidence under it, as the source grades it.", default=None
    )
    system: Text | None = doc(
        "The rating system, where the source names one.", default=None, example="GRADE"
    )
    text: Markdown | None = doc("Why it is graded so.", default=None)
    because: tuple[Annotated[Text, Names("evidence")], ...] = doc(
        "The evidence under it.", default=()
    )
    from_: tuple[Annotated[Text, Names("reference")], ...] = doc(
        "The guideline that makes the recommendation."
    )
    meaning: Meaning | None = doc("The grade in the guideline's own scale.", default=None)
