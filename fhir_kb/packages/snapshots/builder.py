"""Changes of a differential, put on a snapshot's tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.packages.snapshots import choices, expand
from fhir_kb.packages.snapshots.checks import check_types, check_values
from fhir_kb.packages.snapshots.contradictions import contradictions_of
from fhir_kb.packages.snapshots.elements import codes_of, least, most, profiles_of, types_of, valued
from fhir_kb.packages.snapshots.errors import SnapshotError
from fhir_kb.packages.snapshots.merge import merged, of_type, slice_of
from fhir_kb.packages.snapshots.tree import Node

if TYPE_CHECKING:
    from fhir_kb.packages.snapshots.contradictions import Contradiction
    from fhir_kb.packages.snapshots.differential import Change
    from fhir_kb.packages.snapshots.elements import Element
    from fhir_kb.packages.snapshots.lookup import Sources

#: More than the largest profiles add to their bases; a differential that adds more is refused.
MAX_ELEMENTS: Final = 20_000

_BY_URL: Final = {
    "discriminator": [{"type": "value", "path": "url"}],
    "ordered": False,
    "rules": "open",
}


class Making:
    """A snapshot in the making: root, where it begins; url: the profile's own."""

    def __init__(self, root: Node, sources: Sources, url: str, *, special: bool) -> None:
        self.noted: list[Contradiction] = []
        self._room = MAX_ELEMENTS
        self._root = root
        self._sources = sources
        self._url = url
        self._special = special

    def apply(
        self, node: Node, change: Change, base: Element | None = None, *, in_slice: bool = False
    ) -> None:
        """Put the change and those below it on the node; base: what it must not contradict.

        SnapshotError: it contradicts the base, or there is no such element.
        """
        before = node.said
        if change.said:
            self._say(node, change, base or node.said)
        if change.children:
            if not self._special or types_of(node.said) or "contentReference" in node.said:
                self._expand(node, change.id)
            for one in list(change.children.values()):
                self._child(node, one, change, in_slice=in_slice)
            choices.exclude(node)
            if change.id == "Extension" and "value[x]" not in change.children:
                choices.only_slices(node.children.get("value[x]"))
        if change.slices:
            self._slices(node, change, before)

    def _expand(self, node: Node, name: str) -> None:
        if not node.children:
            expand.expand(node, name, self._root, self._sources)
            self._take(node)

    def _take(self, node: Node) -> None:
        """Count what is new. SnapshotError: it is too much."""
        self._room -= node.count()
        if self._room < 0:
            raise SnapshotError(f"more than {MAX_ELEMENTS} elements", "", "split the profile")

    def _say(self, node: Node, change: Change, base: Element) -> None:
        said = change.said
        check_types(node.said, said, change.id, self._sources)
        self.noted += contradictions_of(base, said, change.id)
        before = profiles_of_one(node.said)
        made = merged(node.said, said)
        if not self._special:
            # http://hl7.org/fhir/structuredefinition.html, sdf-21: only new types have defaults.
            for name in valued(said, ("defaultValue",)):
                made.pop(name)
        if not self._sources.forgiving:
            check_values(made, said, change.id)
        profiles = profiles_of_one(made)
        if profiles and profiles != before and node is not self._root:
            root = expand.profile_root(profiles[0], self._sources)
            if root is not None:
                made = self._with_profile(made, said, root, whole="#" not in profiles[0])
                node.children = {}
        elif before and codes_of(made) != codes_of(node.said):
            node.children = {}
        if "contentReference" in node.said:
            made.pop("type", None)
        node.said = made
        if node is self._root and self._url in profiles:
            raise SnapshotError("its type is itself: a circle", change.id, "leave the profile out")
        if max_of(said) == 0 and least(made) > 0 and node.slice_name:
            node.said = {**made, "min": 0}

    def _with_profile(self, made: Element, said: Element, root: Node, *, whole: bool) -> Element:
        """What the root of the profile of its type says of the element, as far as it narrows."""
        made = merged(of_type(made, root.said), said)
        if whole and most(root.said) < most(made):
            made = {**made, "max": root.said["max"]}
        return made

    def _child(self, node: Node, change: Change, parent: Change, *, in_slice: bool) -> None:
        child = node.children.get(change.name)
        if child is None:
            chosen = choices.chosen(node, change.name)
            if chosen is not None:
                self._choice(chosen, change, parent, in_slice=in_slice)
                return
            child = self._new(node, change)
        if child is not None:
            self.apply(child, change, in_slice=in_slice)

    def _new(self, node: Node, change: Change) -> Node | None:
        """An element that only the differential has: in a new type, that is what it is for."""
        if (choice := node.children.get(f"{change.name}[x]")) is not None:
            return choice
        other = change.name.removesuffix("[x]")
        if other != change.name and other in node.children:
            # A choice that the base has only one type of.
            change.name = other
            return node.children[other]
        if not self._special and self._sources.forgiving:
            return None
        if not self._special:
            raise SnapshotError(
                "the base has no such element", change.id, "correct its path", certain=True
            )
        said = {"min": 0, "max": "1", **change.said}
        base = {"path": change.id, "min": said["min"], "max": said["max"]}
        child = Node(change.name, {"base": base})
        node.children[change.name] = child
        return child

    def _choice(self, node: Node, change: Change, parent: Change, *, in_slice: bool) -> None:
        """valueQuantity, which is short for the slice value[x]:valueQuantity."""
        only = choices.narrowed(node, change.name)
        whole = parent.children.get(node.name)
        several = len(types_of(node.said)) > 1
        if not change.said and not change.slices and not node.slices and (in_slice or not several):
            # Only a step on the way to what is below it.
            self._narrow(node, change, in_slice=in_slice)
            return
        if in_slice and whole is None:
            if "type" in change.said and not change.slices and (change.children or not several):
                node.slices.clear()
                self._narrow(node, change, in_slice=in_slice)
                return
            node.said = {**node.said, "type": only}
        before = node.said
        if whole is not None:
            choices.check_rules(node, whole)
            before = {**before, "mustSupport": before.get("mustSupport", False)}
            if "mustSupport" in whole.said:
                before["mustSupport"] = False
        for name in list(change.slices) or [change.name]:
            part = change.slices.get(name, change)
            if name != change.name:
                advice = f"call it {change.name}"
                raise SnapshotError("a slice of a choice is called by its type", part.id, advice)
            self._one_slice(node, part, change.name, before)
        if "slicing" not in node.said:
            node.said = {**node.said, "slicing": choices.BY_TYPE}
        choices.close(node)

    def _narrow(self, node: Node, change: Change, *, in_slice: bool) -> None:
        """A choice that is of one type only."""
        node.said = {**node.said, "type": choices.narrowed(node, change.name)}
        self.apply(node, change, in_slice=in_slice)

    def _slices(self, node: Node, change: Change, before: Element) -> None:
        is_choice = choices.is_choice(node)
        known = tuple(node.slices)
        if "slicing" not in node.said:
            if is_choice:
                node.said = {**node.said, "slicing": choices.BY_TYPE}
            elif "Extension" in codes_of(node.said):
                node.said = {**node.said, "slicing": _BY_URL}
        elif is_choice:
            choices.check_rules(node, change)
            node.said = {**node.said, "slicing": choices.whole(node.said["slicing"])}
        for name, one in change.slices.items():
            self._one_slice(node, one, name, before)
        if is_choice:
            choices.close(node)
            new = [name for name in change.slices if name not in known]
            node.slices = {name: node.slices[name] for name in (*new, *known)}
        elif "slicing" not in change.said:
            total = sum(
                least(one.said) for one in node.slices.values() if "/" not in one.slice_name
            )
            node.said = {**node.said, "min": max(least(node.said), total)}

    def _one_slice(self, node: Node, change: Change, name: str, before: Element) -> None:
        found = known = node.slices.get(name)
        if found is None:
            found = self._sliced(node, name, before)
            if node.name.endswith("[x]") and choices.is_choice(node):
                choices.check_name(node, change, name)
                types = choices.narrowed(node, name)
                found.said = {**found.said, "type": types}
                if len(types_of(node.said)) == 1:
                    found.said = {**found.said, "min": least(before)}
        # A new slice is held against what is sliced as it was before.
        self.apply(found, change, before if known is None else None, in_slice=True)

    def _sliced(self, node: Node, name: str, before: Element) -> Node:
        """A new slice, after what it slices further ("a/b" after "a")."""
        above = name.rpartition("/")[0]
        origin = node.slices.get(above, node)
        made = origin.unsliced()
        made.slice_name = name
        made.said = slice_of(origin.said, name, before if origin is node else origin.said)
        self._take(made)
        if origin is node:
            node.slices[name] = made
            return made
        listed = list(node.slices.items())
        at = 1 + max(
            place
            for place, (known, _) in enumerate(listed)
            if known == above or known.startswith(f"{above}/")
        )
        node.slices = dict([*listed[:at], (name, made), *listed[at:]])
        return made


def profiles_of_one(element: Element) -> list[str]:
    """The profiles of the element's type, if it has only one."""
    types = types_of(element)
    return profiles_of(types[0]) if len(types) == 1 else []


def max_of(element: Element) -> float | None:
    """The element's max, if it says one."""
    return most(element) if "max" in element else None
