"""Our own rules on definitions: one file a rule, listed by family."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import Severity
from fhir_kb.lint import base as base_rules
from fhir_kb.lint import evidence, names, references, steps, topic
from fhir_kb.lint.rule import BaseRule, Finding, Rule, Scope, Shared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.diagnostics import Diagnostic, FindingCode
    from fhir_kb.model.concept import Concept
    from fhir_kb.model.knowledge_base import KnowledgeBase, TopicEntry, TopicSource
    from fhir_kb.model.settings import Settings

RULES: Final[tuple[Rule, ...]] = (
    *names.RULES,
    *steps.RULES,
    *evidence.RULES,
    *references.RULES,
    *topic.RULES,
)
BASE_RULES: Final[tuple[BaseRule, ...]] = base_rules.RULES
CODES: Final[tuple[FindingCode, ...]] = (
    *(rule.code for rule in RULES),
    *(rule.code for rule in BASE_RULES),
)

__all__ = [
    "BASE_RULES",
    "CODES",
    "RULES",
    "BaseRule",
    "Finding",
    "Rule",
    "Scope",
    "Shared",
    "check_base",
    "check_shared",
    "check_topic",
]


def check_topic(source: TopicSource, base: KnowledgeBase) -> tuple[Diagnostic, ...]:
    """All that the rules find in a topic, taken as kb.yaml says."""
    scope = Scope(source, base)
    found = (one for rule in RULES for one in rule.findings(scope))
    return _taken(found, base.settings)


def check_shared(settings: Settings, concepts: Mapping[str, Concept]) -> tuple[Diagnostic, ...]:
    """All that the rules find in what all topics share: kb.yaml and concepts.yaml."""
    shared = Shared(settings, concepts)
    found = (one for rule in RULES for one in rule.shared_findings(shared))
    return _taken(found, settings)


def check_base(entries: tuple[TopicEntry, ...]) -> tuple[Diagnostic, ...]:
    """All that the rules find among the topics of a knowledge base, `entries` in any order."""
    ordered = tuple(sorted(entries, key=lambda entry: (entry.id, entry.span)))
    return tuple(found for rule in BASE_RULES for found in rule.findings(ordered))


def _taken(findings: Iterable[Diagnostic], settings: Settings) -> tuple[Diagnostic, ...]:
    """The findings as the settings take them. What is an error stays one: see KB330."""
    switches = {str(one.code): str(one.as_) for one in settings.rules}
    if not switches:
        return tuple(findings)
    return tuple(
        one if one.severity is Severity.ERROR else replace(one, severity=Severity(taken))
        for one in findings
        if (taken := switches.get(one.code, one.severity.value)) != "off"
        or one.severity is Severity.ERROR
    )
