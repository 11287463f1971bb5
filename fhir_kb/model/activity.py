"""Activities: techniques, things done or not to be done; each becomes an ActivityDefinition."""

from __future__ import annotations

from typing import Annotated, ClassVar

from fhir_kb.model import code_words
from fhir_kb.model.concept import Meaning
from fhir_kb.model.record import Keyed, Names, OneOf, Pattern, Record, doc, record
from fhir_kb.model.text import Date, Duration, Id, Markdown, Quantity, Text, Uri


@record
class Timing(Record):
    """When and how often: three times a day for a week is `{times: 3, every: 1 d, for: 7 d}`."""

    SHORTHAND: ClassVar[str | None] = "text"

    text: Text | None = doc("In words.", default=None)
    times: int | None = doc("How often in each period; 1 if left out.", default=None)
    up_to: int | None = doc("At most how often in each period.", default=None)
    every: Duration | None = doc("The period: `8 h`, `1 d`, `2-4 wk`.", default=None)
    for_: Duration | None = doc("How long it lasts: `7 d`, `7-10 d`.", default=None)
    count: int | None = doc("How often in all.", default=None)
    lasting: Duration | None = doc("How long each time lasts: `30 min`.", default=None)
    when: tuple[Annotated[Text, OneOf(code_words.EVENT_TIMING)], ...] = doc(
        "The events of the day that it goes by.", default=()
    )
    offset: Duration | None = doc("How long before or after that event.", default=None)
    at: tuple[
        Annotated[
            Text,
            Pattern(
                r"([01][0-9]|2[0-3]):[0-5][0-9]", "a time of day", "hours and minutes: '08:30'"
            ),
        ],
        ...,
    ] = doc("Times of the day: `08:00`.", default=())
    days: tuple[Annotated[Text, OneOf(code_words.DAYS)], ...] = doc("Days of the week.", default=())


@record
class DoseBand(Record):
    """The dose of those of a certain weight or age: `{weight: 5-14 kg, dose: 250 mg}`."""

    who: Text | None = doc("Whom it is for, in words: `adults`.", default=None)
    age: Quantity | None = doc("Of what age: `2-4 a`, `< 6 mo`.", default=None)
    weight: Quantity | None = doc("Of what weight: `5-14 kg`, `>= 35 kg`.", default=None)
    dose: Quantity | None = doc("Their single dose: `250 mg`, `10 mg/kg`.", default=None)
    text: Text | None = doc("More on it, or the dose in words: `not given`.", default=None)


@record
class Dosage(Record):
    """How much, how, how often."""

    SHORTHAND: ClassVar[str | None] = "text"

    text: Text | None = doc("In words, whole.", default=None)
    dose: Quantity | None = doc("A single dose: `500 mg`, `0.6-0.8 g/kg`.", default=None)
    bands: tuple[DoseBand, ...] = doc("The single doses by weight or age.", default=())
    rate: Quantity | None = doc("A rate: `5 mL/h`.", default=None)
    timing: Timing | None = doc("When and how often.", default=None)
    as_needed: bool = doc("True where it is taken as needed.", default=False)
    as_needed_for: tuple[Meaning, ...] = doc("What it is taken for as needed.", default=())
    route: Meaning | None = doc("The route.", default=None)
    site: Meaning | None = doc("The site.", default=None)
    method: Meaning | None = doc("The method.", default=None)
    max_dose: tuple[
        Annotated[Text, Pattern(r"[^\n]{1,100} per [^\n]{1,100}", "`4 g per 1 d`")], ...
    ] = doc("The most that may be taken: `4 g per 1 d`.", default=())
    max_single_dose: Quantity | None = doc("The most that is given at a time.", default=None)
    renal: Text | None = doc("How it is adjusted to the kidneys' function.", default=None)
    hepatic: Text | None = doc("How it is adjusted to the liver's function.", default=None)
    instructions: tuple[Meaning, ...] = doc("Further instructions.", default=())
    patient: Text | None = doc("Instructions in the patient's words.", default=None)


@record
class Participant(Record):
    """Who takes part."""

    SHORTHAND: ClassVar[str | None] = "type"

    type: Annotated[Text, OneOf(code_words.PARTICIPANT_TYPE)] = doc("What kind of actor.")
    role: Meaning | None = doc("In which role.", default=None)
    function: Meaning | None = doc("With which function.", default=None)


@record
class Expression(Record):
    """Something to be worked out: in words, and in a language that a computer reads."""

    SHORTHAND: ClassVar[str | None] = "text"

    text: Text | None = doc("In words.", default=None)
    name: Id | None = doc("A name for the result.", default=None)
    fhirpath: Text | None = doc("In FHIRPath.", default=None)
    cql: Text | None = doc("In CQL.", default=None)
    cql_identifier: Text | None = doc("The name of a CQL definition in a library.", default=None)
    library: Annotated[Text, Names("library")] | None = doc(
        "The library that has that definition.", default=None
    )

    @property
    def is_formal(self) -> bool:
        """Whether a computer can work it out: it is more than words."""
        return any(text is not None for text in (self.fhirpath, self.cql, self.cql_identifier))

    @property
    def readable(self) -> str:
        """Its words; without any, the expression itself."""
        return str(self.text or self.fhirpath or self.cql or self.cql_identifier or "")


@record
class DynamicValue(Record):
    """A value that is worked out when the knowledge is applied."""

    KEYED: ClassVar[str | None] = "path"

    path: Text = doc("The element that is set, from the definition's top: `dosage[0].doseAndRate`.")
    text: Text | None = doc("In words.", default=None)
    fhirpath: Text | None = doc("In FHIRPath.", default=None)
    cql: Text | None = doc("In CQL.", default=None)
    cql_identifier: Text | None = doc("The name of a CQL definition in a library.", default=None)

    @property
    def is_formal(self) -> bool:
        """Whether a computer can work it out: it is more than words."""
        return any(text is not None for text in (self.fhirpath, self.cql, self.cql_identifier))


@record
class Related(Record):
    """Something that the knowledge stands in a relation to."""

    type: Annotated[Text, OneOf(code_words.RELATED)] = doc("The relation.")
    title: Text | None = doc("How it reads.", default=None)
    from_: Annotated[Text, Names("reference")] | None = doc("A reference.", default=None)
    topic: Annotated[Text, Names("topic")] | None = doc(
        "Another topic of the knowledge base.", default=None
    )
    canonical: Uri | None = doc("The canonical URL of a FHIR artifact.", default=None)
    url: Uri | None = doc("A web address.", default=None)
    text: Markdown | None = doc("A comment on it.", default=None)


@record
class Activity(Record):
    """A technique or another thing that is done, or must not be done."""

    KEYED: ClassVar[str | None] = "id"

    id: Id = doc("The name it is used by.")
    title: Text = doc("Its title.")
    text: Markdown | None = doc("How it is done.", default=None)
    purpose: Markdown | None = doc("Why it is done.", default=None)
    kind: Annotated[Text, OneOf(code_words.ACTIVITY_KIND)] | None = doc(
        "What it is when it is ordered.", default=None
    )
    intent: Annotated[Text, OneOf(code_words.INTENT)] = doc(
        "How binding it is when it is applied.", default=None
    )
    priority: Annotated[Text, OneOf(code_words.PRIORITY)] | None = doc("How urgent.", default=None)
    code: Meaning | None = doc("What is done.", default=None)
    prohibited: bool = doc("True for what must not be done.", default=False)
    product: Meaning | None = doc("What is given or used.", default=None)
    quantity: Quantity | None = doc("How much of the product.", default=None)
    dosage: tuple[Dosage, ...] = doc("How it is given.", default=())
    timing: Timing | None = doc("When it is done.", default=None)
    body_site: tuple[Meaning, ...] = doc("Where on the body.", default=())
    participants: tuple[Participant, ...] = doc("Who takes part.", default=())
    dynamic_values: Annotated[tuple[DynamicValue, ...], Keyed()] = doc(
        "Values worked out when it is applied, by the element they set.", default=()
    )
    libraries: tuple[Annotated[Text, Names("library")], ...] = doc(
        "Libraries whose logic it uses.", default=()
    )
    related: tuple[Related, ...] = doc("What it is related to.", default=())
    from_: tuple[Annotated[Text, Names("reference")], ...] = doc(
        "The references it is taken from.", default=()
    )
    date: Date | None = doc("When it was last changed in substance.", default=None)
