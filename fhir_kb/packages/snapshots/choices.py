"""Choices (value[x]): their names by type, and their slices by type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.snapshots.elements import capitalized, codes_of, max_of, min_of, types_of
from fhir_kb.packages.snapshots.errors import SnapshotError

if TYPE_CHECKING:
    from fhir_kb.packages.snapshots.differential import DifferentialNode
    from fhir_kb.packages.snapshots.elements import ElementJson
    from fhir_kb.packages.snapshots.tree import SnapshotNode

#: "(observation | act).count() = 1"
_ONE_OF: Final = re.compile(r"\(([A-Za-z0-9_| ]+)\)\.count\(\) ?(?:<=|=) ?1")

BY_TYPE: Final = {
    "discriminator": [{"type": "type", "path": "$this"}],
    "ordered": False,
    "rules": "open",
}


def choice_of(node: SnapshotNode, name: str) -> SnapshotNode | None:
    """The child that is a choice with a type of that name: value[x] for valueQuantity."""
    for child_name, child in node.children.items():
        stem = child_name.removesuffix("[x]")
        if stem != child_name and name.startswith(stem) and types_named(child, name):
            return child
    return None


def types_named(node: SnapshotNode, name: str) -> list[ElementJson]:
    """The types of a choice that the name stands for: Quantity for valueQuantity."""
    stem = node.name.removesuffix("[x]")
    return [
        type_ for type_ in types_of(node.element) if name == stem + capitalized(str(type_["code"]))
    ]


def is_choice(node: SnapshotNode) -> bool:
    """Whether the element is a choice that is sliced by type, or not sliced yet."""
    if not node.name.endswith("[x]"):
        return False
    slicing = node.element.get("slicing")
    discriminators = slicing.get("discriminator") if isinstance(slicing, dict) else None
    if not isinstance(discriminators, list) or not discriminators:
        return True
    return any(isinstance(item, dict) and item.get("type") == "type" for item in discriminators)


def complete_slicing(slicing: Any) -> Any:
    """The slicing of a choice with the properties that it implies."""
    if not isinstance(slicing, dict):
        return BY_TYPE
    return {**BY_TYPE, **slicing}


def check_name(node: SnapshotNode, change: DifferentialNode, name: str) -> None:
    """SnapshotError: a slice of a choice is not named by its type."""
    if not types_named(node, name) and "type" in change.element:
        codes = codes_of(change.element)
        stem = node.name.removesuffix("[x]")
        help_ = f"call it {stem}{capitalized(codes[0])}" if codes else ""
        raise SnapshotError("a slice of a choice is called by its type", change.id, help_)


def exclude_alternatives(node: SnapshotNode) -> None:
    """Set max to 0 for children that a constraint excludes, as another one is required."""
    constraints = node.element.get("constraint")
    for constraint in constraints if isinstance(constraints, list) else ():
        expression = constraint.get("expression") if isinstance(constraint, dict) else None
        match = _ONE_OF.fullmatch(expression) if isinstance(expression, str) else None
        names = {name.strip() for name in match[1].split("|")} if match else set()
        group = [child for name, child in node.children.items() if name in names]
        if any(min_of(child.element) > 0 for child in group):
            for child in group:
                if min_of(child.element) == 0:
                    child.element = {**child.element, "max": "0"}


def check_rules(node: SnapshotNode, change: DifferentialNode) -> None:
    """SnapshotError: a slicing by type doesn't say whether other types are allowed."""
    slicing = node.element.get("slicing")
    if isinstance(slicing, dict) and "rules" not in slicing:
        raise SnapshotError("the slicing has no rules", change.id, "say open or closed")


def restrict_to_slices(node: SnapshotNode | None) -> None:
    """Close the slicing of an extension's value: types that are not named are excluded."""
    if node is not None and node.slices:
        slicing = complete_slicing(node.element.get("slicing"))
        node.element = {**node.element, "slicing": {**slicing, "rules": "closed"}}
        restrict_by_slices(node)


def restrict_by_slices(node: SnapshotNode) -> None:
    """Restrict a choice by its slices by type. SnapshotError: they exclude each other.

    If one of them is required no other is allowed; if the slicing is closed no other type is left.
    """
    slices = list(node.slices.values())
    required = [slice_ for slice_ in slices if min_of(slice_.element) > 0]
    others = [s for s in slices if s not in required and max_of(s.element) > 0]
    if required and (others or len(required) > 1):
        message = "one of its types must be there, so no other can"
        raise SnapshotError(message, node.name, "leave the other slices out")
    slicing = complete_slicing(node.element.get("slicing"))
    types = types_of(node.element)
    if required:
        required_min = min_of(required[0].element)
        types = types_of(required[0].element)
        slicing = {**slicing, "rules": "closed"}
        node.element = {**node.element, "min": max(min_of(node.element), required_min)}
    sliced = {code for slice_ in slices for code in codes_of(slice_.element)}
    if slicing.get("rules") == "closed":
        types = [type_ for type_ in types if type_["code"] in sliced] or types
    elif all(type_["code"] in sliced for type_ in types):
        slicing = {**slicing, "rules": "closed"}
    excluded = _codes_with_max(slices, zero=True) - _codes_with_max(slices, zero=False)
    types = [type_ for type_ in types if type_["code"] not in excluded] or types
    node.element = {**node.element, "slicing": slicing, "type": types}


def _codes_with_max(slices: list[SnapshotNode], *, zero: bool) -> set[str]:
    return {
        code
        for slice_ in slices
        if (max_of(slice_.element) == 0) is zero
        for code in codes_of(slice_.element)
    }
