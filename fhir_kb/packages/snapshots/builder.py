"""Applying a differential to the tree of the base's snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.packages.snapshots import choices, expand
from fhir_kb.packages.snapshots.checks import check_types, check_values
from fhir_kb.packages.snapshots.contradictions import contradictions_of
from fhir_kb.packages.snapshots.elements import (
    codes_of,
    max_of,
    min_of,
    profiles_of,
    types_of,
    value_properties,
)
from fhir_kb.packages.snapshots.errors import SnapshotError
from fhir_kb.packages.snapshots.merge import merged, of_type, slice_of
from fhir_kb.packages.snapshots.tree import SnapshotNode

if TYPE_CHECKING:
    from fhir_kb.packages.snapshots.contradictions import Contradiction
    from fhir_kb.packages.snapshots.differential import DifferentialNode
    from fhir_kb.packages.snapshots.elements import ElementJson
    from fhir_kb.packages.snapshots.lookup import StructureLookup

#: More than the largest profiles add to their bases; a differential that adds more is refused.
MAX_ELEMENTS: Final = 20_000

_BY_URL: Final = {
    "discriminator": [{"type": "value", "path": "url"}],
    "ordered": False,
    "rules": "open",
}


class SnapshotBuilder:
    """Builds a snapshot from a copy of the base's tree."""

    def __init__(
        self,
        root: SnapshotNode,
        structures: StructureLookup,
        url: str,
        *,
        is_specialization: bool,
    ) -> None:
        """A builder.

        Args:
            root: The root of the tree, which is changed.
            structures: The definitions of types and profiles.
            url: The url of the profile itself.
            is_specialization: Whether it is a new type, which may add elements.
        """
        self.contradictions: list[Contradiction] = []
        self._room = MAX_ELEMENTS
        self._root = root
        self._structures = structures
        self._url = url
        self._is_specialization = is_specialization

    def apply(
        self,
        node: SnapshotNode,
        change: DifferentialNode,
        base: ElementJson | None = None,
        *,
        in_slice: bool = False,
    ) -> None:
        """Apply an element of the differential, and those below it.

        Args:
            node: The element of the snapshot, which is changed.
            change: The element of the differential.
            base: The element that it must not contradict; that of the node by default.
            in_slice: Whether the node is in a slice.

        Raises:
            SnapshotError: It contradicts the base, or there is no such element.
        """
        before = node.element
        if change.element:
            self._merge(node, change, base or node.element)
        if change.children:
            if (
                not self._is_specialization
                or types_of(node.element)
                or "contentReference" in node.element
            ):
                self._expand(node, change.id)
            for child in list(change.children.values()):
                self._apply_child(node, child, change, in_slice=in_slice)
            choices.exclude_alternatives(node)
            if change.id == "Extension" and "value[x]" not in change.children:
                choices.restrict_to_slices(node.children.get("value[x]"))
        if change.slices:
            self._apply_slices(node, change, before)

    def _expand(self, node: SnapshotNode, element_id: str) -> None:
        if not node.children:
            expand.expand(node, element_id, self._root, self._structures)
            self._count(node)

    def _count(self, node: SnapshotNode) -> None:
        """Count new elements. SnapshotError: there are too many."""
        self._room -= node.count()
        if self._room < 0:
            raise SnapshotError(f"more than {MAX_ELEMENTS} elements", "", "split the profile")

    def _merge(self, node: SnapshotNode, change: DifferentialNode, base: ElementJson) -> None:
        """Merge the element of the differential into the node."""
        changed = change.element
        check_types(node.element, changed, change.id, self._structures)
        self.contradictions += contradictions_of(base, changed, change.id)
        element = merged(node.element, changed)
        if not self._is_specialization:
            # http://hl7.org/fhir/structuredefinition.html, sdf-21: only new types have defaults.
            for name in value_properties(changed, ("defaultValue",)):
                element.pop(name)
        if not self._structures.lenient:
            check_values(element, changed, change.id)
        element = self._with_type_profile(node, element, changed)
        if "contentReference" in node.element:
            element.pop("type", None)
        node.element = element
        if node is self._root and self._url in _profiles_of_only_type(element):
            raise SnapshotError("its type is itself: a circle", change.id, "leave the profile out")
        is_excluded = "max" in changed and max_of(changed) == 0
        if is_excluded and min_of(element) > 0 and node.slice_name:
            node.element = {**element, "min": 0}

    def _with_type_profile(
        self, node: SnapshotNode, element: ElementJson, changed: ElementJson
    ) -> ElementJson:
        """The element, narrowed by the root of a new profile of its type.

        Where type or profile change, the children of the node are those of another type.
        """
        before, profiles = _profiles_of_only_type(node.element), _profiles_of_only_type(element)
        if profiles and profiles != before and node is not self._root:
            root = expand.profile_root(profiles[0], self._structures)
            if root is not None:
                element = merged(of_type(element, root.element), changed)
                is_whole = "#" not in profiles[0]
                if is_whole and max_of(root.element) < max_of(element):
                    element = {**element, "max": root.element["max"]}
                node.children = {}
        elif before and codes_of(element) != codes_of(node.element):
            node.children = {}
        return element

    def _apply_child(
        self,
        node: SnapshotNode,
        change: DifferentialNode,
        parent: DifferentialNode,
        *,
        in_slice: bool,
    ) -> None:
        child = node.children.get(change.name)
        if child is None:
            choice = choices.choice_of(node, change.name)
            if choice is not None:
                self._apply_choice(choice, change, parent, in_slice=in_slice)
                return
            child = self._new_child(node, change)
        if child is not None:
            self.apply(child, change, in_slice=in_slice)

    def _new_child(self, node: SnapshotNode, change: DifferentialNode) -> SnapshotNode | None:
        """An element that the base does not have under this name; only a new type may add one."""
        if (choice := node.children.get(f"{change.name}[x]")) is not None:
            return choice
        name = change.name.removesuffix("[x]")
        if name != change.name and name in node.children:
            # A choice that has only one type in the base.
            change.name = name
            return node.children[name]
        if not self._is_specialization and self._structures.lenient:
            return None
        if not self._is_specialization:
            raise SnapshotError(
                "the base has no such element", change.id, "correct its path", certain=True
            )
        cardinality = {"min": 0, "max": "1", **change.element}
        base = {"path": change.id, "min": cardinality["min"], "max": cardinality["max"]}
        child = SnapshotNode(change.name, {"base": base})
        node.children[change.name] = child
        return child

    def _apply_choice(
        self,
        node: SnapshotNode,
        change: DifferentialNode,
        parent: DifferentialNode,
        *,
        in_slice: bool,
    ) -> None:
        """valueQuantity, which is short for the slice value[x]:valueQuantity."""
        choice_change = parent.children.get(node.name)
        has_several = len(types_of(node.element)) > 1
        is_on_the_way = not change.element and not change.slices and not node.slices
        if is_on_the_way and (in_slice or not has_several):
            # The differential only changes elements below it.
            self._narrow(node, change, in_slice=in_slice)
            return
        if in_slice and choice_change is None:
            is_narrowed = "type" in change.element and not change.slices
            if is_narrowed and (change.children or not has_several):
                node.slices.clear()
                self._narrow(node, change, in_slice=in_slice)
                return
            types = choices.types_named(node, change.name)
            node.element = {**node.element, "type": types}
        before = node.element
        if choice_change is not None:
            choices.check_rules(node, choice_change)
            before = {**before, "mustSupport": before.get("mustSupport", False)}
            if "mustSupport" in choice_change.element:
                before["mustSupport"] = False
        for name in list(change.slices) or [change.name]:
            slice_change = change.slices.get(name, change)
            if name != change.name:
                help_ = f"call it {change.name}"
                raise SnapshotError(
                    "a slice of a choice is called by its type", slice_change.id, help_
                )
            self._apply_slice(node, slice_change, change.name, before)
        if "slicing" not in node.element:
            node.element = {**node.element, "slicing": choices.BY_TYPE}
        choices.restrict_by_slices(node)

    def _narrow(self, node: SnapshotNode, change: DifferentialNode, *, in_slice: bool) -> None:
        """Narrow a choice to the type that the name stands for."""
        node.element = {**node.element, "type": choices.types_named(node, change.name)}
        self.apply(node, change, in_slice=in_slice)

    def _apply_slices(
        self, node: SnapshotNode, change: DifferentialNode, before: ElementJson
    ) -> None:
        is_choice = choices.is_choice(node)
        inherited = tuple(node.slices)
        if "slicing" not in node.element:
            if is_choice:
                node.element = {**node.element, "slicing": choices.BY_TYPE}
            elif "Extension" in codes_of(node.element):
                node.element = {**node.element, "slicing": _BY_URL}
        elif is_choice:
            choices.check_rules(node, change)
            slicing = choices.complete_slicing(node.element["slicing"])
            node.element = {**node.element, "slicing": slicing}
        for name, slice_change in change.slices.items():
            self._apply_slice(node, slice_change, name, before)
        if is_choice:
            choices.restrict_by_slices(node)
            added = [name for name in change.slices if name not in inherited]
            node.slices = {name: node.slices[name] for name in (*added, *inherited)}
        elif "slicing" not in change.element:
            total = sum(
                min_of(slice_.element)
                for slice_ in node.slices.values()
                if "/" not in slice_.slice_name
            )
            node.element = {**node.element, "min": max(min_of(node.element), total)}

    def _apply_slice(
        self, node: SnapshotNode, change: DifferentialNode, name: str, before: ElementJson
    ) -> None:
        slice_ = inherited = node.slices.get(name)
        if slice_ is None:
            slice_ = self._new_slice(node, name, before)
            if node.name.endswith("[x]") and choices.is_choice(node):
                choices.check_name(node, change, name)
                types = choices.types_named(node, name)
                slice_.element = {**slice_.element, "type": types}
                if len(types_of(node.element)) == 1:
                    slice_.element = {**slice_.element, "min": min_of(before)}
        # A new slice must not contradict the sliced element as it was before.
        self.apply(slice_, change, before if inherited is None else None, in_slice=True)

    def _new_slice(self, node: SnapshotNode, name: str, before: ElementJson) -> SnapshotNode:
        """A new slice, placed after the slice that it slices further ("a/b" after "a")."""
        parent_name = name.rpartition("/")[0]
        origin = node.slices.get(parent_name, node)
        slice_ = origin.copy_without_slices()
        slice_.slice_name = name
        origin_before = before if origin is node else origin.element
        slice_.element = slice_of(origin.element, name, origin_before)
        self._count(slice_)
        if origin is node:
            node.slices[name] = slice_
            return slice_
        slices = list(node.slices.items())
        at = 1 + max(
            position
            for position, (other, _) in enumerate(slices)
            if other == parent_name or other.startswith(f"{parent_name}/")
        )
        node.slices = dict([*slices[:at], (name, slice_), *slices[at:]])
        return slice_


def _profiles_of_only_type(element: ElementJson) -> list[str]:
    """The profiles of the element's type, if it has only one type."""
    types = types_of(element)
    return profiles_of(types[0]) if len(types) == 1 else []
