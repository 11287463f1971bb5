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
from fhir_kb.lint.rule import Finding, Rule, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.model import Text
    from fhir_kb.model.plan import Order, Step


class _Moment(NamedTuple):
    """When a step begins or ends."""

    step: str
    is_end: bool


#: For each moment those that must have been, each with the place that says so; None where it
#: follows from one step being within another.
_Needs = dict[_Moment, list[tuple[_Moment, "Text | None"]]]


def _check(scope: Scope) -> Iterator[Finding]:
    needs = _needs(scope.source.steps)
    entangled = _entangled(needs)
    told: set[str] = set()
    for step in scope.source.steps:
        start = _Moment(str(step.id), is_end=False)
        if start not in entangled or step.id in told:
            continue
        circle = _circle(start, needs, entangled)
        names = [moment.step for moment, _ in circle]
        if circle and told.isdisjoint(names):
            told.update(names)
            first, *others = [place for _, place in circle if place is not None]
            message = f"these steps wait for each other: {' → '.join(_way(step, circle))}"
            places = ", ".join(str(place.span) for place in others)
            yield Finding(first.span, message, f"the other end is at {places}" if places else None)


def _entangled(needs: _Needs) -> set[_Moment]:
    """The moments that are in circles or between them."""
    forwards = {moment: {other for other, _ in needed} for moment, needed in needs.items()}
    backwards: dict[_Moment, set[_Moment]] = {moment: set() for moment in needs}
    for moment, needed in forwards.items():
        for other in needed:
            backwards[other].add(moment)
    left = _without_ends(set(needs), forwards, backwards)
    return _without_ends(left, backwards, forwards)


def _without_ends(
    moments: set[_Moment],
    needs: Mapping[_Moment, set[_Moment]],
    needed_by: Mapping[_Moment, set[_Moment]],
) -> set[_Moment]:
    """Take away what needs nothing, then what needs only that, and so on (Kahn 1962).

    So a plan without a circle is gone through once.
    """
    missing = {moment: len(needs[moment] & moments) for moment in moments}
    gone = [moment for moment, count in missing.items() if count == 0]
    for moment in gone:  # grows while it is read
        for waiting in needed_by[moment] & moments:
            missing[waiting] -= 1
            if missing[waiting] == 0:
                gone.append(waiting)
    return moments.difference(gone)


def _way(start: Step, circle: list[tuple[_Moment, Text | None]]) -> list[str]:
    """The names of the steps of a circle, each once, and the first again at the end."""
    way = [str(start.id)]
    for moment, place in circle:
        if place is not None or moment.step != way[-1]:
            way.append(moment.step)
    return way


def _needs(steps: tuple[Step, ...]) -> _Needs:
    needs: _Needs = {}
    for step in steps:
        begin, end = _moments(step)
        needs.setdefault(begin, [])
        needs.setdefault(end, []).append((begin, None))
        for inner in step.steps:
            inner_begin, inner_end = _moments(inner)
            needs.setdefault(inner_begin, []).append((begin, None))
            needs[end].append((inner_end, None))
    for step in steps:
        begin, _ = _moments(step)
        for order in step.after:
            other = _Moment(str(order.step), is_end=_relation(order) != "after-start")
            if other in needs:
                needs[begin].append((other, order.step))
        for order in step.before:
            other = _Moment(str(order.step), is_end=_relation(order) == "before-end")
            if other in needs:
                needs[other].append((begin, order.step))
    return needs


def _moments(step: Step) -> tuple[_Moment, _Moment]:
    return _Moment(str(step.id), is_end=False), _Moment(str(step.id), is_end=True)


def _relation(order: Order) -> str:
    return str(order.relation or "")


def _circle(
    start: _Moment, needs: _Needs, among: set[_Moment]
) -> list[tuple[_Moment, Text | None]]:
    """The shortest way from a moment back to itself; empty where there is none."""
    came: dict[_Moment, tuple[_Moment, Text | None]] = {}
    queue = [start]
    for here in queue:  # grows while it is read
        for other, place in needs[here]:
            if other in among and other not in came:
                came[other] = (here, place)
                queue.append(other)
    if start not in came:
        return []
    way: list[tuple[_Moment, Text | None]] = []
    here = start
    while not way or here != start:
        before, place = came[here]
        way.append((here, place))
        here = before
    return way[::-1]


RULE = Rule("KB205", "circle-of-steps", Severity.ERROR, _check, __doc__)
