"""What is known of the types of an expression's result before it is evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from fhir_kb.fhirpath.model import FhirType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.fhirpath.model import Slot

Types: TypeAlias = "frozenset[FhirType | str] | None"
"""FHIR types, and System types by name ("Boolean"); None where anything is possible."""

NOTHING: Types = frozenset()


def system(*names: str) -> Types:
    """The types of FHIRPath's own."""
    return frozenset(names)


def join_types(*many: Types) -> Types:
    """The types of what may come from any of them."""
    joined: frozenset[FhirType | str] = frozenset()
    for types in many:
        if types is None:
            return None
        joined |= types
    return joined


def slots_of(kind: FhirType, name: str, *, json_names: bool) -> tuple[Slot, ...]:
    """Where the element `name` may be found; with `json_names` also as "valueQuantity"."""
    slots = kind.slots.get(name)
    if slots is None and json_names:
        slots = tuple(one for many in kind.slots.values() for one in many if one.key == name)
    return slots or ()


def member_types(types: Types, name: str, *, json_names: bool = False) -> Types:
    """The types of the element `name` of something of these types."""
    if types is None:
        return None
    found: set[FhirType | str] = set()
    for kind in types:
        if isinstance(kind, str):
            found |= _SYSTEM_MEMBERS.get((kind, name), set())
            continue
        if kind.is_open:
            return None
        if kind.system and name == "value":
            found.add(kind.system)
        for slot in slots_of(kind, name, json_names=json_names):
            if slot.type is None:
                return None
            found.add(slot.type)
    return frozenset(found)


_SYSTEM_MEMBERS: dict[tuple[str, str], set[FhirType | str]] = {
    ("Quantity", "value"): {"Decimal"},
    ("Quantity", "unit"): {"String"},
    ("TypeInfo", "name"): {"String"},
    ("TypeInfo", "namespace"): {"String"},
    ("TypeInfo", "baseType"): {"String"},
}


def has_member(types: Types, name: str, *, json_names: bool) -> bool:
    """Whether something of these types may have that element, as far as is known."""
    return types is None or not types or member_types(types, name, json_names=json_names) != NOTHING


def describe(types: Iterable[FhirType | str]) -> str:
    """The types as a sentence names them: "HumanName", "Range or Quantity"."""
    return " or ".join(sorted(one if isinstance(one, str) else one.path for one in types))


def elements_of(types: Types) -> frozenset[str]:
    """The names of all elements that something of these types may have."""
    return frozenset(name for one in types or () if isinstance(one, FhirType) for name in one.slots)


def is_never(types: Types, system_name: str) -> bool:
    """Whether it is known that no result is of the given System type, or converts to it."""
    return bool(types) and not any(
        one == system_name
        or (isinstance(one, FhirType) and (one.is_open or one.system == system_name))
        for one in types or ()
    )
