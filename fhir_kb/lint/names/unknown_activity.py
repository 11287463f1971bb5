"""KB202: a step does something that the topic does not define.

`does` names an activity of the same topic: an entry of `activities`. Without it the step would lead
to nothing on every server.

    steps: [{id: stretch, does: streching}]      # the activity is called 'stretching'
    activities: {stretching: {title: Stretching}}

Name an activity that is there, or define it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.names._known import unknown
from fhir_kb.lint.rule import Finding, Rule, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: Scope) -> Iterator[Finding]:
    known = {str(one.id) for one in scope.source.topic.activities}
    yield from unknown(scope, "activity", known, "activity")


RULE = Rule("KB202", "unknown-activity", Severity.ERROR, _check, __doc__)
