"""The children of an element that its base does not list: of its type, its profile, or another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.packages.snapshots.elements import CORE_URL, codes_of, profiles_of, types_of
from fhir_kb.packages.snapshots.errors import SnapshotError

if TYPE_CHECKING:
    from fhir_kb.packages.snapshots.lookup import StructureLookup
    from fhir_kb.packages.snapshots.tree import SnapshotNode

_SYSTEM = "http://hl7.org/fhirpath/System."


def expand(
    node: SnapshotNode, element_id: str, root: SnapshotNode, structures: StructureLookup
) -> None:
    """Give the node its children, unless it has them. SnapshotError: it can have none."""
    if node.children:
        return
    reference = node.element.get("contentReference")
    if isinstance(reference, str):
        origin = referenced(reference, element_id, root, structures)
        if not node.slice_name:
            element = {k: value for k, value in node.element.items() if k != "contentReference"}
            node.element = {**element, "type": origin.element.get("type", [])}
        if not origin.children:
            origin = type_root(origin, element_id, structures)
    else:
        origin = type_root(node, element_id, structures)
    node.children = {name: child.copy() for name, child in origin.children.items()}


def referenced(
    reference: str, element_id: str, root: SnapshotNode, structures: StructureLookup
) -> SnapshotNode:
    """The element that a contentReference ("url#Type.element") refers to."""
    url, _, path = reference.rpartition("#")
    _first, *names = path.split(".")
    node = structures.tree(url) if structures.has(url) else root
    for name in names:
        child_name, _, slice_name = name.partition(":")
        child = node.children.get(child_name)
        child = child.slices.get(slice_name) if child and slice_name else child
        if child is None:
            raise SnapshotError(
                f"'{reference}' refers to no element", element_id, "correct the base"
            )
        node = child
    return node


def type_root(node: SnapshotNode, element_id: str, structures: StructureLookup) -> SnapshotNode:
    """The root of the element's type, or of the profile of it."""
    types = types_of(node.element)
    if not types:
        raise SnapshotError("it has no type, so no children", element_id, "correct its path")
    codes = set(codes_of(node.element))
    if len(types) == 1:
        for profile in profiles_of(types[0]):
            if (root := profile_root(profile, structures)) is not None:
                return root
    # All types of a choice have the children of Element, and no others in common.
    code = codes.pop() if len(codes) == 1 else "Element"
    return structures.tree(type_url(code, node))


def type_url(code: str, node: SnapshotNode) -> str:
    """The url of a type's definition."""
    if code.startswith(_SYSTEM):
        code = {"id": "string", "url": "uri"}.get(node.name, "string")
    return code if ":" in code else CORE_URL + code


def profile_root(canonical: str, structures: StructureLookup) -> SnapshotNode | None:
    """The root of a profile, or its element ("url#a.b"); None where it is not available.

    SnapshotError: it is not available, and the look-up is strict.
    """
    url, _, part = canonical.partition("#")
    if not structures.has(url):
        if structures.strict:
            structures.tree(url)
        return None
    root = structures.tree(url)
    if not part:
        return root
    return next(
        (
            slice_
            for child in root.children.values()
            for name, slice_ in child.slices.items()
            if name == part
        ),
        None,
    )
