"""A knowledge base as it was read: settings, concepts, topics with their pages and references."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.diagnostics import Span
    from fhir_kb.model.concept import Concept
    from fhir_kb.model.page import Page
    from fhir_kb.model.plan import Step
    from fhir_kb.model.reference import Reference
    from fhir_kb.model.settings import Settings
    from fhir_kb.model.topic import Topic


class TopicEntry(NamedTuple):
    """What other topics may know of a topic.

    plans: the topics whose plans it follows. names: whatever it names that may be another topic.
    """

    id: str
    title: str
    version: str
    status: str
    has_plan: bool
    plans: tuple[str, ...]
    names: tuple[str, ...]
    span: Span


@dataclass(frozen=True, kw_only=True)
class TopicSource:
    """A topic with what belongs to it.

    `files` holds the text of the files that its libraries name, by the name they are given there.
    """

    topic: Topic
    page: Page | None
    references: tuple[Reference, ...]
    files: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every step of the plan, outer before inner, in reading order."""
        plan = self.topic.plan
        return tuple(_walk(plan.steps)) if plan else ()


@dataclass(frozen=True, kw_only=True)
class KnowledgeBase:
    """What all topics share: the settings, the concepts by name, the directory of topics by id."""

    settings: Settings
    concepts: Mapping[str, Concept]
    directory: Mapping[str, TopicEntry]


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """A whole knowledge base."""

    base: KnowledgeBase
    sources: tuple[TopicSource, ...]


def _walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _walk(step.steps)
