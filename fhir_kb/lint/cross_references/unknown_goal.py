"""KB203: a step serves a goal that the plan does not have.

`goals` of a step names entries of the plan's `goals`.

    plan:
      goals: {motion: Full range of motion}
      steps: [{id: stretch, title: Stretch, goals: [mobility]}]    # the goal is called 'motion'

Name a goal that is there, or add it to the plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.cross_references._undefined_names import undefined_names
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    plan = scope.source.topic.plan
    defined = {str(goal.id) for goal in plan.goals} if plan else set()
    yield from undefined_names(scope, "goal", defined, "goal")


RULE = Rule("KB203", "unknown-goal", Severity.ERROR, _check, __doc__)
