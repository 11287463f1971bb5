"""A knowledge base as it was read: what all topics share, and topics with what belongs to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.model.cql_header import cql_header, is_cql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fhir_kb.diagnostics import Span
    from fhir_kb.model.concept import Concept
    from fhir_kb.model.cql_header import CqlHeader
    from fhir_kb.model.page import ImageFile, Page
    from fhir_kb.model.plan import Step
    from fhir_kb.model.reference import Reference
    from fhir_kb.model.settings import Settings
    from fhir_kb.model.topic import Topic


class TopicEntry(NamedTuple):
    """What other topics may know of a topic."""

    id: str
    """Its id."""

    title: str
    """Its title."""

    version: str
    """Its version, or that of the knowledge base."""

    status: str
    """Its publication status."""

    has_plan: bool
    """Whether it has a plan of its own."""

    plans: tuple[str, ...]
    """The topics whose plans it follows."""

    names: tuple[str, ...]
    """Whatever it names that may be another topic."""

    libraries: tuple[str, ...]
    """The names of the CQL libraries that it ships, as their CQL declares them."""

    span: Span
    """Where its id is written."""


@dataclass(frozen=True, kw_only=True)
class TopicSource:
    """A topic with what belongs to it, as it was read."""

    topic: Topic
    """topic.yaml."""

    page: Page | None
    """page.md, or the file that `text` names."""

    references: tuple[Reference, ...]
    """references.yaml."""

    files: Mapping[str, str] = field(default_factory=dict)
    """The texts of the files that its libraries name, by the names they have there."""

    images: Mapping[str, ImageFile] = field(default_factory=dict)
    """The images of the page, by the targets that it has for them."""

    @cached_property
    def cql_headers(self) -> Mapping[str, CqlHeader]:
        """What its CQL files declare, by the ids of its libraries."""
        return {
            str(library.id): cql_header(self.files[str(library.file)])
            for library in self.topic.libraries
            if library.canonical is None
            and str(library.file) in self.files
            and is_cql(str(library.file))
        }

    @property
    def cql_names(self) -> list[str]:
        """The names of its CQL libraries, as their CQL declares them."""
        declared = (header.library for header in self.cql_headers.values())
        return [library.own_name for library in declared if library is not None]

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every step of the plan, outer before inner, in reading order."""
        plan = self.topic.plan
        return tuple(_walk(plan.steps)) if plan else ()

    @cached_property
    def notices(self) -> Mapping[str, Sequence[tuple[str, Reference]]]:
        """By the id of a work: the works that retract or correct it, and as what it names them."""
        notices: dict[str, list[tuple[str, Reference]]] = {}
        for notice in self.references:
            for kind, names in (
                ("retracted-by", notice.retracts),
                ("correction-in", notice.corrects),
            ):
                for name in dict.fromkeys(map(str, names)):
                    notices.setdefault(name, []).append((kind, notice))
        return notices

    @cached_property
    def steps_by_id(self) -> Mapping[str, Step]:
        """The same by their ids; of two with one id, the first."""
        return {str(step.id): step for step in reversed(self.steps)}


@dataclass(frozen=True, kw_only=True)
class KnowledgeBase:
    """What all topics share."""

    settings: Settings
    """kb.yaml."""

    concepts: Mapping[str, Concept]
    """concepts.yaml, by name."""

    directory: Mapping[str, TopicEntry]
    """Every topic that could be read, by id."""


def _walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _walk(step.steps)
