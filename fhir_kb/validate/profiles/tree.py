"""A profile's snapshot as a tree: elements, their children, their slices.

http://hl7.org/fhir/elementdefinition.html; ids say what belongs where ("Patient.name:a/b.given").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.snapshots.elements import imposed_profiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.packages import Definitions

CORE_URL: Final = "http://hl7.org/fhir/StructureDefinition/"
_TYPES: Final = ("types", "")
_SYSTEM_TYPE: Final = "http://hl7.org/fhirpath/System."


class BrokenProfileError(Exception):
    """A StructureDefinition that nothing can be checked against; the message says why."""


@dataclass(eq=False, slots=True)
class ProfileNode:
    """An element of a profile, or one of its slices."""

    definition: Mapping[str, Any]
    """The ElementDefinition as JSON."""
    tree: ProfileTree
    name: str
    """The element's name as FHIRPath has it ("value" for value[x])."""
    slice_name: str = ""
    """"" for an element that is no slice."""
    children: dict[str, ProfileNode] = field(default_factory=dict)
    """Children by name."""
    slices: list[ProfileNode] = field(default_factory=list)
    """Slices of this element; of a slice those that slice it again."""
    cache: dict[tuple[str, str], Any] = field(default_factory=dict)
    """Values that other modules derive from the definition, by a key of theirs."""
    is_unconstrained: bool = False
    """It and all below it demand no more than the type, which is checked anyway."""

    @property
    def min(self) -> int:
        """The minimum cardinality."""
        minimum = self.definition.get("min")
        return minimum if isinstance(minimum, int) else 0

    @property
    def max(self) -> int | None:
        """The maximum cardinality; None for "*"."""
        maximum = str(self.definition.get("max", "*"))
        return int(maximum) if maximum.isdecimal() else None

    @property
    def types(self) -> list[Mapping[str, Any]]:
        """ElementDefinition.type without FHIRPath's System types."""
        types: list[Mapping[str, Any]] | None = self.cache.get(_TYPES)
        if types is None:
            listed = self.definition.get("type")
            types = self.cache[_TYPES] = [
                entry
                for entry in (listed if isinstance(listed, list) else ())
                if isinstance(entry, dict)
                and not str(entry.get("code", _SYSTEM_TYPE)).startswith(_SYSTEM_TYPE)
            ]
        return types

    @property
    def type_codes(self) -> list[str]:
        """The codes of `types`."""
        return [str(entry.get("code", "")) for entry in self.types]

    def all_slices(self) -> Iterator[ProfileNode]:
        """Its slices and, after each, those that slice it again."""
        for slice_ in self.slices:
            yield slice_
            yield from slice_.all_slices()


class ProfileTree:
    """The elements of one StructureDefinition with a snapshot."""

    def __init__(self, structure: Mapping[str, Any], definitions: Definitions) -> None:
        """Build the tree; raises BrokenProfileError where the snapshot is unusable."""
        self.structure = structure
        self.url = str(structure.get("url", ""))
        self.type = str(structure.get("type", "")).removeprefix(CORE_URL)
        self._definitions = definitions
        self._by_path: dict[str, ProfileNode] = {}
        root, *others = _snapshot_elements(structure)
        self.root = ProfileNode(root, self, self.type)
        self._by_path[str(root.get("path"))] = self.root
        for element in others:
            self._add(element)

    @property
    def name(self) -> str:
        """The name of the profile in messages: "url|version"."""
        version = self.structure.get("version")
        return f"{self.url}|{version}" if version else self.url

    def imposed_profiles(self) -> list[str]:
        """Profiles that apply too, though this one is not derived from them (imposeProfile)."""
        return imposed_profiles(self.structure)

    def node_at(self, path: str) -> ProfileNode | None:
        """The element at a path ("Patient.contact"); never a slice."""
        return self._by_path.get(path)

    def _add(self, element: Mapping[str, Any]) -> None:
        steps = _id_steps(element)
        if not steps:
            raise BrokenProfileError(f"the snapshot of {self.name} has two roots")
        node = self.root
        for step in steps[:-1]:
            child = _child(node, step)
            if child is None:
                raise BrokenProfileError(
                    f"the snapshot of {self.name} has {element.get('id')} "
                    "without the element around it"
                )
            node = child
        self._put(node, steps[-1], element)
        path = str(element.get("path"))
        if path not in self._by_path and (own := _child(node, steps[-1])) and not own.slice_name:
            self._by_path[path] = own

    def _put(self, parent: ProfileNode, step: str, element: Mapping[str, Any]) -> None:
        name, _, slice_name = step.partition(":")
        plain = name.removesuffix("[x]")
        if not slice_name and (choice := self._choice_name(parent, plain)) is not None:
            plain, slice_name = choice, plain  # valueQuantity for value[x]:valueQuantity
        if not slice_name:
            parent.children[plain] = ProfileNode(element, self, plain)
            return
        holder = parent.children.get(plain)
        if holder is None:
            # Only slices are constrained here: the element itself is as in the type.
            holder = ProfileNode({"path": element.get("path")}, self, plain)
            parent.children[plain] = holder
        parts = slice_name.split("/")
        for number in range(1, len(parts)):
            outer_name = "/".join(parts[:number])
            outer = next((s for s in holder.slices if s.slice_name == outer_name), None)
            holder = outer or holder
        holder.slices.append(ProfileNode(element, self, plain, slice_name))

    def _choice_name(self, parent: ProfileNode, name: str) -> str | None:
        """The choice element ("value") that a name such as valueQuantity stands for."""
        path = self._type_path(parent)
        if path is None:
            return None
        slot = self._definitions.properties(path).get(name)
        element = slot.element if slot is not None else None
        return element.name if element is not None and element.name != name else None

    def _type_path(self, node: ProfileNode) -> str | None:
        path = str(node.definition.get("path", ""))
        if path.partition(".")[0] not in self._definitions:
            return None
        if "." not in path:
            return path
        owner = self._definitions.type(path.partition(".")[0])
        if path in owner.children:
            return path
        code = str(node.types[0].get("code")) if len(node.types) == 1 else ""
        return code if code in self._definitions else None


def _snapshot_elements(structure: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    snapshot = structure.get("snapshot")
    listed = snapshot.get("element") if isinstance(snapshot, dict) else None
    elements: list[Mapping[str, Any]] = [
        element
        for element in (listed if isinstance(listed, list) else ())
        if isinstance(element, dict)
    ]
    if not elements or not all(isinstance(element.get("path"), str) for element in elements):
        raise BrokenProfileError(f"the snapshot of {structure.get('url')} has no elements")
    return elements


def _id_steps(element: Mapping[str, Any]) -> list[str]:
    """The steps of its id below the root; of its path and slice name where it has no id."""
    element_id = element.get("id")
    if isinstance(element_id, str) and element_id.count(".") == str(element["path"]).count("."):
        return element_id.split(".")[1:]
    steps = str(element["path"]).split(".")[1:]
    name = element.get("sliceName")
    return [*steps[:-1], f"{steps[-1]}:{name}"] if isinstance(name, str) and steps else steps


def _child(node: ProfileNode, step: str) -> ProfileNode | None:
    name, _, slice_name = step.partition(":")
    child = node.children.get(name.removesuffix("[x]"))
    if child is None:
        # The id may say valueQuantity where the tree has a slice of value[x].
        slices = (slice_ for child in node.children.values() for slice_ in child.slices)
        return next((slice_ for slice_ in slices if slice_.slice_name == name), None)
    if not slice_name:
        return child
    return next((s for s in child.all_slices() if s.slice_name == slice_name), None)
