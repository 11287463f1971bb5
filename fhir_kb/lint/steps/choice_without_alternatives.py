"""KB208: there is nothing to choose from.

`choose` says how many of a step's own steps are to be done, and `group` what holds them together.
With fewer than two steps within, neither says anything.

    - {id: restore, title: Restore motion, choose: one-or-more, steps: [{id: stretch, does: it}]}

Add the other steps, or leave `choose` and `group` out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    for step in scope.source.steps:
        if len(step.steps) > 1:
            continue
        for key, choice in (("choose", step.choose), ("group", step.group)):
            if choice is not None:
                count = "one step" if step.steps else "no steps"
                message = (
                    f"'{key}: {choice}' has no effect: step '{step.id}' has {count} of its own"
                )
                yield Finding(choice.span, message, f"add the others, or leave '{key}' out")


RULE = Rule("KB208", "no-choice", Severity.WARNING, _check, __doc__)
