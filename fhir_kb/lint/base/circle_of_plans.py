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
from fhir_kb.lint.rule import BaseRule, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.model.knowledge_base import TopicEntry


def _check(entries: tuple[TopicEntry, ...]) -> Iterator[Finding]:
    topics = {entry.id: entry for entry in entries}
    for entry in entries:
        way = _way_back(entry, topics)
        if way:
            names = " → ".join((entry.id, *way))
            places = ", ".join(str(topics[name].span) for name in way[:-1])
            advice = f"the others are at {places}" if places else None
            yield Finding(entry.span, f"these plans lead to each other: {names}", advice)


def _way_back(start: TopicEntry, topics: Mapping[str, TopicEntry]) -> list[str]:
    """The shortest way from a plan back to itself."""
    came: dict[str, str] = {}
    queue = [start.id]
    for here in queue:  # grows while it is read
        for name in topics[here].plans:
            if name in topics and name not in came:
                came[name] = here
                queue.append(name)
    if start.id not in came:
        return []
    way = [start.id]
    while came[way[-1]] != start.id:
        way.append(came[way[-1]])
    return way[::-1]


RULE = BaseRule("KB221", "circle-of-plans", Severity.ERROR, _check, __doc__)
