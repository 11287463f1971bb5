"""What a rule is: a code, a name, a severity, a pure check, and its page of explanation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar, cast

from fhir_kb.diagnostics import CodePage, Diagnostic, FindingCode, Severity, Span
from fhir_kb.model.page import links
from fhir_kb.model.walk import NameUse, own_name_uses, records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fhir_kb.model.concept import Concept
    from fhir_kb.model.knowledge_base import KnowledgeBase, TopicEntry, TopicSource
    from fhir_kb.model.page import Link
    from fhir_kb.model.record import Record
    from fhir_kb.model.settings import Settings

MAX_FINDINGS: Final = 50  # of one rule in one topic
T = TypeVar("T", bound="Record")


class Finding(NamedTuple):
    """What a check finds: where, one sentence, what to do."""

    span: Span
    message: str
    help: str | None = None


@dataclass(frozen=True)
class TopicScope:
    """What a rule may read: a topic, and what all topics share."""

    source: TopicSource
    base: KnowledgeBase

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """Every record of the topic and its references, outer before inner."""
        all_records = records(self.source.topic)
        for reference in self.source.references:
            all_records += records(reference)
        return tuple(all_records)

    @cached_property
    def _by_type(self) -> Mapping[type[Record], list[Record]]:
        by_type: dict[type[Record], list[Record]] = {}
        for record in self.records:
            by_type.setdefault(type(record), []).append(record)
        return by_type

    def of(self, kind: type[T]) -> list[T]:
        """The records of that type, anywhere in the topic."""
        return cast("list[T]", self._by_type.get(kind, []))

    @cached_property
    def _by_kind(self) -> Mapping[str, list[NameUse]]:
        by_kind: dict[str, list[NameUse]] = {}
        for record in self.records:
            for use in own_name_uses(record):
                by_kind.setdefault(use.kind, []).append(use)
        return by_kind

    def uses(self, kind: str) -> list[NameUse]:
        """The names of that kind ("step", "reference", …) that the topic uses."""
        return self._by_kind.get(kind, [])

    def used(self, kind: str) -> set[str]:
        """The names of that kind that the topic uses, as plain strings."""
        return {str(use.name) for use in self.uses(kind)}

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Every link of the page."""
        page = self.source.page
        return tuple(links(page)) if page is not None else ()

    @cached_property
    def linked(self) -> frozenset[str]:
        """The names that the page links to with double brackets."""
        return frozenset(link.target for link in self.links if link.kind == "thing")


@dataclass(frozen=True, slots=True)
class SharedScope:
    """What all topics share: kb.yaml and concepts.yaml."""

    settings: Settings
    concepts: Mapping[str, Concept]
    codes: Mapping[str, FindingCode]
    """The codes of all rules by id."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule on one topic."""

    id: str
    name: str
    severity: Severity
    check: Callable[[TopicScope], Iterator[Finding]]
    page: str
    """The docstring of its module, for `fhir-kb explain`; its first line is the summary."""
    shared: Callable[[SharedScope], Iterator[Finding]] | None = None
    """The same rule for what all topics share, where it applies there too."""

    @property
    def code(self) -> FindingCode:
        """The rule as `fhir-kb explain` shows it."""
        return FindingCode(
            self.id, CodePage(self.name, self.severity, _explanation(self.id, self.page))
        )

    def findings(self, scope: TopicScope) -> Iterator[Diagnostic]:
        """What the rule finds in a topic; no more than MAX_FINDINGS."""
        for finding in islice(self.check(scope), MAX_FINDINGS):
            yield _diagnostic(self, finding)

    def shared_findings(self, shared: SharedScope) -> Iterator[Diagnostic]:
        """What the rule finds in kb.yaml and concepts.yaml; no more than MAX_FINDINGS."""
        if self.shared is not None:
            for finding in islice(self.shared(shared), MAX_FINDINGS):
                yield _diagnostic(self, finding)


@dataclass(frozen=True, slots=True)
class KnowledgeBaseRule:
    """A rule across the topics of a knowledge base."""

    id: str
    name: str
    severity: Severity
    check: Callable[[tuple[TopicEntry, ...]], Iterator[Finding]]
    page: str

    @property
    def code(self) -> FindingCode:
        """The rule as `fhir-kb explain` shows it."""
        return FindingCode(
            self.id, CodePage(self.name, self.severity, _explanation(self.id, self.page))
        )

    def findings(self, entries: tuple[TopicEntry, ...]) -> Iterator[Diagnostic]:
        """What the rule finds across the topics."""
        for finding in self.check(entries):
            yield _diagnostic(self, finding)


def _diagnostic(rule: Rule | KnowledgeBaseRule, finding: Finding) -> Diagnostic:
    return Diagnostic(rule.id, rule.severity, finding.message, finding.span, help=finding.help)


def _explanation(code: str, page: str) -> str:
    text = page.removeprefix(f"{code}: ")
    return text[:1].upper() + text[1:]
