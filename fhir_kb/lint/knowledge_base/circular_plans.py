"""KB221: plans lead to each other in a circle.

A step may follow the plan of another topic; that plan must not lead back, or applying it would
never end.

    # in a/topic.yaml
    steps: [{id: then, plan: b}]
    # in b/topic.yaml
    steps: [{id: then, plan: a}]

Take the step out on one side, or link to the other topic under `related`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, KnowledgeBaseRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.model.knowledge_base import TopicEntry


def _check(entries: tuple[TopicEntry, ...]) -> Iterator[Finding]:
    topics = {entry.id: entry for entry in entries}
    for entry in entries:
        path = _shortest_cycle(entry, topics)
        if path:
            names = " → ".join((entry.id, *path))
            places = ", ".join(str(topics[name].span) for name in path[:-1])
            advice = f"the others are at {places}" if places else None
            yield Finding(
                entry.span, f"these plans refer to each other in a cycle: {names}", advice
            )


def _shortest_cycle(start: TopicEntry, topics: Mapping[str, TopicEntry]) -> list[str]:
    """The shortest path from a plan back to itself; empty if there is none."""
    came_from: dict[str, str] = {}
    queue = [start.id]
    for name in queue:  # grows while it is read
        for successor in topics[name].plans:
            if successor in topics and successor not in came_from:
                came_from[successor] = name
                queue.append(successor)
    if start.id not in came_from:
        return []
    path = [start.id]
    while came_from[path[-1]] != start.id:
        path.append(came_from[path[-1]])
    return path[::-1]


RULE = KnowledgeBaseRule("KB221", "circle-of-plans", Severity.ERROR, _check, __doc__)
