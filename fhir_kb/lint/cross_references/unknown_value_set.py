"""KB306: a value set is named that the topic does not have.

`value-set` names an entry of the topic's `value-sets`, or the canonical URL of one that is
published elsewhere.

    inputs: [{type: Condition, value-set: stage-3}]    # value-sets: {stage-3-or-4: …}

Name a value set that is there, define it, or give its URL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.cross_references._undefined_names import undefined_names
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    defined = {str(value_set.id) for value_set in scope.source.topic.value_sets}
    yield from undefined_names(scope, "value-set", defined, "value set", allow_url=True)


RULE = Rule("KB306", "unknown-value-set", Severity.ERROR, _check, __doc__)
