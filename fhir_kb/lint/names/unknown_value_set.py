"""KB306: a value set is named that the topic does not have.

`value-set` names an entry of the topic's `value-sets`, or the canonical URL of one that is
published elsewhere.

    inputs: [{type: Condition, value-set: stage-3}]    # value-sets: {stage-3-or-4: …}

Name a value set that is there, define it, or give its URL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.names._known import unknown
from fhir_kb.lint.rule import Finding, Rule, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: Scope) -> Iterator[Finding]:
    known = {str(one.id) for one in scope.source.topic.value_sets}
    yield from unknown(scope, "value-set", known, "value set", or_url=True)


RULE = Rule("KB306", "unknown-value-set", Severity.ERROR, _check, __doc__)
