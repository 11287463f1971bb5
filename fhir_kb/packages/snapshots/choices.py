"""Elements of several types (value[x]): their names by type, and their slices by type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.snapshots.elements import capital, codes_of, least, most, types_of
from fhir_kb.packages.snapshots.errors import SnapshotError

if TYPE_CHECKING:
    from fhir_kb.packages.snapshots.differential import Change
    from fhir_kb.packages.snapshots.elements import Element
    from fhir_kb.packages.snapshots.tree import Node

#: "(observation | act).count() = 1"
_ONE_OF: Final = re.compile(r"\(([A-Za-z0-9_| ]+)\)\.count\(\) ?(?:<=|=) ?1")

BY_TYPE: Final = {
    "discriminator": [{"type": "type", "path": "$this"}],
    "ordered": False,
    "rules": "open",
}


def chosen(node: Node, name: str) -> Node | None:
    """The choice among the children that the name is one type of: value[x] for valueQuantity."""
    for known, child in node.children.items():
        stem = known.removesuffix("[x]")
        if stem != known and name.startswith(stem) and narrowed(child, name):
            return child
    return None


def narrowed(node: Node, name: str) -> list[Element]:
    """The types of a choice that the name stands for."""
    stem = node.name.removesuffix("[x]")
    return [one for one in types_of(node.said) if name == stem + capital(str(one["code"]))]


def is_choice(node: Node) -> bool:
    """Whether the element is sliced by type, or would be."""
    if not node.name.endswith("[x]"):
        return False
    slicing = node.said.get("slicing")
    given = slicing.get("discriminator") if isinstance(slicing, dict) else None
    if not isinstance(given, list) or not given:
        return True
    return any(isinstance(one, dict) and one.get("type") == "type" for one in given)


def whole(slicing: Any) -> Any:
    """The slicing of a choice with all that it means."""
    if not isinstance(slicing, dict):
        return BY_TYPE
    return {**BY_TYPE, **slicing}


def check_name(node: Node, change: Change, name: str) -> None:
    """SnapshotError: a slice of a choice is not called by its type."""
    if not narrowed(node, name) and "type" in change.said:
        codes = codes_of(change.said)
        stem = node.name.removesuffix("[x]")
        advice = f"call it {stem}{capital(codes[0])}" if codes else ""
        raise SnapshotError("a slice of a choice is called by its type", change.id, advice)


def exclude(node: Node) -> None:
    """Where a constraint allows one child of several, and one must be there, no other can."""
    given = node.said.get("constraint")
    for constraint in given if isinstance(given, list) else ():
        expression = constraint.get("expression") if isinstance(constraint, dict) else None
        found = _ONE_OF.fullmatch(expression) if isinstance(expression, str) else None
        names = {one.strip() for one in found[1].split("|")} if found else set()
        group = [child for name, child in node.children.items() if name in names]
        if any(least(one.said) > 0 for one in group):
            for one in group:
                if least(one.said) == 0:
                    one.said = {**one.said, "max": "0"}


def check_rules(node: Node, change: Change) -> None:
    """SnapshotError: a slicing by type doesn't say whether other types may be there."""
    slicing = node.said.get("slicing")
    if isinstance(slicing, dict) and "rules" not in slicing:
        raise SnapshotError("the slicing has no rules", change.id, "say open or closed")


def only_slices(node: Node | None) -> None:
    """An extension that names types of its value by their names alone has no others."""
    if node is not None and node.slices:
        slicing = whole(node.said.get("slicing"))
        node.said = {**node.said, "slicing": {**slicing, "rules": "closed"}}
        close(node)


def close(node: Node) -> None:
    """What slices by type mean for the choice as a whole. SnapshotError: they exclude each other.

    If one must be there no other can; if the slicing is closed no other type is left.
    """
    slices = list(node.slices.values())
    needed = [one for one in slices if least(one.said) > 0]
    others = [one for one in slices if one not in needed and most(one.said) > 0]
    if needed and (others or len(needed) > 1):
        message = "one of its types must be there, so no other can"
        raise SnapshotError(message, node.name, "leave the other slices out")
    slicing = whole(node.said.get("slicing"))
    types = types_of(node.said)
    if needed:
        types = types_of(needed[0].said)
        slicing = {**slicing, "rules": "closed"}
        node.said = {**node.said, "min": max(least(node.said), least(needed[0].said))}
    known = {code for one in slices for code in codes_of(one.said)}
    if slicing.get("rules") == "closed":
        types = [one for one in types if one["code"] in known] or types
    elif all(one["code"] in known for one in types):
        slicing = {**slicing, "rules": "closed"}
    excluded = {code for one in slices if most(one.said) == 0 for code in codes_of(one.said)} - {
        code for one in slices if most(one.said) > 0 for code in codes_of(one.said)
    }
    types = [one for one in types if one["code"] not in excluded] or types
    node.said = {**node.said, "slicing": slicing, "type": types}
