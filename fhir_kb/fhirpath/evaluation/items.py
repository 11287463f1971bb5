"""The items of a collection: System values, and elements of a FHIR resource."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeAlias

from fhir_kb.fhirpath.values.system import Date, DateTime, Long, Quantity, System, Time, TypeInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.fhirpath.types.schema import FhirType, Slot


class Element:
    """An element of a resource, or a resource: its JSON value with its type and its place."""

    __slots__ = ("bundle_index", "extra", "index", "name", "parent", "type", "value")

    bundle_index: Any
    """The index of a bundle's entries, set when it is first needed (references.py)."""

    def __init__(
        self,
        value: Any,
        type: FhirType,  # noqa: A002 - the domain's word, and never the builtin here
        extra: Any = None,
        parent: Element | None = None,
        name: str = "",
        index: int = -1,
    ) -> None:
        """An element.

        Args:
            value: The JSON object, or the value of a primitive (None: it has only extensions).
            type: Its type.
            extra: The `_x` object beside a primitive.
            parent: The element that it is in.
            name: Its name in the parent: "value" for valueQuantity.
            index: Its position in a list, -1 outside lists.
        """
        self.value = value
        self.type = type
        self.extra = extra
        self.parent = parent
        self.name = name
        self.index = index

    @property
    def path(self) -> str:
        """Its place in the resource: "Patient.name[0].given[1]"."""
        if self.parent is None:
            return self.name or self.type.path
        step = f".{self.name}" if self.index < 0 else f".{self.name}[{self.index}]"
        return self.parent.path + step

    def children(self, name: str) -> list[Element]:
        """The child elements of that name."""
        children: list[Element] = []
        own_type = self.type
        if own_type.is_open:
            if isinstance(self.value, dict):
                _add_untyped(self, name, children)
            return children
        slots = own_type.slots.get(name)
        if slots is not None:
            content = self.extra if own_type.system else self.value
            if isinstance(content, dict):
                if len(slots) == 1:
                    _add(self, name, slots[0], content, children)
                else:
                    _add_choice(self, name, slots, content, children)
        return children

    def all_children(self) -> list[Element]:
        """All child elements, in FHIR's order."""
        children: list[Element] = []
        content = self.extra if self.type.system else self.value
        if isinstance(content, dict):
            if self.type.is_open:
                for key in content:
                    if key != "resourceType" and not key.startswith("_"):
                        _add_untyped(self, key, children)
                return children
            for name, slots in self.type.slots.items():
                if len(slots) == 1:
                    _add(self, name, slots[0], content, children)
                else:
                    _add_choice(self, name, slots, content, children)
        return children

    def system(self) -> System | None:
        """The value of a primitive as a System value; None where it has none or is malformed."""
        system_type = self.type.system
        value = self.value
        if not system_type or value is None:
            return None
        if system_type == "String":
            return value if isinstance(value, str) else None
        return _CONVERT[system_type](value)

    def quantity(self) -> Quantity | None:
        """A Quantity (or Money) as a System Quantity; None where it has no value."""
        if not isinstance(self.value, dict):
            return None
        number = _decimal(self.value.get("value"))
        if number is None or self.value.get("comparator") is not None:
            return None
        code, unit = self.value.get("code"), self.value.get("unit")
        text = code if isinstance(code, str) else unit
        return Quantity.of(number, text if isinstance(text, str) else "1")


Item: TypeAlias = "System | Element"
Items: TypeAlias = "list[Item]"

EMPTY: list[Item] = []
TRUE: list[Item] = [True]
FALSE: list[Item] = [False]
# These three are shared: no function may change its input.


def boolean(value: bool | None) -> list[Item]:
    """A three-valued truth as a collection."""
    if value is None:
        return EMPTY
    return TRUE if value else FALSE


def _add(
    parent: Element, name: str, slot: Slot, content: dict[str, Any], children: list[Element]
) -> None:
    value = content.get(slot.key)
    extra = content.get(slot.extra_key) if slot.extra_key else None
    if value is None and extra is None:
        return
    if isinstance(value, list) or (value is None and isinstance(extra, list)):
        _add_list(parent, name, slot, value or [], extra, children)
    else:
        child_type = slot.type or parent.type.schema.of_value(value)
        children.append(Element(value, child_type, extra, parent, name))


def _add_choice(
    parent: Element,
    name: str,
    slots: tuple[Slot, ...],
    content: dict[str, Any],
    children: list[Element],
) -> None:
    """Add the child of a choice, whichever of many JSON properties has it (value[x]: 54)."""
    prefixed = [key for key in content if key.startswith((name, "_" + name))]
    if prefixed:
        for slot in slots:
            if slot.key in prefixed or slot.extra_key in prefixed:
                _add(parent, name, slot, content, children)


def _add_list(
    parent: Element, name: str, slot: Slot, values: list[Any], extra: Any, children: list[Element]
) -> None:
    extras = extra if isinstance(extra, list) else []
    for index in range(max(len(values), len(extras))):
        value = values[index] if index < len(values) else None
        beside = extras[index] if index < len(extras) else None
        if value is not None or beside is not None:
            child_type = slot.type or parent.type.schema.of_value(value)
            children.append(Element(value, child_type, beside, parent, name, index))


def _add_untyped(parent: Element, name: str, children: list[Element]) -> None:
    value, extra = parent.value.get(name), parent.value.get("_" + name)
    if value is None and extra is None:
        return
    schema = parent.type.schema
    if not isinstance(value, list):
        children.append(Element(value, schema.of_value(value), extra, parent, name))
        return
    for index, item in enumerate(value):
        if item is not None:
            children.append(Element(item, schema.of_value(item), None, parent, name, index))


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
    """The item as a System value (implicit conversion); None where it has none."""
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
    """The name of a System value's type: "Boolean", "DateTime"."""
    return _SYSTEM_NAMES.get(type(value), type(value).__name__)


_SYSTEM_NAMES: dict[type, str] = {
    bool: "Boolean",
    int: "Integer",
    str: "String",
    TypeInfo: "TypeInfo",
}
