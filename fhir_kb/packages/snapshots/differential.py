"""A differential as a tree: what is said of which element, in whatever order it is given.

Elements are placed by path and sliceName; an id that agrees with the path says which slices an
element is in, otherwise these are the slices that came last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.snapshots.errors import SnapshotError
from fhir_kb.packages.snapshots.tree import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages.snapshots.elements import Element

#: More than the largest profiles have.
_MAX_LISTED: Final = 20_000


@dataclass(slots=True)
class Change:
    """What is said of an element and of those below it; said is empty for steps on the way."""

    name: str
    slice_name: str = ""
    id: str = ""
    said: Element = field(default_factory=dict)
    children: dict[str, Change] = field(default_factory=dict)
    slices: dict[str, Change] = field(default_factory=dict)

    def child(self, name: str) -> Change:
        """The change of the child with that name."""
        return self.children.setdefault(name, Change(name, id=f"{self.id}.{name}"))

    def slice(self, name: str) -> Change:
        """The change of the slice with that name."""
        return self.slices.setdefault(name, Change(self.name, name, f"{self.id}:{name}"))


def read_differential(definition: Mapping[str, Any]) -> Change | None:
    """The differential's changes, from the root; None if it has none. SnapshotError: it is none."""
    differential = definition.get("differential")
    listed = differential.get("element") if isinstance(differential, dict) else None
    if not isinstance(listed, list) or not listed:
        return None
    if len(listed) > _MAX_LISTED:
        raise SnapshotError(f"more than {_MAX_LISTED} elements", "", "split the profile")
    root: Change | None = None
    slices: dict[str, tuple[tuple[str, str], ...]] = {}
    for one in listed:
        if not isinstance(one, dict) or not isinstance(one.get("path"), str) or not one["path"]:
            raise SnapshotError("an element of the differential has no path", "", "give it one")
        steps = _steps(one, slices)
        root = root or Change(steps[0][0], id=steps[0][0])
        _put(root, steps, one)
    return root


def _put(root: Change, steps: tuple[tuple[str, str], ...], said: Element) -> None:
    path = str(said["path"])
    if steps[0][0] != root.name or len(steps) > MAX_DEPTH:
        raise SnapshotError(
            "paths do not begin alike", path, f"begin it with {root.name}", certain=True
        )
    if steps[0][1] or (len(steps) == 1 and "slicing" in said):
        raise SnapshotError(
            "the root can't be sliced", path, "slice an element below it", certain=True
        )
    change = root
    for name, slice_name in steps[1:]:
        change = change.child(name)
        if slice_name:
            change = change.slice(slice_name)
    if change.said:
        raise SnapshotError(
            "the differential has it twice", change.id, "name its slices", certain=True
        )
    change.said = said


def _steps(
    one: Element, slices: dict[str, tuple[tuple[str, str], ...]]
) -> tuple[tuple[str, str], ...]:
    """The names on the way to the element, each with the name of the slice, or ""."""
    path = str(one["path"]).split(".")
    given = one.get("sliceName")
    last = given if isinstance(given, str) else ""
    named = [part.partition(":") for part in str(one.get("id")).split(".")]
    if [name for name, _, _ in named] == path:
        steps = tuple((name, slice_name) for name, _, slice_name in named)
        steps = (*steps[:-1], (path[-1], last or steps[-1][1]))
    else:
        above = slices.get(".".join(path[:-1]))
        ways = above or tuple((name, "") for name in path[:-1])
        steps = (*ways, (path[-1], last))
    slices[str(one["path"])] = steps
    return steps
