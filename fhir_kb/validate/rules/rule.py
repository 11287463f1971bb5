"""What a rule is: a code, a name, a severity, a pure check, and its page of explanation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.diagnostics import Code, Diagnostic, Severity, Span
from fhir_kb.model.walk import Use, records, uses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fhir_kb.model.knowledge import Base, Entry, Source
    from fhir_kb.model.page import Link, Section
    from fhir_kb.model.record import Record


class Finding(NamedTuple):
    """What a check has found: where, one sentence, what to do."""

    span: Span
    message: str
    help: str | None = None


@dataclass(frozen=True)
class Scope:
    """What a rule may look at: a topic, and what all topics share."""

    source: Source
    base: Base

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every name that the topic and its references use."""
        found = [*uses(self.source.topic)]
        for reference in self.source.references:
            found.extend(uses(reference))
        return tuple(found)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Every link of the page."""
        page = self.source.page
        return (*page.links, *_links(page.sections)) if page is not None else ()

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """Every record of the topic and its references, outer before inner."""
        found = [*records(self.source.topic)]
        for reference in self.source.references:
            found.extend(records(reference))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule on one topic. `page` is the docstring of its module; its first line the summary."""

    id: str
    name: str
    severity: Severity
    check: Callable[[Scope], Iterator[Finding]]
    page: str

    @property
    def code(self) -> Code:
        """The rule as `fhir-kb explain` shows it."""
        return Code(self.id, self.name, self.severity, _explanation(self.id, self.page))

    def findings(self, scope: Scope) -> Iterator[Diagnostic]:
        """What the rule finds in a topic."""
        for found in self.check(scope):
            yield Diagnostic(self.id, self.severity, found.message, found.span, help=found.help)


@dataclass(frozen=True, slots=True)
class BaseRule:
    """A rule on how the topics of a knowledge base go together."""

    id: str
    name: str
    severity: Severity
    check: Callable[[tuple[Entry, ...]], Iterator[Finding]]
    page: str

    @property
    def code(self) -> Code:
        """The rule as `fhir-kb explain` shows it."""
        return Code(self.id, self.name, self.severity, _explanation(self.id, self.page))

    def findings(self, entries: tuple[Entry, ...]) -> Iterator[Diagnostic]:
        """What the rule finds among the topics."""
        for found in self.check(entries):
            yield Diagnostic(self.id, self.severity, found.message, found.span, help=found.help)


def _links(sections: tuple[Section, ...]) -> Iterator[Link]:
    for section in sections:
        yield from section.links
        yield from _links(section.sections)


def _explanation(code: str, page: str) -> str:
    text = page.removeprefix(f"{code}: ")
    return text[:1].upper() + text[1:]
