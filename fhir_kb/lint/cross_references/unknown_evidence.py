"""KB303: something rests on evidence that the topic does not have.

`because` names entries of the topic's `evidence`.

    because: [adjunct]             # the evidence is called 'adjunct-for-low-back-pain'

Name evidence that is there, or write it down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.cross_references._undefined_names import undefined_names
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    defined = {str(evidence.id) for evidence in scope.source.topic.evidence}
    yield from undefined_names(scope, "evidence", defined, "evidence")


RULE = Rule("KB303", "unknown-evidence", Severity.ERROR, _check, __doc__)
