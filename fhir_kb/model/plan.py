"""Plans: the steps of a procedure or protocol and its aims."""

from __future__ import annotations

from typing import Annotated, ClassVar

from fhir_kb.model import code_words
from fhir_kb.model.activity import DynamicValue, Expression, Participant, Related, Timing
from fhir_kb.model.concept import Meaning
from fhir_kb.model.evidence import Recommendation
from fhir_kb.model.record import Keyed, Names, OneOf, Record, doc, record
from fhir_kb.model.text import Duration, Id, Markdown, Quantity, Text, Uri


@record
class Target(Record):
    """What is to be reached, by when."""

    measure: Meaning = doc("What is measured.")
    value: Quantity | None = doc("The value to reach: `> 50 s`, `<= 6 mL/kg`.", default=None)
    due: Duration | None = doc("Within what time.", default=None)


@record
class Goal(Record):
    """An aim of the plan."""

    KEYED: ClassVar[str | None] = "id"
    SHORTHAND: ClassVar[str | None] = "description"

    id: Id = doc("The name it is used by.")
    description: Text = doc("What is aimed at.")
    concept: Annotated[Text, Names("concept")] | None = doc(
        "The concept that says it.", default=None
    )
    category: Annotated[Text, OneOf(code_words.GOAL_CATEGORY)] | None = doc(
        "What kind of aim it is.", default=None
    )
    priority: Annotated[Text, OneOf(code_words.GOAL_PRIORITY)] | None = doc(
        "How important it is.", default=None
    )
    start: Meaning | None = doc("The event with which work on it starts.", default=None)
    addresses: tuple[Meaning, ...] = doc("The problems it addresses.", default=())
    targets: tuple[Target, ...] = doc("How one sees that it is reached.", default=())


@record
class Trigger(Record):
    """What sets a step going."""

    SHORTHAND: ClassVar[str | None] = "name"

    type: Annotated[Text, OneOf(code_words.TRIGGER)] = doc("What kind of event.", default=None)
    name: Text | None = doc("The event's name.", default=None, example="patient-view")
    timing: Timing | None = doc("When, for a periodic one.", default=None)
    data: Text | None = doc("The type of resource that changes.", default=None)
    condition: Expression | None = doc("Only where this holds.", default=None)


@record
class Order(Record):
    """How a step stands in time to another."""

    SHORTHAND: ClassVar[str | None] = "step"

    step: Annotated[Text, Names("step")] = doc("The other step.")
    relation: Annotated[Text, OneOf(code_words.RELATIONSHIP)] | None = doc(
        "How exactly: `after`, `after-end`, `before-start`, …", default=None
    )
    by: Duration | None = doc("How long before or after: `30 min`, `4-6 wk`.", default=None)


@record
class Data(Record):
    """Data that a step needs or makes."""

    SHORTHAND: ClassVar[str | None] = "type"

    type: Text = doc("The type of resource.", example="Observation")
    title: Text | None = doc("How it reads.", default=None)
    code: Meaning | None = doc("Which ones: their code.", default=None)
    value_set: Annotated[Text, Names("value-set")] | None = doc(
        "Which ones: the value set of their code.", default=None
    )
    profile: Uri | None = doc("The profile that they meet.", default=None)


@record
class Step(Record):
    """A step of a plan; it becomes an action of the PlanDefinition."""

    id: Id = doc("The name of the step, once in the plan.")
    title: Text = doc("Its title.", default=None)
    text: Markdown | None = doc("What is done.", default=None)
    prefix: Text | None = doc("The number or letter people know it by.", default=None)
    code: Meaning | None = doc("What the step means.", default=None)
    reason: tuple[Meaning, ...] = doc("Why it is done.", default=())
    priority: Annotated[Text, OneOf(code_words.PRIORITY)] | None = doc("How urgent.", default=None)
    does: Annotated[Text, Names("activity")] | None = doc(
        "The activity that is done.", default=None
    )
    plan: Annotated[Text, Names("topic")] | None = doc(
        "The topic whose plan is followed here, or its canonical URL.", default=None
    )
    asks: Uri | None = doc("The canonical URL of a questionnaire to fill in.", default=None)
    after: tuple[Order, ...] = doc("The steps that come before it.", default=())
    before: tuple[Order, ...] = doc("The steps that come after it.", default=())
    alongside: tuple[Order, ...] = doc("The steps that go on at the same time.", default=())
    when: tuple[Expression, ...] = doc("The conditions under which it applies.", default=())
    once: tuple[Expression, ...] = doc("What has to have happened before it starts.", default=())
    until: tuple[Expression, ...] = doc("What ends it.", default=())
    triggers: tuple[Trigger, ...] = doc("What sets it going.", default=())
    inputs: tuple[Data, ...] = doc("The data that it needs.", default=())
    outputs: tuple[Data, ...] = doc("The data that it makes.", default=())
    goals: tuple[Annotated[Text, Names("goal")], ...] = doc("The aims it serves.", default=())
    timing: Timing | None = doc("When and how often.", default=None)
    location: Meaning | None = doc("Where.", default=None)
    participants: tuple[Participant, ...] = doc("Who takes part.", default=())
    choose: Annotated[Text, OneOf(code_words.SELECTION)] | None = doc(
        "How many of its own steps are to be done.", default=None
    )
    group: Annotated[Text, OneOf(code_words.GROUPING)] | None = doc(
        "What holds its own steps together.", default=None
    )
    required: Annotated[Text, OneOf(code_words.REQUIRED)] | None = doc(
        "Whether it has to be done.", default=None
    )
    precheck: Annotated[Text, OneOf(code_words.PRECHECK)] | None = doc(
        "Whether it is usually selected beforehand.", default=None
    )
    repeats: bool = doc("True where it may be done more than once.", default=False)
    recommendation: Recommendation | None = doc("The grade of the recommendation.", default=None)
    dynamic_values: Annotated[tuple[DynamicValue, ...], Keyed()] = doc(
        "Values worked out when the plan is applied, by the element they set.", default=()
    )
    because: tuple[Annotated[Text, Names("evidence")], ...] = doc(
        "The evidence it rests on.", default=()
    )
    from_: tuple[Annotated[Text, Names("reference")], ...] = doc(
        "The references it is taken from.", default=()
    )
    related: tuple[Related, ...] = doc("Further documentation.", default=())
    steps: tuple[Step, ...] = doc("Its own steps.", default=())

    @property
    def conditions(self) -> tuple[tuple[str, Expression], ...]:
        """Its conditions with their kinds (http://hl7.org/fhir/action-condition-kind)."""
        kinds = (("applicability", self.when), ("start", self.once), ("stop", self.until))
        return tuple((kind, condition) for kind, given in kinds for condition in given)

    @property
    def conditions_for_people(self) -> tuple[tuple[str, Expression], ...]:
        """Those that no engine acts on: in words alone, or of when it starts and what ends it.

        FHIR's $apply decides by applicability only; HAPI takes the other kinds for the same.
        """
        return tuple(
            (kind, condition)
            for kind, condition in self.conditions
            if kind != "applicability" or not condition.is_formal
        )


@record
class Plan(Record):
    """What is done, in which order, to what end."""

    goals: Annotated[tuple[Goal, ...], Keyed()] = doc("Its aims, by name.", default=())
    actors: tuple[Participant, ...] = doc("Who carries it out.", default=())
    as_needed: bool = doc("True where it is carried out as needed.", default=False)
    steps: tuple[Step, ...] = doc("Its steps, in the order people read them.", default=())
