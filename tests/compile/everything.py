"""A topic in which every field of every record is filled, each with words of its own.

It is made from the model's declarations, so a new field is in it as soon as it is declared.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from typing import Any

from fhir_kb.diagnostics import Span
from fhir_kb.model import text as kinds
from fhir_kb.model.activity import Activity, Dosage, Related, Timing
from fhir_kb.model.concept import (
    Code,
    CodeDefinition,
    CodeSystem,
    Concept,
    Filter,
    Include,
    Meaning,
    ValueSet,
)
from fhir_kb.model.evidence import Evidence, Interval, Recommendation, Risk, Statistic
from fhir_kb.model.knowledge_base import KnowledgeBase, TopicEntry, TopicSource
from fhir_kb.model.page import Link, Page, Section
from fhir_kb.model.plan import Data, Goal, Step, Trigger
from fhir_kb.model.record import Record
from fhir_kb.model.reference import Author, Journal, Reference
from fhir_kb.model.schema_shape import (
    ListShape,
    RecordKey,
    RecordShape,
    ScalarShape,
    SchemaShape,
    layout,
)
from fhir_kb.model.settings import Settings, System
from fhir_kb.model.text import Text
from fhir_kb.model.topic import AgeRange, Library, Note, Topic

OTHER = "other-topic"
MAX_DEPTH = 2  # of codes within codes

#: names that other fields can use
NAMES = {
    "activity": "an-activity",
    "concept": "a-concept",
    "evidence": "an-evidence",
    "goal": "a-goal",
    "library": "a-library",
    "reference": "a-reference",
    "step": "first",
    "topic": OTHER,
    "value-set": "a-value-set",
}
FIXED: dict[tuple[type[Record], str], str] = {
    (Activity, "id"): NAMES["activity"],
    # a step without its own has that of its activity
    (Activity, "priority"): "asap",
    (Activity, "kind"): "service",
    (AgeRange, "from_"): "18 a",
    (AgeRange, "to"): "65 a",
    (Author, "orcid"): "0000-0002-1825-0097",
    (Code, "system"): "local",
    (CodeSystem, "id"): "a-code-system",
    (Concept, "name"): NAMES["concept"],
    (Data, "type"): "Observation",
    (Evidence, "id"): NAMES["evidence"],
    (Filter, "op"): "is-a",
    (Filter, "property"): "concept",
    (Goal, "id"): NAMES["goal"],
    (Include, "system"): "local",
    (Interval, "level"): "90",
    (Interval, "low"): "2460 mg",
    (Interval, "high"): "2462 mg",
    (Journal, "issn"): "1469-493X",
    (Library, "id"): NAMES["library"],
    (Library, "name"): "LogicOfIt",
    (Library, "file"): "logic.cql",
    (Note, "section"): "a-section",
    (Reference, "doi"): "10.1002/14651858.CD001351.pub2",
    (Reference, "id"): NAMES["reference"],
    (Reference, "isbn"): "978-3-16-148410-0",
    (Reference, "language"): "fr",
    (Reference, "pages"): "112-118",
    (Reference, "pmid"): "15674876",
    (Reference, "pmcid"): "PMC1234567",
    (Settings, "canonical"): "https://kb.example/fhir",
    (Settings, "language"): "de",
    (Settings, "status"): "active",
    (Settings, "version"): "9.9.9",
    (Risk, "value"): "2461 mg",
    (Statistic, "i_squared"): "37.5 %",
    (Statistic, "value"): "2461 mg",
    (System, "name"): "local",
    (System, "url"): "https://codes.example/local",
    (Timing, "offset"): "45 min",
    (Topic, "topic"): "everything",
    (Trigger, "data"): "Patient",
    (ValueSet, "id"): NAMES["value-set"],
}
#: of these a record has one at a time: FHIR, or the format, knows no other
ALTERNATIVES: dict[type[Record], tuple[tuple[str, ...], ...]] = {
    Step: (("does",), ("plan",), ("asks",)),
    Include: (("concept", "value_sets"), ("system", "version", "codes"), ("system", "filter")),
    Dosage: (("dose", "rate"), ("bands",)),
    Library: (("file",), ("canonical",)),
    Recommendation: (("strength", "direction"), ("statement",)),
    Related: (("from_",), ("topic", "url"), ("canonical",)),
    Timing: (("when", "offset"), ("at",)),
    Trigger: (("name",), ("timing",), ("data", "condition")),
}
#: what a step within a step does without, since the outer one has it
_NOT_WITHIN = {key.field for key in layout(Step).keys} - {"id", "title", "text", "goals"}
_TRIGGER_TYPES = {"name": "named-event", "timing": "periodic", "data": "data-added"}


class Filler:
    """Fills records. `said` collects the words that have to arrive somewhere in the output."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self._numbers = itertools.count(1)
        self._lines = itertools.count(1)

    def span(self) -> Span:
        line = next(self._lines)
        return Span("topic.yaml", line, 1, line, 20)

    def records(self, record: type[Record], path: str, depth: int = 0) -> Iterator[Any]:
        """One record for each alternative that it has."""
        groups = ALTERNATIVES.get(record, ((),))
        every = {name for group in groups for name in group}
        for number, group in enumerate(groups, 1):
            where = path if len(groups) == 1 else f"{path}[{number}]"
            yield self.record(record, where, depth, leave_out=every - set(group))

    def record(
        self, record: type[Record], path: str, depth: int = 0, leave_out: set[str] = frozenset()
    ) -> Any:
        fields = {
            key.field: self.value(record, key, f"{path}.{key.name}", depth)
            for key in layout(record).keys
            if key.field not in leave_out
        }
        if record is Trigger:
            (kind,) = (_TRIGGER_TYPES[name] for name in _TRIGGER_TYPES if name in fields)
            fields["type"] = Text(kind, self.span())
        return record(span=self.span(), **fields)

    def value(self, record: type[Record], key: RecordKey, path: str, depth: int) -> Any:
        if (record, key.field) in FIXED:
            return self._fixed(record, key, path)
        shape: SchemaShape = key.shape
        if isinstance(shape, ListShape):
            if isinstance(shape.item, RecordShape):
                if shape.item.record is Step and record is Step:
                    return () if depth else (self.record(Step, path, 1, _NOT_WITHIN),)
                inner = depth + (shape.item.record is CodeDefinition)
                if inner > MAX_DEPTH:
                    return ()
                return tuple(self.records(shape.item.record, path, inner))
            return (self.scalar(shape.item, path),)
        if isinstance(shape, RecordShape):
            return next(self.records(shape.record, path, depth))
        return self.scalar(shape, path)

    def scalar(self, shape: SchemaShape, path: str) -> Any:
        assert isinstance(shape, ScalarShape)
        if shape.type is bool:
            return True
        if shape.type is int:
            return self._saying(path, 1000 + next(self._numbers))
        if shape.names is not None:
            return Text(NAMES[shape.names.kind], self.span())
        if shape.words is not None:
            return Text(list(shape.words.words)[-1], self.span())
        return self._free(shape, path)

    def _fixed(self, record: type[Record], key: RecordKey, path: str) -> Text:
        kind = key.shape.type if isinstance(key.shape, ScalarShape) else Text
        return kind(FIXED[record, key.field], self.span())

    def _free(self, shape: ScalarShape, path: str) -> Text:
        number = next(self._numbers)
        kind = shape.type
        if kind is kinds.Id:
            return kinds.Id(f"name{number}", self.span())
        if kind is kinds.Date:
            word = f"{1900 + number // 28 % 100}-05-{number % 28 + 1:02}"
        elif kind is kinds.Uri:
            word = f"https://elsewhere.example/{number}"
        elif kind is kinds.Quantity:
            return kinds.Quantity(f"{self._saying(path, 1000 + number)} mg", self.span())
        elif kind is kinds.Duration:
            return kinds.Duration(f"{self._saying(path, 1000 + number)} d", self.span())
        elif "pattern" in path or shape.pattern is not None:
            return Text(_of_pattern(shape), self.span())
        elif path.endswith((".code", ".snomed", ".loinc", ".rxnorm", ".icd-10", ".atc")):
            word = f"code{number}"
        elif path.endswith(".p-value"):
            return Text(f"0.0{self._saying(path, 1000 + number)}", self.span())
        elif path.endswith(".fhirpath"):
            return kind(f"'{self._saying(path, f'Path {number}')}'", self.span())
        elif path.endswith("jurisdiction"):
            word = "AT" if path.startswith("kb.") else "CH"
        else:
            word = f"Words {number} of {path.replace('[', ' ').replace(']', ' ')}"
        return kind(self._saying(path, word), self.span())

    def _saying(self, path: str, word: Any) -> Any:
        self.said.append((path, str(word)))
        return word


def _of_pattern(shape: ScalarShape) -> str:
    assert shape.pattern is not None
    return {
        "a time of day": "08:30",
        "`4 g per 1 d`": "4 g per 1 d",
        "a semantic version": "1.2.3",
        "a FHIR package name": "org.example.kb",
    }[shape.pattern.called]


def everything(
    filler: Filler | None = None,
) -> tuple[TopicSource, KnowledgeBase, list[tuple[str, str]]]:
    """A topic with every field filled, its base, and what has to arrive: (path, words)."""
    filler = filler or Filler()
    topic: Topic = filler.record(Topic, "topic", leave_out={"text", "references"})
    second = filler.record(Concept, "topic.second")
    second = dataclasses.replace(second, name=kinds.Id("second", filler.span()))
    use = Meaning(span=filler.span(), concept=Text("second", filler.span()))
    concepts, focus = (*topic.concepts, second), (*topic.focus, use)
    topic = dataclasses.replace(topic, concepts=concepts, focus=focus)
    topic = dataclasses.replace(topic, plan=_named_steps(topic.plan, filler))
    references = tuple(filler.records(Reference, "references"))
    settings = dataclasses.replace(
        filler.record(
            Settings,
            "kb",
            leave_out={"package", "registry", "releases", "r4_citations", "rules", "targets"},
        ),
        span=filler.span(),
    )
    said = [one for one in filler.said if not one[0].startswith(tuple(OVERRIDDEN))]
    other = TopicEntry(OTHER, "The other topic", "2.0.0", "active", True, (), (), (), filler.span())
    mine = TopicEntry(
        "everything", str(topic.title), "1.2.3", "draft", True, (), (), (), filler.span()
    )
    source = TopicSource(
        topic=topic, page=page(), references=references, files={"logic.cql": "library Logic"}
    )
    base = KnowledgeBase(
        settings=settings, concepts={}, directory={OTHER: other, "everything": mine}
    )
    return source, base, said


#: what the topic says otherwise for itself, and names that become ids of YAML alone
OVERRIDDEN = (
    *(f"kb.{name}" for name in ("audience", "jurisdiction", "funding", "license")),
    "kb.id",
    "topic.concepts.definition",  # a term says it otherwise
)


def _named_steps(plan: Any, filler: Filler) -> Any:
    """The plan with steps that have names of their own, the first known to others."""
    numbers = itertools.count(2)

    def named(step: Step) -> Step:
        own = kinds.Id(f"step{next(numbers)}", step.id.span)
        return dataclasses.replace(step, id=own, steps=tuple(named(one) for one in step.steps))

    first = filler.record(Step, "topic.first", 1, {"plan", "asks"})
    first = dataclasses.replace(first, id=kinds.Id("first", first.id.span))
    return dataclasses.replace(plan, steps=(first, *(named(step) for step in plan.steps)))


def page() -> Page:
    """A page with all that a page can have."""
    span = Span("page.md", 1, 1, 1, 9)
    links = (
        Link("thing", NAMES["activity"], "shown words", "", span),
        Link("reference", NAMES["reference"], "", "p. 77", span),
        Link("thing", OTHER, "", "", span),
    )
    inner = Section(
        id="inner",
        title="The inner section",
        classes=("warning",),
        markdown="Inner words",
        links=(),
        sections=(),
        span=span,
    )
    outer = Section(
        id="a-section",
        title="The outer section",
        classes=("theory",),
        markdown=f"Outer [[{NAMES['activity']}|shown words]] [@{NAMES['reference']}, p. 77] "
        f"and [[{OTHER}]]",
        links=links,
        sections=(inner,),
        span=span,
    )
    return Page(title="The page itself", lead="The lead", links=(), sections=(outer,), span=span)
