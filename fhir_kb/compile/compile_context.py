"""What all compilers of a topic share: the knowledge base, names and ids, the findings."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from fhir_kb.compile.finding_codes import CODES
from fhir_kb.compile.ids import MAX_ID, artifact_id
from fhir_kb.diagnostics import Diagnostic, Span, did_you_mean
from fhir_kb.model import Element, Text, code_words
from fhir_kb.model.walk import name_uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.model.activity import Activity
    from fhir_kb.model.concept import CodeSystem, Concept, ValueSet
    from fhir_kb.model.evidence import Evidence
    from fhir_kb.model.knowledge_base import KnowledgeBase, TopicSource
    from fhir_kb.model.plan import Step
    from fhir_kb.model.reference import Reference
    from fhir_kb.model.topic import Library

T = TypeVar("T")


class CompileContext:
    """One topic while it is compiled. Look-ups return None and add a finding for unknown names."""

    def __init__(self, source: TopicSource, base: KnowledgeBase) -> None:
        self.source = source
        self.topic = source.topic
        self.settings = base.settings
        self.base = base
        self.findings: list[Diagnostic] = []
        self.id = str(self.topic.topic)
        self.language = base.settings.language
        self.version = str(self.topic.version or base.settings.version)
        self.common = Element()  # metadata's, worked out once for all artifacts
        self._root = str(base.settings.canonical).rstrip("/")

    # names of artifacts

    def part_id(self, *names: str) -> str:
        """The id of a part of the topic."""
        return artifact_id(self.id, *names)

    def url(self, kind: str, resource_id: str) -> str:
        """The canonical URL of an artifact of this knowledge base."""
        return f"{self._root}/{kind}/{resource_id}"

    def canonical(self, kind: str, resource_id: str) -> str:
        """The canonical URL of an artifact of this topic, with its version."""
        return f"{self.url(kind, resource_id)}|{self.version}"

    def system(self, kind: str) -> str:
        """The system of identifiers for artifacts of a kind that servers do not find by URL."""
        return f"{self._root}/{kind}"

    # findings

    def report(self, code: str, message: str, span: Span, advice: str | None = None) -> None:
        """Add a finding."""
        diagnostic = Diagnostic(code, CODES[code].severity, message, span, help=advice)
        self.findings.append(diagnostic)

    # look-ups

    @cached_property
    def used_concepts(self) -> tuple[str, ...]:
        """The names of the concepts that the topic uses, as far as they are defined."""
        named = (use.name for use in name_uses(self.topic) if use.kind == "concept")
        own = (concept.name for concept in self.topic.concepts if concept.name is not None)
        names = dict.fromkeys(str(name) for name in (*own, *named))
        return tuple(name for name in names if name in self.concepts)

    @cached_property
    def concepts(self) -> Mapping[str, Concept]:
        """Concepts by name: the topic's own before those of all topics."""
        own = {str(concept.name): concept for concept in self.topic.concepts}
        return {**self.base.concepts, **own}

    @cached_property
    def _activities(self) -> Mapping[str, Activity]:
        return {str(activity.id): activity for activity in self.topic.activities}

    @cached_property
    def _evidence(self) -> Mapping[str, Evidence]:
        return {str(evidence.id): evidence for evidence in self.topic.evidence}

    @cached_property
    def _references(self) -> Mapping[str, Reference]:
        return {str(work.id): work for work in self.source.references}

    @cached_property
    def _libraries(self) -> Mapping[str, Library]:
        return {str(library.id): library for library in self.topic.libraries}

    @cached_property
    def value_sets(self) -> Mapping[str, ValueSet]:
        """The topic's own value sets by name."""
        return {str(value_set.id): value_set for value_set in self.topic.value_sets}

    @cached_property
    def code_systems(self) -> Mapping[str, CodeSystem]:
        """The topic's own code systems by name."""
        return {str(code_system.id): code_system for code_system in self.topic.code_systems}

    def concept(self, name: str) -> Concept | None:
        """The concept of that name."""
        return self._look_up(self.concepts, "concept", name)

    def activity(self, name: str) -> Activity | None:
        """The activity of that name."""
        return self._look_up(self._activities, "activity", name)

    def activity_of(self, step: Step) -> Activity | None:
        """The activity that a step does."""
        return self.activity(step.does) if step.does is not None else None

    def evidence(self, name: str) -> Evidence | None:
        """The evidence of that name."""
        return self._look_up(self._evidence, "evidence", name)

    def reference(self, name: str) -> Reference | None:
        """The cited work of that name."""
        return self._look_up(self._references, "reference", name)

    def library(self, name: str) -> str | None:
        """The canonical URL of a library; a URL stands for itself."""
        if is_uri(name):
            return name
        library = self._look_up(self._libraries, "library", name)
        if library is None:
            return None
        return str(library.canonical or "|".join(self.library_url(library)))

    def library_url(self, library: Library) -> tuple[str, str]:
        """The canonical URL and the version of a library that is a file.

        Those of CQL end in the name and are of the version that the CQL declares: so engines find
        it (Using CQL with FHIR 2.0, conformance requirement 4.2).
        """
        header = self.source.cql_headers.get(str(library.id))
        declared = header.library if header else None
        if declared is None:
            return self.url("Library", self.part_id(library.id)), self.version
        return self.url("Library", declared.own_name), declared.version or self.version

    @cached_property
    def cql_libraries(self) -> Mapping[str, str]:
        """The canonical URLs of the topic's CQL libraries by the names that CQL has for them."""
        by_name = {}
        for library in self.topic.libraries:
            header = self.source.cql_headers.get(str(library.id))
            if library.canonical is not None:
                by_name[str(library.name or library.cql_name_of_canonical)] = str(library.canonical)
            elif header is not None and header.library is not None:
                by_name[header.library.own_name] = "|".join(self.library_url(library))
        return by_name

    def value_set(self, name: str) -> str | None:
        """The canonical URL of a value set; a URL stands for itself."""
        if is_uri(name):
            return name
        if self._look_up(self.value_sets, "value set", name) is None:
            return None
        return self.canonical("ValueSet", self.part_id(name))

    def code_system(self, name: str) -> str | None:
        """The URL of a code system: by a short name, a name of the topic's own, or itself."""
        if name in self._systems:
            return self._systems[name]
        return name if is_uri(name) else self._look_up(self._systems, "code system", name)

    @cached_property
    def _systems(self) -> Mapping[str, str]:
        own = {name: self.url("CodeSystem", self.part_id(name)) for name in self.code_systems}
        short = {str(system.name): str(system.url) for system in self.settings.systems}
        return {**code_words.SYSTEMS, **short, **own}

    def plan(self, name: str) -> str | None:
        """The canonical URL of a topic's PlanDefinition; a URL stands for itself."""
        if is_uri(name):
            return name
        entry = self._look_up(self.base.directory, "topic", name)
        return f"{self.url('PlanDefinition', entry.id)}|{entry.version}" if entry else None

    @cached_property
    def goal_ids(self) -> Mapping[str, str]:
        """The element ids of the goals: their names, set apart from those of steps."""
        steps = self.source.steps_by_id
        goals = self.topic.plan.goals if self.topic.plan else ()
        names = [str(goal.id) for goal in goals]
        return {name: f"goal.{name}"[:MAX_ID] if name in steps else name for name in names}

    def find_reference(self, name: str) -> Reference | None:
        """The cited work of that name; no finding where there is none."""
        return self._references.get(name)

    @cached_property
    def resources_by_name(self) -> tuple[tuple[str, Mapping[str, str]], ...]:
        """For each type that prose can link to: the titles of its resources by name."""
        return (
            ("ActivityDefinition", _titles(self._activities)),
            ("Evidence", _titles(self._evidence)),
            ("ValueSet", _titles(self.value_sets)),
            ("CodeSystem", _titles(self.code_systems)),
            (
                "Library",
                {
                    name: library.title or name
                    for name, library in self._libraries.items()
                    if library.canonical is None
                },
            ),
        )

    @cached_property
    def other_names(self) -> frozenset[str]:
        """What prose can name that is no resource: steps, goals, concepts, notes, cautions."""
        plan = self.topic.plan
        goals = plan.goals if plan else ()
        names = [*self.concepts, self.id, *self._references, *self._libraries]
        names += [str(step.id) for step in self.source.steps]
        names += [str(goal.id) for goal in goals]
        names += [str(note.id) for note in self.topic.notes]
        names += [str(caution.id) for caution in self.topic.cautions]
        return frozenset(names)

    @cached_property
    def all_names(self) -> frozenset[str]:
        """Everything in the topic that prose can name."""
        return self.other_names.union(*(titles for _, titles in self.resources_by_name))

    def _look_up(self, by_name: Mapping[str, T], kind: str, name: str) -> T | None:
        definition = by_name.get(name)
        if definition is None:
            self.report_missing(kind, name, by_name)
        return definition

    def report_missing(self, kind: str, name: str, names: Iterable[str]) -> None:
        """Report that nothing of that kind has that name; `names` are those that there are."""
        span = name.span if isinstance(name, Text) else self.topic.span
        advice = did_you_mean(str(name), names)
        self.report("KB399", f"there is no {kind} '{name}', so it is left out", span, advice)


def _titles(by_name: Mapping[str, Activity | Evidence | ValueSet | CodeSystem]) -> dict[str, str]:
    return {name: definition.title for name, definition in by_name.items()}


def is_uri(name: str) -> bool:
    """Whether a name is a URL or URN rather than the name of something of ours."""
    return ":" in name
