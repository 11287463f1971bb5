"""The items of a collection: values of FHIRPath's own types, and nodes of a FHIR resource."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeAlias

from fhir_kb.fhirpath.values.system import Date, DateTime, Long, Quantity, System, Time, TypeInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.fhirpath.types.schema import FhirType, Slot


class Element:
    """A node of a resource: its JSON value, left where it is, with its type and its place.

    value: the JSON object, or the primitive's value (None where it has only extensions).
    extra: the `_x` object beside a primitive. index: its place in a list, -1 outside lists. kept:
    what was worked out of a bundle for all references in it; not there before (surroundings.py).
    """

    __slots__ = ("extra", "index", "kept", "name", "parent", "type", "value")

    kept: Any

    def __init__(
        self,
        value: Any,
        type: FhirType,  # noqa: A002 - the domain's word, and never the builtin here
        extra: Any = None,
        parent: Element | None = None,
        name: str = "",
        index: int = -1,
    ) -> None:
        self.value = value
        self.type = type
        self.extra = extra
        self.parent = parent
        self.name = name
        self.index = index

    @property
    def path(self) -> str:
        """Where it stands: "Patient.name[0].given[1]"."""
        if self.parent is None:
            return self.name or self.type.path
        step = f".{self.name}" if self.index < 0 else f".{self.name}[{self.index}]"
        return self.parent.path + step

    def children(self, name: str) -> list[Element]:
        """The child elements of that name."""
        found: list[Element] = []
        kind = self.type
        if kind.is_open:
            if isinstance(self.value, dict):
                _open_children(self, name, found)
            return found
        slots = kind.slots.get(name)
        if slots is not None:
            holder = self.extra if kind.system else self.value
            if isinstance(holder, dict):
                if len(slots) == 1:
                    _fill(self, name, slots[0], holder, found)
                else:
                    _fill_choice(self, name, slots, holder, found)
        return found

    def all_children(self) -> list[Element]:
        """All child elements, in FHIR's order."""
        found: list[Element] = []
        holder = self.extra if self.type.system else self.value
        if isinstance(holder, dict):
            if self.type.is_open:
                for key in holder:
                    if key != "resourceType" and not key.startswith("_"):
                        _open_children(self, key, found)
                return found
            for name, slots in self.type.slots.items():
                if len(slots) == 1:
                    _fill(self, name, slots[0], holder, found)
                else:
                    _fill_choice(self, name, slots, holder, found)
        return found

    def system(self) -> System | None:
        """The primitive's value as FHIRPath's own type; None where it has none or is malformed."""
        kind = self.type.system
        value = self.value
        if not kind or value is None:
            return None
        if kind == "String":
            return value if isinstance(value, str) else None
        return _CONVERT[kind](value)

    def quantity(self) -> Quantity | None:
        """A Quantity (or Money) as FHIRPath's own type; None where it has no value."""
        if not isinstance(self.value, dict):
            return None
        number = _decimal(self.value.get("value"))
        if number is None or self.value.get("comparator") is not None:
            return None
        code, unit = self.value.get("code"), self.value.get("unit")
        chosen = code if isinstance(code, str) else unit
        return Quantity.of(number, chosen if isinstance(chosen, str) else "1")


Item: TypeAlias = "System | Element"
Items: TypeAlias = "list[Item]"

EMPTY: list[Item] = []
TRUE: list[Item] = [True]
FALSE: list[Item] = [False]
# These three are shared: no function may change a collection that it was given.


def boolean(value: bool | None) -> list[Item]:
    """The collection of a three-valued truth."""
    if value is None:
        return EMPTY
    return TRUE if value else FALSE


def _fill(
    parent: Element, name: str, slot: Slot, holder: dict[str, Any], found: list[Element]
) -> None:
    value = holder.get(slot.key)
    extra = holder.get(slot.extra_key) if slot.extra_key else None
    if value is None and extra is None:
        return
    if isinstance(value, list) or (value is None and isinstance(extra, list)):
        _fill_list(parent, name, slot, value or [], extra, found)
    else:
        kind = slot.type or parent.type.schema.of_value(value)
        found.append(Element(value, kind, extra, parent, name))


def _fill_choice(
    parent: Element,
    name: str,
    slots: tuple[Slot, ...],
    holder: dict[str, Any],
    found: list[Element],
) -> None:
    """Fill from the one of many JSON properties (value[x] has 54) that is there."""
    prefixed = [key for key in holder if key.startswith((name, "_" + name))]
    if prefixed:
        for slot in slots:
            if slot.key in prefixed or slot.extra_key in prefixed:
                _fill(parent, name, slot, holder, found)


def _fill_list(
    parent: Element, name: str, slot: Slot, values: list[Any], extra: Any, found: list[Element]
) -> None:
    extras = extra if isinstance(extra, list) else []
    for index in range(max(len(values), len(extras))):
        value = values[index] if index < len(values) else None
        beside = extras[index] if index < len(extras) else None
        if value is not None or beside is not None:
            kind = slot.type or parent.type.schema.of_value(value)
            found.append(Element(value, kind, beside, parent, name, index))


def _open_children(parent: Element, name: str, found: list[Element]) -> None:
    value, extra = parent.value.get(name), parent.value.get("_" + name)
    if value is None and extra is None:
        return
    schema = parent.type.schema
    if not isinstance(value, list):
        found.append(Element(value, schema.of_value(value), extra, parent, name))
        return
    for index, one in enumerate(value):
        if one is not None:
            found.append(Element(one, schema.of_value(one), None, parent, name, index))


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal):
        return value if value.is_finite() and abs(value.adjusted()) < 400 else None
    if isinstance(value, int):
        return Decimal(value) if abs(value) < 10**60 else None
    if not isinstance(value, float):
        return None
    try:
        number = Decimal(repr(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _integer(value: Any) -> int | None:
    if isinstance(value, Decimal):
        is_whole = (
            value.is_finite() and value.adjusted() < 20 and value == value.to_integral_value()
        )
        return int(value) if is_whole else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _long(value: Any) -> Long | None:
    if isinstance(value, str):
        is_number = value.lstrip("+-").isdecimal() and value.isascii() and len(value) < 22
        return Long(value) if is_number else None
    number = _integer(value)
    return None if number is None else Long(number)


_CONVERT: dict[str, Callable[[Any], System | None]] = {
    "Boolean": lambda value: value if isinstance(value, bool) else None,
    "Integer": _integer,
    "Long": _long,
    "Decimal": _decimal,
    "Date": lambda value: Date.parse(value) if isinstance(value, str) else None,
    "DateTime": lambda value: DateTime.parse(value) if isinstance(value, str) else None,
    "Time": lambda value: Time.parse(value) if isinstance(value, str) else None,
}


def value_of(item: Item) -> System | None:
    """The item as a value of FHIRPath's own types, as far as it has one (implicit conversion)."""
    if not isinstance(item, Element):
        return item
    if item.type.system:
        return item.system()
    return item.quantity() if "Quantity" in item.type.names else None


def type_of(item: Item) -> TypeInfo:
    """The type of an item, with its namespace."""
    if isinstance(item, Element):
        base = f"FHIR.{item.type.base}" if item.type.base else ""
        return TypeInfo("FHIR", item.type.name, base)
    return TypeInfo("System", system_name(item), "System.Any")


def system_name(value: System) -> str:
    """The name of a value's type: "Boolean", "DateTime"."""
    return _SYSTEM_NAMES.get(type(value), type(value).__name__)


_SYSTEM_NAMES: dict[type, str] = {
    bool: "Boolean",
    int: "Integer",
    str: "String",
    TypeInfo: "TypeInfo",
}
