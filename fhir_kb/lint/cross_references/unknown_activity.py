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
from fhir_kb.lint.cross_references._undefined_names import undefined_names
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    defined = {str(activity.id) for activity in scope.source.topic.activities}
    yield from undefined_names(scope, "activity", defined, "activity")


RULE = Rule("KB202", "unknown-activity", Severity.ERROR, _check, __doc__)
