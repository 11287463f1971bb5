"""KB217: a topic builds on one that is retired.

A retired topic is not to be used any more. A plan that follows its plan, or leads readers to it,
keeps it in use.

    # topic.yaml of 'needling'; 'cupping' says `status: retired`
    plan: {steps: [{id: cup, plan: cupping}]}

Follow the topic that took its place, or take the step out. A topic that is itself retired may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    if str(scope.source.topic.status) == "retired":
        return
    for use in scope.uses("topic"):
        entry = scope.base.directory.get(str(use.name))
        if entry is not None and entry.status == "retired":
            message = f"the topic '{use.name}' is retired"
            yield Finding(use.name.span, message, "name the topic that took its place")


RULE = Rule("KB217", "retired-topic", Severity.WARNING, _check, __doc__)
