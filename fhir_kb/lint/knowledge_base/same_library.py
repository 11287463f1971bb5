"""KB334: two libraries would have the same URL.

The URL of a CQL library ends in the name that its CQL declares, that of a topic's manifest in the
name of the topic. Two of one URL would be one artifact with two contents, and each load would
overwrite the other.

    definitions/pain/pain.cql            library Common version '1.0.0'
    definitions/fever/fever.cql          library Common version '1.0.0'

Rename one of them. To use a library in several topics, ship it with one and name it in the others
by its canonical: `libraries: {common: {canonical: https://kb.example/fhir/Library/Common, name:
Common}}`.
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
        first.setdefault(entry.id, entry)
    for entry in entries:
        for name in entry.libraries:
            other = first.get(name)
            if other is None:
                first[name] = entry
                continue
            message = f"the CQL library '{name}' of '{entry.id}' has the URL of another library"
            advice = f"the other belongs to '{other.id}': {other.span}"
            yield Finding(entry.span, message, advice)


RULE = KnowledgeBaseRule("KB334", "same-library", Severity.ERROR, _check, __doc__)
