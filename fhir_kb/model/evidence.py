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
    rating: Annotated[Text, OneOf(code_words.CONCERN)] | None = doc(
        "How it bears on the certainty; leave it out where the source gives the reason alone.",
        default=None,
    )
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
class Risk(Record):
    """How often an outcome is met in a group of people."""

    SHORTHAND: ClassVar[str | None] = "value"

    value: Quantity = doc("The risk, as the source has it.", example="12 %")
    interval: Interval | None = doc("Its confidence interval.", default=None)


@record
class Statistic(Record):
    """A number that a study found."""

    measure: Annotated[Text, OneOf(code_words.STATISTIC)] = doc("What was measured.")
    value: Quantity = doc("The estimate, with a unit where it has one.")
    interval: Interval | None = doc("Its confidence interval.", default=None)
    p_value: Text | None = doc("The p value.", default=None)
    i_squared: Quantity | None = doc(
        "I², the heterogeneity between the studies.", default=None, example="37 %"
    )
    assumed_risk: Risk | None = doc("The risk with the comparator.", default=None)
    corresponding_risk: Risk | None = doc("The risk with the exposure.", default=None)
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
class Judgement(Record):
    """What was judged of one criterion on the way from evidence to decision."""

    SHORTHAND: ClassVar[str | None] = "text"

    rating: Text | None = doc(
        "The judgement in the words of its scale.", default=None, example="probably favors it"
    )
    text: Markdown | None = doc("What it rests on.", default=None)


@record
class Decision(Record):
    """From evidence to decision: the criteria of GRADE's framework."""

    problem: Judgement | None = doc("How important the problem is.", default=None)
    benefits: Judgement | None = doc("The desirable effects.", default=None)
    harms: Judgement | None = doc("The undesirable effects.", default=None)
    balance: Judgement | None = doc(
        "How benefits and harms weigh against each other.", default=None
    )
    certainty: Judgement | None = doc("The certainty of the evidence as a whole.", default=None)
    values: Judgement | None = doc("How people value the outcomes, what they prefer.", default=None)
    resources: Judgement | None = doc("What it costs.", default=None)
    cost_effectiveness: Judgement | None = doc("Whether it is worth that.", default=None)
    equity: Judgement | None = doc("What it does to health equity.", default=None)
    acceptability: Judgement | None = doc(
        "Whether it is acceptable to all concerned.", default=None
    )
    feasibility: Judgement | None = doc("Whether it can be done.", default=None)


@record
class Recommendation(Record):
    """A recommendation as a guideline makes it: its grade, or what it says instead of one."""

    statement: Annotated[Text, OneOf(code_words.STATEMENT)] | None = doc(
        "What kind of statement it is; `recommendation`, with strength and direction, if left out.",
        default=None,
    )
    strength: Annotated[Text, OneOf(code_words.STRENGTH)] | None = doc(
        "How strong it is; `weak` and `conditional` are the same.", default=None
    )
    direction: Annotated[Text, OneOf(code_words.DIRECTION)] | None = doc(
        "For doing it, against, or for either alike.", default=None
    )
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
    decision: Decision | None = doc("The judgements that led to it.", default=None)

    @property
    def is_graded(self) -> bool:
        """Whether it is a recommendation with a grade, not a statement of another kind."""
        return self.statement is None or self.statement == "recommendation"
