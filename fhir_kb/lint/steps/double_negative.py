"""KB341: what is prohibited is named as a prohibition already.

`prohibited: true` publishes an activity as one that is not to be done, and so does the order that
an engine makes of it. "Do not inject", not to be done, can be read as advice to inject.

    activities: {inject: {title: Do not inject a liquid, prohibited: true}}

Name the act itself; the step that follows it may have the title of the prohibition:

    activities: {inject: {title: Injection of a liquid, prohibited: true}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope
from fhir_kb.model.prohibition import reads_as_prohibition

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    for activity in scope.source.topic.activities:
        if activity.prohibited and reads_as_prohibition(activity.title):
            message = f"the prohibited activity '{activity.id}' is named as a prohibition already"
            advice = "name what is not to be done: 'Injection of a liquid'"
            yield Finding(activity.title.span, message, advice)


RULE = Rule("KB341", "double-negative", Severity.WARNING, _check, __doc__)
