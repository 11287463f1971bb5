"""KB220: two topics have the same name.

The name of a topic becomes its canonical URL. Two topics of one name would be one artifact with two
contents, and each load would overwrite the other.

    definitions/pain/topic.yaml        topic: pain
    definitions/pain-old/topic.yaml    topic: pain

Rename one of them, or take it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, KnowledgeBaseRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model.knowledge_base import TopicEntry


def _check(entries: tuple[TopicEntry, ...]) -> Iterator[Finding]:
    first: dict[str, TopicEntry] = {}
    for entry in entries:
        other = first.setdefault(entry.id, entry)
        if other is not entry:
            message = f"two topics are called '{entry.id}'"
            yield Finding(entry.span, message, f"the other is at {other.span}")
            yield Finding(other.span, message, f"the other is at {entry.span}")


RULE = KnowledgeBaseRule("KB220", "same-topic", Severity.ERROR, _check, __doc__)
