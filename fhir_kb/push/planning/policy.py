"""How a target is treated: ids, elements that the hospital keeps, limits of one push."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from fhir_kb.servers.content import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.servers.content import Resource

IdStyle = Literal["versioned", "plain"]
"""Ids on the server: with the version, so that versions exist side by side; or as defined."""
ELEMENT_PATH: Final = re.compile(r"(\*|[A-Z][A-Za-z]+)(\.[a-z][A-Za-z0-9]*)+")
"""An element of one type ("ActivityDefinition.location"), or of all types ("*.useContext")."""


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """How a server is brought to the desired state."""

    ids: IdStyle = "versioned"
    """How new resources are named there."""
    kept_elements: tuple[str, ...] = ()
    """Elements that belong to the hospital ("*.useContext"): their remote values stay."""
    ignored_elements: tuple[str, ...] = ()
    """Elements whose differences do not count ("*.text")."""
    max_changed_share: float = 0.3
    """The share of the recorded resources, from 0 to 1, that one push may change without the
    approval "many"."""
    max_removed_share: float = 0.5
    """The same for what one push retires or deletes, also where that is few."""
    max_entries: int = 200
    """Changes sent in one request, at most; half as many are enough."""
    max_bytes: int = 2_000_000
    """Bytes of one request, at most."""
    max_concurrent: int = 4
    """Requests under way at the same time, at most."""


def with_kept_elements(
    desired: Resource, remote: Resource, element_paths: Sequence[str]
) -> Resource:
    """The desired resource, with the remote values of the elements at `element_paths`."""
    resource = desired
    for steps in _steps_for(str(desired.get("resourceType")), element_paths):
        resource = _with_value(resource, steps, _value_at(remote, steps))
    return resource


def without_elements(resource: Resource, element_paths: Sequence[str]) -> Resource:
    """The resource less the elements at `element_paths`."""
    for steps in _steps_for(str(resource.get("resourceType")), element_paths):
        resource = _with_value(resource, steps, MISSING)
    return resource


def _steps_for(resource_type: str, element_paths: Sequence[str]) -> list[list[str]]:
    """The paths that apply to this type, as their steps."""
    split = (path.split(".") for path in element_paths)
    return [steps for type_, *steps in split if type_ in ("*", resource_type)]


def _value_at(node: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if not isinstance(node, dict) or step not in node:
            return MISSING
        node = node[step]
    return node


def _with_value(node: dict[str, Any], steps: Sequence[str], value: Any) -> dict[str, Any]:
    first, *rest = steps
    if rest:
        inner = node.get(first)
        if not isinstance(inner, dict):
            return node
        return {**node, first: _with_value(inner, rest, value)}
    others = {key: old for key, old in node.items() if key != first}
    return others if value is MISSING else {**node, first: value}
