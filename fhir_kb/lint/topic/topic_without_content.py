"""KB211: a topic says nothing.

A topic is a page, a plan, or evidence. One that has none of them would be published as an empty
shell that looks like knowledge.

    topic: pain
    title: Pain
    summary: To be written.          # and nothing else

Write a page.md beside it, a `plan` or `evidence`; or take the topic out until there is something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator


def _check(scope: TopicScope) -> Iterator[Finding]:
    topic = scope.source.topic
    if scope.source.page is None and not scope.source.steps and not topic.evidence:
        message = f"topic '{topic.topic}' is empty: it has no page, no plan and no evidence"
        yield Finding(topic.topic.span, message, "write a page.md beside it, or a plan")


RULE = Rule("KB211", "says-nothing", Severity.ERROR, _check, __doc__)
