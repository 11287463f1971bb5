"""KB216: a topic is named that the knowledge base does not have.

`plan` of a step and `topic` of something related name a topic: what stands after `topic:` in
another topic.yaml. A step may also name the canonical URL of a plan that is published elsewhere.

    steps: [{id: vaccinate, plan: anthrax-vacination}]    # the topic is 'anthrax-vaccination'

Name a topic that is there, or give the URL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.cross_references._undefined_names import undefined_names
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    yield from undefined_names(scope, "topic", set(scope.base.directory), "topic", allow_url=True)


RULE = Rule("KB216", "unknown-topic", Severity.ERROR, _check, __doc__)
