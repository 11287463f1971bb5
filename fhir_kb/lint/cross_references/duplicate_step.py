"""KB201: two steps of a plan have the same name.

`after`, and servers that apply the plan, know a step by its `id`. Two of the same name make the
order of the procedure ambiguous.

    steps:
      - {id: needle, title: Insert the needle}
      - {id: needle, title: Take it out}          # call it 'withdraw'

Give one of them another `id`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model import Text


def _check(scope: TopicScope) -> Iterator[Finding]:
    first: dict[str, Text] = {}
    for step in scope.source.steps:
        if step.id in first:
            advice = f"the first is in line {first[step.id].span.line}"
            yield Finding(step.id.span, f"two steps are called '{step.id}'", advice)
        first.setdefault(str(step.id), step.id)


RULE = Rule("KB201", "duplicate-step", Severity.ERROR, _check, __doc__)
