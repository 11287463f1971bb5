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
from fhir_kb.lint.names._known import unknown
from fhir_kb.lint.rule import Finding, Rule, Scope, Shared
from fhir_kb.model.walk import name_uses

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: Scope) -> Iterator[Finding]:
    own = {str(one.name) for one in scope.source.topic.concepts}
    yield from unknown(scope, "concept", own | set(scope.base.concepts), "concept")


def _shared(shared: Shared) -> Iterator[Finding]:
    for use in name_uses(shared.settings):
        if use.kind == "concept" and use.name not in shared.concepts:
            message = f"there is no concept '{use.name}'"
            yield Finding(use.name.span, message, did_you_mean(use.name, shared.concepts))


RULE = Rule("KB302", "unknown-concept", Severity.ERROR, _check, __doc__, _shared)
