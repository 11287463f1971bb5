"""KB204: a step is put in order to one that the plan does not contain.

`after`, `before` and `alongside` name steps of the same plan. A name that no step has would leave
the order of the procedure open, so nothing is published.

    steps:
      - {id: insert, title: Insert the needle}
      - {id: withdraw, title: Take it out, after: inserting}    # no step is called 'inserting'

Name a step by its `id`, or give the step you mean that `id`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity, did_you_mean
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    defined = {step.id for step in scope.source.steps}
    for step in scope.source.steps:
        for orders, relation in (
            (step.after, "waits for"),
            (step.before, "comes before"),
            (step.alongside, "goes alongside"),
        ):
            for order in orders:
                if order.step not in defined:
                    message = f"step '{step.id}' {relation} '{order.step}', which does not exist"
                    yield Finding(order.step.span, message, did_you_mean(order.step, defined))


RULE = Rule("KB204", "unknown-predecessor", Severity.ERROR, _check, __doc__)
