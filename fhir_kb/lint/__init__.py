"""Lint: our own rules on definitions, one file a rule, listed by family."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import Severity
from fhir_kb.lint import (
    cross_references,
    evidence,
    knowledge_base,
    libraries,
    references,
    steps,
    topic,
)
from fhir_kb.lint.rule import Finding, KnowledgeBaseRule, Rule, SharedScope, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.diagnostics import Diagnostic, FindingCode
    from fhir_kb.model.concept import Concept
    from fhir_kb.model.knowledge_base import KnowledgeBase, TopicEntry, TopicSource
    from fhir_kb.model.settings import Settings

RULES: Final[tuple[Rule, ...]] = (
    *cross_references.RULES,
    *steps.RULES,
    *evidence.RULES,
    *references.RULES,
    *topic.RULES,
    *libraries.RULES,
)
KNOWLEDGE_BASE_RULES: Final[tuple[KnowledgeBaseRule, ...]] = knowledge_base.RULES
CODES: Final[tuple[FindingCode, ...]] = (
    *(rule.code for rule in RULES),
    *(rule.code for rule in KNOWLEDGE_BASE_RULES),
)

__all__ = [
    "CODES",
    "KNOWLEDGE_BASE_RULES",
    "RULES",
    "Finding",
    "KnowledgeBaseRule",
    "Rule",
    "SharedScope",
    "TopicScope",
    "check_knowledge_base",
    "check_shared",
    "check_topic",
]


def check_topic(source: TopicSource, base: KnowledgeBase) -> tuple[Diagnostic, ...]:
    """The findings of all rules in a topic, with the severities that kb.yaml sets."""
    scope = TopicScope(source, base)
    diagnostics = (diagnostic for rule in RULES for diagnostic in rule.findings(scope))
    return _apply_settings(diagnostics, base.settings)


def check_shared(settings: Settings, concepts: Mapping[str, Concept]) -> tuple[Diagnostic, ...]:
    """The findings of all rules in what all topics share: kb.yaml and concepts.yaml."""
    shared = SharedScope(settings, concepts, {code.id: code for code in CODES})
    diagnostics = (diagnostic for rule in RULES for diagnostic in rule.shared_findings(shared))
    return _apply_settings(diagnostics, settings)


def check_knowledge_base(entries: tuple[TopicEntry, ...]) -> tuple[Diagnostic, ...]:
    """The findings of all rules across the topics of a knowledge base, `entries` in any order."""
    ordered = tuple(sorted(entries, key=lambda entry: (entry.id, entry.span)))
    return tuple(
        diagnostic for rule in KNOWLEDGE_BASE_RULES for diagnostic in rule.findings(ordered)
    )


def _apply_settings(findings: Iterable[Diagnostic], settings: Settings) -> tuple[Diagnostic, ...]:
    """The findings with the severities of the settings; an error stays an error: see KB330."""
    switches = {str(rule.code): str(rule.as_) for rule in settings.rules}
    if not switches:
        return tuple(findings)
    return tuple(
        diagnostic
        if diagnostic.severity is Severity.ERROR
        else replace(diagnostic, severity=Severity(severity))
        for diagnostic in findings
        if (severity := switches.get(diagnostic.code, diagnostic.severity.value)) != "off"
        or diagnostic.severity is Severity.ERROR
    )
