"""Static types: which types the result of an expression can have, before it is evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from fhir_kb.fhirpath.types.schema import FhirType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.fhirpath.types.schema import Slot

Types: TypeAlias = "frozenset[FhirType | str] | None"
"""FHIR types, and System types by name ("Boolean"); None where anything is possible."""

NOTHING: Types = frozenset()


def system(*names: str) -> Types:
    """Types of the System namespace, by name."""
    return frozenset(names)


def join_types(*alternatives: Types) -> Types:
    """The types of items that come from any of several collections."""
    joined: frozenset[FhirType | str] = frozenset()
    for types in alternatives:
        if types is None:
            return None
        joined |= types
    return joined


def slots_of(fhir_type: FhirType, name: str, *, json_names: bool) -> tuple[Slot, ...]:
    """The slots of the element `name`; with `json_names` the name may also be "valueQuantity"."""
    slots = fhir_type.slots.get(name)
    if slots is None and json_names:
        slots = tuple(
            slot
            for element_slots in fhir_type.slots.values()
            for slot in element_slots
            if slot.key == name
        )
    return slots or ()


def member_types(types: Types, name: str, *, json_names: bool = False) -> Types:
    """The types of the element `name` of something of these types."""
    if types is None:
        return None
    member: set[FhirType | str] = set()
    for owner in types:
        if isinstance(owner, str):
            member |= _SYSTEM_MEMBERS.get((owner, name), set())
            continue
        if owner.is_open:
            return None
        if owner.system and name == "value":
            member.add(owner.system)
        for slot in slots_of(owner, name, json_names=json_names):
            if slot.type is None:
                return None
            member.add(slot.type)
    return frozenset(member)


_SYSTEM_MEMBERS: dict[tuple[str, str], set[FhirType | str]] = {
    ("Quantity", "value"): {"Decimal"},
    ("Quantity", "unit"): {"String"},
    ("TypeInfo", "name"): {"String"},
    ("TypeInfo", "namespace"): {"String"},
    ("TypeInfo", "baseType"): {"String"},
}


def has_member(types: Types, name: str, *, json_names: bool) -> bool:
    """Whether something of these types may have that element; true where that is not known."""
    return types is None or not types or member_types(types, name, json_names=json_names) != NOTHING


def describe(types: Iterable[FhirType | str]) -> str:
    """The types as a sentence names them: "HumanName", "Range or Quantity"."""
    return " or ".join(sorted(kind if isinstance(kind, str) else kind.path for kind in types))


def elements_of(types: Types) -> frozenset[str]:
    """The names of all elements that something of these types may have."""
    return frozenset(
        name for kind in types or () if isinstance(kind, FhirType) for name in kind.slots
    )


def is_never(types: Types, system_name: str) -> bool:
    """Whether no result can be of the given System type, or converts to it."""
    return bool(types) and not any(
        kind == system_name
        or (isinstance(kind, FhirType) and (kind.is_open or kind.system == system_name))
        for kind in types or ()
    )
