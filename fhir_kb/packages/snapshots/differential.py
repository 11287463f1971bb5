"""A differential as a tree, in whatever order its elements are.

Elements are placed by path and sliceName. If the id agrees with the path, it names the slices that
the element is in; otherwise these are the slices that came last.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.snapshots.errors import SnapshotError
from fhir_kb.packages.snapshots.tree import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages.snapshots.elements import ElementJson

#: More than the largest profiles have.
_MAX_ELEMENTS: Final = 20_000


@dataclass(slots=True)
class DifferentialNode:
    """An element of a differential, with those below it."""

    name: str
    slice_name: str = ""
    id: str = ""
    element: ElementJson = field(default_factory=dict)
    """Its JSON; empty for an element that only has others below it."""
    children: dict[str, DifferentialNode] = field(default_factory=dict)
    slices: dict[str, DifferentialNode] = field(default_factory=dict)

    def child(self, name: str) -> DifferentialNode:
        """The child with that name, created where it is missing."""
        return self.children.setdefault(name, DifferentialNode(name, id=f"{self.id}.{name}"))

    def slice(self, name: str) -> DifferentialNode:
        """The slice with that name, created where it is missing."""
        return self.slices.setdefault(name, DifferentialNode(self.name, name, f"{self.id}:{name}"))


Step = tuple[str, str]
"""A part of a path, with the name of the slice, or ""."""


def read_differential(definition: Mapping[str, Any]) -> DifferentialNode | None:
    """The root of a definition's differential; None if it has none. SnapshotError: it is broken."""
    differential = definition.get("differential")
    elements = differential.get("element") if isinstance(differential, dict) else None
    if not isinstance(elements, list) or not elements:
        return None
    if len(elements) > _MAX_ELEMENTS:
        raise SnapshotError(f"more than {_MAX_ELEMENTS} elements", "", "split the profile")
    root: DifferentialNode | None = None
    steps_by_path: dict[str, tuple[Step, ...]] = {}
    for element in elements:
        path = element.get("path") if isinstance(element, dict) else None
        if not isinstance(path, str) or not path:
            raise SnapshotError("an element of the differential has no path", "", "give it one")
        steps = _steps(element, steps_by_path)
        root = root or DifferentialNode(steps[0][0], id=steps[0][0])
        _insert(root, steps, element)
    return root


def _insert(root: DifferentialNode, steps: tuple[Step, ...], element: ElementJson) -> None:
    path = str(element["path"])
    if steps[0][0] != root.name or len(steps) > MAX_DEPTH:
        raise SnapshotError(
            "paths do not begin alike", path, f"begin it with {root.name}", certain=True
        )
    if steps[0][1] or (len(steps) == 1 and "slicing" in element):
        raise SnapshotError(
            "the root can't be sliced", path, "slice an element below it", certain=True
        )
    node = root
    for name, slice_name in steps[1:]:
        node = node.child(name)
        if slice_name:
            node = node.slice(slice_name)
    if node.element:
        raise SnapshotError(
            "the differential has it twice", node.id, "name its slices", certain=True
        )
    node.element = element


def _steps(element: ElementJson, steps_by_path: dict[str, tuple[Step, ...]]) -> tuple[Step, ...]:
    """The steps from the root to the element."""
    path = str(element["path"]).split(".")
    given = element.get("sliceName")
    last = given if isinstance(given, str) else ""
    id_parts = [part.partition(":") for part in str(element.get("id")).split(".")]
    if [name for name, _, _ in id_parts] == path:
        steps = tuple((name, slice_name) for name, _, slice_name in id_parts)
        steps = (*steps[:-1], (path[-1], last or steps[-1][1]))
    else:
        parent = steps_by_path.get(".".join(path[:-1]))
        above = parent or tuple((name, "") for name in path[:-1])
        steps = (*above, (path[-1], last))
    steps_by_path[str(element["path"])] = steps
    return steps
