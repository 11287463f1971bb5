"""A snapshot as a tree: an element's children, and its slices, by their names.

The JSON of an element is shared between trees: it is replaced as a whole, never changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fhir_kb.packages.snapshots.elements import CORE_URL
from fhir_kb.packages.snapshots.errors import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.packages.snapshots.elements import ElementJson

#: Deeper than any profile; a differential that goes deeper is refused.
MAX_DEPTH: Final = 60


@dataclass(slots=True)
class SnapshotNode:
    """An element of a snapshot."""

    name: str
    element: ElementJson
    """Its JSON without id and path."""
    slice_name: str = ""
    children: dict[str, SnapshotNode] = field(default_factory=dict)
    slices: dict[str, SnapshotNode] = field(default_factory=dict)

    def copy_without_slices(self) -> SnapshotNode:
        """A copy of the element with all that is below it, without its slices."""
        children = {name: child.copy() for name, child in self.children.items()}
        return SnapshotNode(self.name, self.element, self.slice_name, children)

    def copy(self) -> SnapshotNode:
        """A copy of the element with its slices and all that is below it."""
        node = self.copy_without_slices()
        node.slices = {name: slice_.copy() for name, slice_ in self.slices.items()}
        return node

    def elements(self, parent: tuple[str, str] = ("", "")) -> Iterator[ElementJson]:
        """The elements in the order of a snapshot; `parent`: the id and path of the parent."""
        element_id, path = (f"{above}.{self.name}" if above else self.name for above in parent)
        if self.slice_name:
            element_id += f":{self.slice_name}"
        yield {**self.element, "id": element_id, "path": path}
        for child in self.children.values():
            yield from child.elements((element_id, path))
        for slice_ in self.slices.values():
            yield from slice_.elements(parent)

    def count(self) -> int:
        """The number of elements: this one, its slices and all that is below."""
        below = (*self.children.values(), *self.slices.values())
        return 1 + sum(node.count() for node in below)


def tree_of(elements: list[ElementJson]) -> SnapshotNode:
    """The tree of a snapshot's elements. SnapshotError: an element has no parent."""
    root = SnapshotNode(str(elements[0]["path"]), _without_place(elements[0]))
    latest = {root.name: root}
    for element in elements[1:]:
        path = str(element["path"])
        parent_path, _, name = path.rpartition(".")
        parent = latest.get(parent_path)
        if parent is None or path.count(".") > MAX_DEPTH:
            raise SnapshotError("it is not below any element", path, "correct the base's snapshot")
        latest[path] = _insert(parent, name, element)
        if "contentReference" in parent.element:
            _resolve_reference(root, parent)
    return root


def _resolve_reference(root: SnapshotNode, node: SnapshotNode) -> None:
    """Replace a content reference by the type, as the element has children of its own."""
    path = str(node.element["contentReference"]).rpartition("#")[2].split(".")
    origin: SnapshotNode | None = root if path[0] == root.name else None
    for name in path[1:]:
        origin = origin.children.get(name) if origin else None
    if origin is not None and "type" in origin.element:
        element = {k: value for k, value in node.element.items() if k != "contentReference"}
        node.element = {**element, "type": origin.element["type"]}


def _insert(parent: SnapshotNode, name: str, element: ElementJson) -> SnapshotNode:
    given = element.get("sliceName")
    slice_name = given if isinstance(given, str) else ""
    node = SnapshotNode(name, _without_place(element), slice_name)
    sliced = parent.children.get(name)
    if sliced is None:
        # In a differential's order a slice may come without the element that it slices.
        parent.children[name] = node
        return node
    if not slice_name:
        slice_name = str(element.get("id")).rpartition(".")[2].partition(":")[2]
        node.slice_name = slice_name or f"{len(sliced.slices) + 1}"
    sliced.slices[node.slice_name] = node
    return node


def _without_place(element: ElementJson) -> ElementJson:
    content = {key: value for key, value in element.items() if key not in ("id", "path")}
    reference = content.get("contentReference")
    if isinstance(reference, str) and reference.startswith("#"):
        # It is to the type's own element, whatever tree the element is copied to.
        content["contentReference"] = CORE_URL + reference[1:].partition(".")[0] + reference
    return content
