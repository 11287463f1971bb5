"""A profile's snapshot as a tree: elements, their children, their slices.

http://hl7.org/fhir/elementdefinition.html; ids say what belongs where ("Patient.name:a/b.given").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from fhir_kb.packages.snapshots.elements import imposed_profiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fhir_kb.packages import Definitions

#: Whether a JSON value surely has nothing wrong by an element, and how much deeper to look at most.
Sure: TypeAlias = "Callable[[Any, int], bool]"
FHIR: Final = "http://hl7.org/fhir/StructureDefinition/"
_TYPES: Final = ("types", "")
_SYSTEM: Final = "http://hl7.org/fhirpath/System."


class BrokenProfileError(Exception):
    """A StructureDefinition that nothing can be checked against; the message says why."""


@dataclass(eq=False, slots=True)
class Node:
    """An element of a profile, or one of its slices.

    definition: its ElementDefinition as JSON. name: the element's name as FHIRPath has it.
    slice_name: "" for what is no slice. children: by name. slices: those of this element, and for
    a slice those that slice it again. idle: it and all in it says what the type says, which is
    checked anyway. kept: what others work out of the definition, by a name of
    theirs: it is asked for again with each resource.
    """

    definition: Mapping[str, Any]
    tree: Tree
    name: str
    slice_name: str = ""
    children: dict[str, Node] = field(default_factory=dict)
    slices: list[Node] = field(default_factory=list)
    kept: dict[tuple[str, str], Any] = field(default_factory=dict)
    idle: bool = False

    @property
    def min(self) -> int:
        """How often it occurs at least."""
        found = self.definition.get("min")
        return found if isinstance(found, int) else 0

    @property
    def max(self) -> int | None:
        """How often it may occur; None stands for "*"."""
        found = str(self.definition.get("max", "*"))
        return int(found) if found.isdecimal() else None

    @property
    def label(self) -> str:
        """What messages call it: "Patient.name:a"."""
        return str(self.definition.get("id") or self.definition.get("path"))

    @property
    def types(self) -> list[Mapping[str, Any]]:
        """The types that a value may have, as JSON; those of FHIRPath itself are left out."""
        known: list[Mapping[str, Any]] | None = self.kept.get(_TYPES)
        if known is None:
            found = self.definition.get("type")
            known = self.kept[_TYPES] = [
                one
                for one in (found if isinstance(found, list) else ())
                if isinstance(one, dict) and not str(one.get("code", _SYSTEM)).startswith(_SYSTEM)
            ]
        return known

    def all_slices(self) -> Iterator[Node]:
        """Its slices and, after each, those that slice it again."""
        for one in self.slices:
            yield one
            yield from one.all_slices()


class Tree:
    """The elements of one StructureDefinition with a snapshot.

    Raises BrokenProfileError where the snapshot is none.
    """

    def __init__(self, structure: Mapping[str, Any], definitions: Definitions) -> None:
        self.structure = structure
        self.url = str(structure.get("url", ""))
        self.type = str(structure.get("type", "")).removeprefix(FHIR)
        self._definitions = definitions
        self._by_path: dict[str, Node] = {}
        elements = _elements(structure)
        self.root = Node(elements[0], self, self.type)
        self._by_path[str(elements[0].get("path"))] = self.root
        for one in elements[1:]:
            self._add(one)

    @property
    def name(self) -> str:
        """What messages call the profile."""
        version = self.structure.get("version")
        return f"{self.url}|{version}" if version else self.url

    def imposed(self) -> list[str]:
        """The profiles that hold besides, though it is not derived from them."""
        return imposed_profiles(self.structure)

    def at(self, path: str) -> Node | None:
        """The element at a path ("Patient.contact"); not a slice."""
        return self._by_path.get(path)

    def _add(self, element: Mapping[str, Any]) -> None:
        steps = _steps(element)
        if not steps:
            raise BrokenProfileError(f"the snapshot of {self.name} has two roots")
        node = self.root
        for step in steps[:-1]:
            found = _child(node, step)
            if found is None:
                raise BrokenProfileError(
                    f"the snapshot of {self.name} has {element.get('id')} "
                    "without the element around it"
                )
            node = found
        self._put(node, steps[-1], element)
        path = str(element.get("path"))
        if path not in self._by_path and (own := _child(node, steps[-1])) and not own.slice_name:
            self._by_path[path] = own

    def _put(self, parent: Node, step: str, element: Mapping[str, Any]) -> None:
        name, _, slice_name = step.partition(":")
        plain = name.removesuffix("[x]")
        if not slice_name and (choice := self._choice(parent, plain)) is not None:
            plain, slice_name = choice, plain  # valueQuantity for value[x]:valueQuantity
        if not slice_name:
            parent.children[plain] = Node(element, self, plain)
            return
        holder = parent.children.get(plain)
        if holder is None:
            # Only slices are constrained here: what holds for all is what the type says.
            holder = parent.children[plain] = Node({"path": element.get("path")}, self, plain)
        parts = slice_name.split("/")
        for number in range(1, len(parts)):
            around = "/".join(parts[:number])
            inner = next((one for one in holder.slices if one.slice_name == around), None)
            holder = inner or holder
        holder.slices.append(Node(element, self, plain, slice_name))

    def _choice(self, parent: Node, name: str) -> str | None:
        """The choice that a name such as valueQuantity stands for."""
        path = self._type_path(parent)
        if path is None:
            return None
        element = known.element if (known := self._definitions.properties(path).get(name)) else None
        return element.name if element is not None and element.name != name else None

    def _type_path(self, node: Node) -> str | None:
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


def never(_value: Any, _room: int) -> bool:
    """A test for what cannot be told for sure."""
    return False


def mark_idle(node: Node, of_type: Mapping[str, Mapping[str, Any]]) -> bool:
    """Mark what says no more than the type's own definition: its elements by path."""
    idle = [mark_idle(child, of_type) for child in node.children.values()]
    base = of_type.get(str(node.definition.get("path")))
    node.idle = (
        all(idle)
        and base is not None
        and not node.slices
        and not node.slice_name
        and "contentReference" not in node.definition
        and _says_the_same(node.definition, base)
    )
    return node.idle


def _says_the_same(one: Mapping[str, Any], base: Mapping[str, Any]) -> bool:
    names = (one.keys() | base.keys()) - _FOR_READERS
    return (
        all(one.get(name) == base.get(name) for name in names)
        and _binding(one) == _binding(base)
        and _keys(one) <= _keys(base)
    )


def _binding(element: Mapping[str, Any]) -> Any:
    found = element.get("binding")
    if not isinstance(found, dict):
        return found
    url = str(found.get("valueSet")).partition("|")[0]
    return found.get("strength"), url, found.get("additional"), found.get("extension")


def _keys(element: Mapping[str, Any]) -> set[str]:
    found = element.get("constraint")
    return (
        {str(one.get("key")) for one in found if isinstance(one, dict)}
        if isinstance(found, list)
        else set()
    )


#: What checks nothing, or is compared in a way of its own.
_FOR_READERS: Final = frozenset(
    {
        "alias", "base", "binding", "comment", "condition", "constraint", "definition", "example",
        "id", "isModifier", "isModifierReason", "isSummary", "label", "mapping",
        "meaningWhenMissing", "mustSupport", "orderMeaning", "representation", "requirements",
        "short", "code",
    }
)  # fmt: skip


def _elements(structure: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    snapshot = structure.get("snapshot")
    found = snapshot.get("element") if isinstance(snapshot, dict) else None
    listed = found if isinstance(found, list) else []
    elements: list[Mapping[str, Any]] = [one for one in listed if isinstance(one, dict)]
    if not elements or not all(isinstance(one.get("path"), str) for one in elements):
        raise BrokenProfileError(f"the snapshot of {structure.get('url')} has no elements")
    return elements


def _steps(element: Mapping[str, Any]) -> list[str]:
    """The steps of its id below the root; of its path and slice name where it has no id."""
    written = element.get("id")
    if isinstance(written, str) and written.count(".") == str(element["path"]).count("."):
        return written.split(".")[1:]
    steps = str(element["path"]).split(".")[1:]
    name = element.get("sliceName")
    return [*steps[:-1], f"{steps[-1]}:{name}"] if isinstance(name, str) and steps else steps


def _child(node: Node, step: str) -> Node | None:
    name, _, slice_name = step.partition(":")
    found = node.children.get(name.removesuffix("[x]"))
    if found is None:
        # The id may say valueQuantity where the tree has a slice of value[x].
        return next(
            (one for c in node.children.values() for one in c.slices if one.slice_name == name),
            None,
        )
    if not slice_name:
        return found
    return next((one for one in found.all_slices() if one.slice_name == slice_name), None)
