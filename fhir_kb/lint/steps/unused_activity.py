"""KB210: no step leads to an activity.

Where a topic has a plan, its activities are what the steps do. One that no step names, and no
link of the page, is published, but nothing leads to it.

    plan: {steps: [{id: insert, title: Insert, does: insertion}]}
    activities:
      insertion: {title: Insertion of the needle}
      stretching: {title: Stretching}          # who does this, and when?

Let a step do it (`does`), link to it in the page (`[[stretching]]`), or take it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope
from fhir_kb.model.caution import Caution

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    topic = scope.source.topic
    if topic.plan is None:
        return
    uses = (use for use in scope.uses("activity") if not isinstance(use.by, Caution))
    used = {str(use.name) for use in uses} | scope.linked
    for activity in topic.activities:
        if activity.id not in used:
            message = f"no step refers to the activity '{activity.id}'"
            advice = f"let a step do it, link to it in the page ([[{activity.id}]]), or take it out"
            yield Finding(activity.id.span, message, advice)


RULE = Rule("KB210", "unused-activity", Severity.WARNING, _check, __doc__)
