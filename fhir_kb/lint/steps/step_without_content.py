"""KB207: a step says nothing.

A step needs something that people can read: a title, a text, or something that has one: an activity
(`does`), another plan (`plan`), a questionnaire (`asks`), steps of its own.

    steps: [{id: rest, after: insert}]

Give it a title, or take it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    for step in scope.source.steps:
        if not any((step.title, step.text, step.does, step.plan, step.asks, step.steps)):
            message = f"step '{step.id}' has neither a title or text nor anything to do"
            yield Finding(step.id.span, message, "give it a title, or take it out")


RULE = Rule("KB207", "silent-step", Severity.WARNING, _check, __doc__)
