"""KB305: a link on the page leads to nothing.

`[[name]]` links to what the topic defines: an activity, evidence, a step, a goal, a concept, a
library, a value set, a code system, a note, a reference, or another topic.

    - exercises, usually [[streching]]        # the activity is called 'stretching'

Name something that is there, or write the words without brackets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity, did_you_mean
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    if not scope.linked:
        return
    defined = set(_defined_names(scope))
    for link in scope.links:
        if link.kind == "thing" and link.target not in defined:
            message = f"no definition has the name '{link.target}'"
            yield Finding(link.span, message, did_you_mean(link.target, defined))


def _defined_names(scope: TopicScope) -> Iterator[str]:
    topic, base = scope.source.topic, scope.base
    yield from (str(entry.id) for entry in topic.activities)
    yield from (str(entry.id) for entry in topic.evidence)
    yield from (str(entry.id) for entry in topic.libraries)
    yield from (str(entry.id) for entry in topic.value_sets)
    yield from (str(entry.id) for entry in topic.code_systems)
    yield from (str(entry.id) for entry in scope.source.references)
    yield from (str(entry.id) for entry in scope.source.steps)
    yield from (str(entry.id) for entry in (topic.plan.goals if topic.plan else ()))
    yield from (str(entry.id) for entry in topic.notes)
    yield from (str(entry.id) for entry in topic.cautions)
    yield from (str(entry.name) for entry in topic.concepts)
    yield from base.concepts
    yield from base.directory


RULE = Rule("KB305", "unknown-link", Severity.ERROR, _check, __doc__)
