"""The children of an element that its base does not list: of its type, its profile, or another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.packages.snapshots.elements import TYPES, profiles_of, types_of
from fhir_kb.packages.snapshots.errors import SnapshotError

if TYPE_CHECKING:
    from fhir_kb.packages.snapshots.lookup import Sources
    from fhir_kb.packages.snapshots.tree import Node

_SYSTEM = "http://hl7.org/fhirpath/System."


def expand(node: Node, name: str, root: Node, sources: Sources) -> None:
    """Give the node its children, unless it has them. SnapshotError: there are none."""
    if node.children:
        return
    reference = node.said.get("contentReference")
    if isinstance(reference, str):
        origin = referred(reference, name, root, sources)
        if not node.slice_name:
            said = {key: value for key, value in node.said.items() if key != "contentReference"}
            node.said = {**said, "type": origin.said.get("type", [])}
        if not origin.children:
            origin = type_root(origin, name, sources)
    else:
        origin = type_root(node, name, sources)
    node.children = {key: one.copy() for key, one in origin.children.items()}


def referred(reference: str, name: str, root: Node, sources: Sources) -> Node:
    """The element that a contentReference ("url#Type.element") leads to."""
    url, _, path = reference.rpartition("#")
    _first, *rest = path.split(".")
    node = sources.definition(url)[1] if sources.knows(url) else root
    for step in rest:
        child, _, slice_name = step.partition(":")
        found = node.children.get(child)
        found = found.slices.get(slice_name) if found and slice_name else found
        if found is None:
            raise SnapshotError(f"'{reference}' leads nowhere", name, "mend the base")
        node = found
    return node


def type_root(node: Node, name: str, sources: Sources) -> Node:
    """The root of the element's type, or of the profile of it."""
    types = types_of(node.said)
    if not types:
        raise SnapshotError("it has no type, so no children", name, "correct its path")
    codes = {str(one["code"]) for one in types}
    if len(types) == 1:
        for profile in profiles_of(types[0]):
            if (found := profile_root(profile, sources)) is not None:
                return found
    # All types of a choice have what an Element has, and no more is known of it.
    code = codes.pop() if len(codes) == 1 else "Element"
    return sources.definition(type_url(code, node))[1]


def type_url(code: str, node: Node) -> str:
    """Where a type is defined."""
    if code.startswith(_SYSTEM):
        code = {"id": "string", "url": "uri"}.get(node.name, "string")
    return code if ":" in code else TYPES + code


def profile_root(canonical: str, sources: Sources) -> Node | None:
    """The root of a profile, or its element ("url#a.b"); None where it is not known.

    SnapshotError: it is not known, and it must be.
    """
    url, _, part = canonical.partition("#")
    if not sources.knows(url):
        if sources.strict:
            sources.definition(url)
        return None
    node = sources.definition(url)[1]
    if not part:
        return node
    return next(
        (
            found
            for child in node.children.values()
            for known, found in child.slices.items()
            if known == part
        ),
        None,
    )
