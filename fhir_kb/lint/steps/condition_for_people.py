"""KB331: a condition is for people, not engines.

An engine evaluates FHIRPath and CQL. Words it cannot evaluate, nor does it act on what starts a
step (`once`) or ends it (`until`): FHIR's $apply decides by `when` alone. Such a step is proposed
for every patient. Its condition stands in the description of the proposed action, where somebody
has to read it and decide.

    steps: [{id: reduce, title: Halve the dose, when: Renal function is poor}]

That may be right as it is: this is a note, one for each topic. For a condition that engines
evaluate, add `fhirpath`, or `cql-identifier` with a library:

    when: {text: The patient is a child, fhirpath: "%subject.birthDate > today() - 18 years"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMED: Final = 4
_ADVICE: Final = (
    "engines propose the step for every patient, with the condition in its description; "
    "`when` with 'fhirpath' or 'cql-identifier' is evaluated"
)


def _check(scope: TopicScope) -> Iterator[Finding]:
    steps = [(step, step.conditions_for_people) for step in scope.source.steps]
    steps = [(step, conditions) for step, conditions in steps if conditions]
    if not steps:
        return
    (first, conditions), *others = steps
    _, condition = conditions[0]
    count = sum(len(conditions) for _, conditions in steps)
    if count == 1:
        message = f"this condition of step '{first.id}' is for people, not engines"
    else:
        names = ", ".join(f"'{step.id}'" for step, _ in steps[:_NAMED])
        more = f" and {len(steps) - _NAMED} more" if len(steps) > _NAMED else ""
        of = f"steps {names}{more}" if others else f"step {names}"
        message = f"{count} conditions are for people, not engines: of {of}"
    yield Finding(condition.span, message, _ADVICE)


RULE = Rule("KB331", "condition-for-people", Severity.INFORMATION, _check, __doc__)
