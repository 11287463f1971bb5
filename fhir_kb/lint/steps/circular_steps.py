"""KB205: steps wait for each other in a circle.

Each step of the circle waits for another one of it, so that none can ever begin. A step that has
steps within it begins before them and ends after them, so a step within can wait neither for the
step that it is part of, nor for one that waits for that step.

    steps:
      - {id: insert, title: Insert the needle, after: withdraw}
      - {id: withdraw, title: Take it out, after: insert}

Take out the `after` or `before` that is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.diagnostics import Severity
from fhir_kb.lint.rule import Finding, Rule, TopicScope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.model import Text
    from fhir_kb.model.plan import Order, Step


class _Moment(NamedTuple):
    """When a step begins or ends."""

    step: str
    is_end: bool


#: For each moment those that must come before it, each with the name in the definition that says
#: so; None where it follows from one step being part of another.
_Prerequisites = dict[_Moment, list[tuple[_Moment, "Text | None"]]]


def _check(scope: TopicScope) -> Iterator[Finding]:
    prerequisites = _prerequisites(scope.source.steps)
    entangled = _in_or_between_cycles(prerequisites)
    reported: set[str] = set()
    for step in scope.source.steps:
        start = _Moment(str(step.id), is_end=False)
        if start not in entangled or step.id in reported:
            continue
        circle = _shortest_cycle(start, prerequisites, entangled)
        names = [moment.step for moment, _ in circle]
        if circle and reported.isdisjoint(names):
            reported.update(names)
            first, *others = [text for _, text in circle if text is not None]
            message = f"these steps wait for each other: {' → '.join(_step_names(step, circle))}"
            places = ", ".join(str(text.span) for text in others)
            yield Finding(first.span, message, f"the other end is at {places}" if places else None)


def _in_or_between_cycles(prerequisites: _Prerequisites) -> set[_Moment]:
    """The moments that are in circles or between them."""
    forwards = {moment: {other for other, _ in needed} for moment, needed in prerequisites.items()}
    backwards: dict[_Moment, set[_Moment]] = {moment: set() for moment in prerequisites}
    for moment, needed in forwards.items():
        for other in needed:
            backwards[other].add(moment)
    left = _without_free(set(prerequisites), forwards, backwards)
    return _without_free(left, backwards, forwards)


def _without_free(
    moments: set[_Moment],
    needs: Mapping[_Moment, set[_Moment]],
    needed_by: Mapping[_Moment, set[_Moment]],
) -> set[_Moment]:
    """Remove moments without prerequisites, then those that need only these, … (Kahn 1962).

    A plan without a circle is traversed once.
    """
    missing = {moment: len(needs[moment] & moments) for moment in moments}
    gone = [moment for moment, count in missing.items() if count == 0]
    for moment in gone:  # grows while it is read
        for waiting in needed_by[moment] & moments:
            missing[waiting] -= 1
            if missing[waiting] == 0:
                gone.append(waiting)
    return moments.difference(gone)


def _step_names(start: Step, circle: list[tuple[_Moment, Text | None]]) -> list[str]:
    """The names of the steps of a circle, each once, and the first again at the end."""
    names = [str(start.id)]
    for moment, text in circle:
        if text is not None or moment.step != names[-1]:
            names.append(moment.step)
    return names


def _prerequisites(steps: tuple[Step, ...]) -> _Prerequisites:
    prerequisites: _Prerequisites = {}
    for step in steps:
        begin, end = _moments(step)
        prerequisites.setdefault(begin, [])
        prerequisites.setdefault(end, []).append((begin, None))
        for inner in step.steps:
            inner_begin, inner_end = _moments(inner)
            prerequisites.setdefault(inner_begin, []).append((begin, None))
            prerequisites[end].append((inner_end, None))
    for step in steps:
        begin, _ = _moments(step)
        for order in step.after:
            other = _Moment(str(order.step), is_end=_relation(order) != "after-start")
            if other in prerequisites:
                prerequisites[begin].append((other, order.step))
        for order in step.before:
            other = _Moment(str(order.step), is_end=_relation(order) == "before-end")
            if other in prerequisites:
                prerequisites[other].append((begin, order.step))
    return prerequisites


def _moments(step: Step) -> tuple[_Moment, _Moment]:
    return _Moment(str(step.id), is_end=False), _Moment(str(step.id), is_end=True)


def _relation(order: Order) -> str:
    return str(order.relation or "")


def _shortest_cycle(
    start: _Moment, prerequisites: _Prerequisites, candidates: set[_Moment]
) -> list[tuple[_Moment, Text | None]]:
    """The shortest path from a moment back to itself; empty where there is none."""
    came_from: dict[_Moment, tuple[_Moment, Text | None]] = {}
    queue = [start]
    for moment in queue:  # grows while it is read
        for other, text in prerequisites[moment]:
            if other in candidates and other not in came_from:
                came_from[other] = (moment, text)
                queue.append(other)
    if start not in came_from:
        return []
    path: list[tuple[_Moment, Text | None]] = []
    moment = start
    while not path or moment != start:
        previous, text = came_from[moment]
        path.append((moment, text))
        moment = previous
    return path[::-1]


RULE = Rule("KB205", "circle-of-steps", Severity.ERROR, _check, __doc__)
