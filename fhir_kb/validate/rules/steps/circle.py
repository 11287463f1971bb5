"""KB205: steps wait for each other in a circle.

Each step of the circle waits for another one of it, so that none can ever begin.

    steps:
      - {id: insert, title: Insert the needle, after: withdraw}
      - {id: withdraw, title: Take it out, after: insert}

Take out the `after` or `before` that is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.diagnostics import Severity
from fhir_kb.validate.rules.rule import Finding, Rule, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.model import Text


def _check(scope: Scope) -> Iterator[Finding]:
    waits: dict[str, list[tuple[str, Text]]] = {str(step.id): [] for step in scope.source.steps}
    for step in scope.source.steps:
        for order in step.after:
            if order.step in waits:
                waits[str(step.id)].append((str(order.step), order.step))
        for order in step.before:
            if order.step in waits:
                waits[str(order.step)].append((str(step.id), order.step))
    told: set[str] = set()
    for start in waits:
        circle = _circle(start, waits)
        if circle and told.isdisjoint(name for name, _ in circle):
            told.update(name for name, _ in circle)
            way = " → ".join([start, *(name for name, _ in circle)])
            yield Finding(circle[0][1].span, f"these steps wait for each other: {way}")


def _circle(start: str, waits: dict[str, list[tuple[str, Text]]]) -> list[tuple[str, Text]]:
    """The way from a step back to itself; empty where there is none."""
    came: dict[str, tuple[str, Text]] = {}
    open_ = [start]
    while open_:
        here = open_.pop()
        for name, place in waits[here]:
            if name not in came:
                came[name] = (here, place)
                open_.append(name)
    if start not in came:
        return []
    way = []
    here = start
    while True:
        before, place = came[here]
        way.append((here, place))
        here = before
        if here == start:
            return way[::-1]


RULE = Rule("KB205", "circle-of-steps", Severity.ERROR, _check, __doc__)
