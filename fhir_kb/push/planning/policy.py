"""What holds for pushing to a target, beside how it is reached."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.servers.content import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.push.planning.desired_state import Ids
    from fhir_kb.servers.content import Resource

FIELD: Final = re.compile(r"(\*|[A-Z][A-Za-z]+)(\.[a-z][A-Za-z0-9]*)+")


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """How a server is brought to the state of the definitions.

    ids: how places are named. theirs: elements that belong to the hospital ("*.useContext",
    "ActivityDefinition.location"): what stands there stays. ignored: elements whose differences
    do not count ("*.text"). changes: the share of what stands there because of us that may change
    in one push without a word from the person, from 0 to 1. entries, bytes_: of one chunk, at most;
    half as many entries are enough.
    at_once: how many chunks are under way at most.
    """

    ids: Ids = "versioned"
    theirs: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    changes: float = 0.3
    entries: int = 200
    bytes_: int = 2_000_000
    at_once: int = 4


def fields_of(kind: str, fields: Sequence[str]) -> list[list[str]]:
    """The paths among `fields` that are for this type, as their steps."""
    found = []
    for one in fields:
        first, *steps = one.split(".")
        if first in ("*", kind):
            found.append(steps)
    return found


def with_kept_elements(ours: Resource, there: Resource, fields: Sequence[str]) -> Resource:
    """`ours`, but for the elements in `fields`, which are as they are `there`."""
    result = ours
    for steps in fields_of(str(ours.get("resourceType")), fields):
        result = _with(result, steps, _value(there, steps))
    return result


def without(resource: Resource, fields: Sequence[str]) -> Resource:
    """The resource less the elements in `fields`."""
    result = resource
    for steps in fields_of(str(resource.get("resourceType")), fields):
        result = _with(result, steps, MISSING)
    return result


def _value(node: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if not isinstance(node, dict) or step not in node:
            return MISSING
        node = node[step]
    return node


def _with(node: dict[str, Any], steps: Sequence[str], value: Any) -> dict[str, Any]:
    first, *rest = steps
    if rest:
        inner = node.get(first)
        if not isinstance(inner, dict):
            return node
        return {**node, first: _with(inner, rest, value)}
    others = {key: old for key, old in node.items() if key != first}
    return others if value is MISSING else {**node, first: value}
