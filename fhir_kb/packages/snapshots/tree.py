"""A snapshot as a tree: an element's children, and its slices, by their names.

What an element says is shared between trees: whoever changes it replaces it as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fhir_kb.packages.snapshots.elements import TYPES
from fhir_kb.packages.snapshots.errors import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.packages.snapshots.elements import Element

#: Deeper than any profile; a differential that goes deeper is refused.
MAX_DEPTH: Final = 60


@dataclass(slots=True)
class Node:
    """An element; said: what is said of it, without regard to where it is."""

    name: str
    said: Element
    slice_name: str = ""
    children: dict[str, Node] = field(default_factory=dict)
    slices: dict[str, Node] = field(default_factory=dict)

    def unsliced(self) -> Node:
        """A copy of the element with all that is below it, but none of its slices."""
        children = {name: one.copy() for name, one in self.children.items()}
        return Node(self.name, self.said, self.slice_name, children)

    def copy(self) -> Node:
        """A copy of the element with all that is below it."""
        return Node(
            self.name,
            self.said,
            self.slice_name,
            {name: one.copy() for name, one in self.children.items()},
            {name: one.copy() for name, one in self.slices.items()},
        )

    def listed(self, parent: tuple[str, str] = ("", "")) -> Iterator[Element]:
        """The elements in the order of a snapshot; parent: the id and path of the one above."""
        identifier, path = (f"{one}.{self.name}" if one else self.name for one in parent)
        if self.slice_name:
            identifier += f":{self.slice_name}"
        yield {**self.said, "id": identifier, "path": path}
        for child in self.children.values():
            yield from child.listed((identifier, path))
        for one in self.slices.values():
            yield from one.listed(parent)

    def count(self) -> int:
        """How many elements there are, this one and those below it."""
        below = (*self.children.values(), *self.slices.values())
        return 1 + sum(one.count() for one in below)


def planted(elements: list[Element]) -> Node:
    """The tree of a snapshot's elements. SnapshotError: their paths make none."""
    root = Node(str(elements[0]["path"]), _without_place(elements[0]))
    latest = {root.name: root}
    for one in elements[1:]:
        path = str(one["path"])
        above, _, name = path.rpartition(".")
        parent = latest.get(above)
        if parent is None or path.count(".") > MAX_DEPTH:
            raise SnapshotError("it is not below any element", path, "correct the base's snapshot")
        latest[path] = _put(parent, name, one)
        if "contentReference" in parent.said:
            _settle(root, parent)
    return root


def _settle(root: Node, node: Node) -> None:
    """Children that are listed stand for themselves, no longer for those of another element."""
    path = str(node.said["contentReference"]).rpartition("#")[2].split(".")
    origin: Node | None = root if path[0] == root.name else None
    for step in path[1:]:
        origin = origin.children.get(step) if origin else None
    if origin is not None and "type" in origin.said:
        said = {key: value for key, value in node.said.items() if key != "contentReference"}
        node.said = {**said, "type": origin.said["type"]}


def _put(parent: Node, name: str, element: Element) -> Node:
    given = element.get("sliceName")
    slice_name = given if isinstance(given, str) else ""
    node = Node(name, _without_place(element), slice_name)
    known = parent.children.get(name)
    if known is None:
        # In a differential's order a slice may come without what it slices.
        parent.children[name] = node
        return node
    if not slice_name:
        slice_name = str(element.get("id")).rpartition(".")[2].partition(":")[2]
        node.slice_name = slice_name or f"{len(known.slices) + 1}"
    known.slices[node.slice_name] = node
    return node


def _without_place(element: Element) -> Element:
    said = {key: value for key, value in element.items() if key not in ("id", "path")}
    reference = said.get("contentReference")
    if isinstance(reference, str) and reference.startswith("#"):
        # It is to the type's own element, wherever the element comes to be.
        said["contentReference"] = TYPES + reference[1:].partition(".")[0] + reference
    return said
