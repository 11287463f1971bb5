"""KB302: a concept is used that nobody has defined.

A plain word where a concept is meant is a name: of the topic's own `concepts` or of concepts.yaml.
Words without a name are written as `{text: …}`.

    focus: myofacial-pain          # concepts.yaml has 'myofascial-pain'
    focus: {text: Pain}            # words that need no name

Name a concept that is there, define it, or write the words as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity, did_you_mean
from fhir_kb.lint.cross_references._undefined_names import undefined_names
from fhir_kb.lint.rule import Finding, Rule, SharedScope, TopicScope
from fhir_kb.model.walk import name_uses

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    own = {str(concept.name) for concept in scope.source.topic.concepts}
    yield from undefined_names(scope, "concept", own | set(scope.base.concepts), "concept")


def _shared(shared: SharedScope) -> Iterator[Finding]:
    for use in name_uses(shared.settings):
        if use.kind == "concept" and use.name not in shared.concepts:
            message = f"there is no concept '{use.name}'"
            yield Finding(use.name.span, message, did_you_mean(use.name, shared.concepts))


RULE = Rule("KB302", "unknown-concept", Severity.ERROR, _check, __doc__, _shared)
