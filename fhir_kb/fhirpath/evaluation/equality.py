"""`=`, `~` and the order of items (FHIRPath: Equality, Comparison)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.evaluation.items import Element, Item, system_name, type_of, value_of
from fhir_kb.fhirpath.values import quantities, temporal
from fhir_kb.fhirpath.values.system import Quantity, System, Temporal

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from fhir_kb.fhirpath.evaluation.scope import Environment


def equal(left: list[Item], right: list[Item]) -> bool | None:
    """Whether the collections are equal; None where either is empty, or where that is unknown."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    results = [equal_items(a, b) for a, b in zip(left, right, strict=True)]
    if False in results:
        return False
    return None if None in results else True


def equal_items(left: Item, right: Item) -> bool | None:
    """Whether two items are equal; None where that is unknown."""
    if type(left) is str and type(right) is str:
        return left == right
    a, b = value_of(left), value_of(right)
    if a is not None and b is not None:
        return _equal_values(a, b)
    if isinstance(left, Element) and isinstance(right, Element):
        return _frozen(left) == _frozen(right)
    return False


def _equal_values(left: System, right: System) -> bool | None:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Temporal) and isinstance(right, Temporal):
        if not temporal.comparable_types(left, right):
            return False
        order = temporal.order(left, right)
        return None if order is None else order == 0
    if isinstance(left, Quantity) or isinstance(right, Quantity):
        a, b = as_quantity(left), as_quantity(right)
        if a is None or b is None:
            return False
        order = quantities.order(a, b)
        return None if order is None else order == 0
    return left == right


def as_quantity(value: System | None) -> Quantity | None:
    """The value as a Quantity: a number has the unit '1'."""
    if isinstance(value, Quantity):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Quantity(Decimal(value))
    return None


def equivalent(left: list[Item], right: list[Item], env: Environment) -> bool:
    """Whether the collections are equivalent, whatever their order."""
    if len(left) != len(right):
        return False
    if len(left) == 1:
        return equivalent_items(left[0], right[0], env)
    env.spend(len(left) * len(right))
    rest = list(right)
    for item in left:
        match = next(
            (i for i, other in enumerate(rest) if equivalent_items(item, other, env)), None
        )
        if match is None:
            return False
        del rest[match]
    return True


def equivalent_items(left: Item, right: Item, env: Environment) -> bool:
    """Whether two items are equivalent."""
    a, b = value_of(left), value_of(right)
    if a is not None and b is not None:
        return _equivalent_values(a, b)
    if isinstance(left, Element) and isinstance(right, Element):
        return _equivalent_json(left.value, right.value, env)
    return False


def _equivalent_values(left: System, right: System) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return _normal(left) == _normal(right)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Quantity) or isinstance(right, Quantity):
        a, b = as_quantity(left), as_quantity(right)
        return a is not None and b is not None and quantities.equivalent(a, b) is True
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        if isinstance(left, int | Decimal) and isinstance(right, int | Decimal):
            return quantities.rounded_equal(Decimal(left), Decimal(right))
        return False
    return _equal_values(left, right) is True


def _normal(text: str) -> str:
    return "".join(" " if character.isspace() else character for character in text).casefold()


def _equivalent_json(left: Any, right: Any, env: Environment) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return _normal(left) == _normal(right)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(
            _equivalent_json(value, right[key], env) for key, value in left.items()
        )
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            return False
        env.spend(len(left) * len(right))
        rest = list(right)
        for item in left:
            match = next(
                (i for i, other in enumerate(rest) if _equivalent_json(item, other, env)), None
            )
            if match is None:
                return False
            del rest[match]
        return True
    return bool(freeze(left) == freeze(right))


def freeze(value: Any) -> Hashable:
    """A JSON value as something hashable; 1, 1.0 and Decimal("1.0") are equal, true is not."""
    if isinstance(value, dict):
        return frozenset((key, freeze(inner)) for key, inner in value.items())
    if isinstance(value, list):
        return tuple(freeze(inner) for inner in value)
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, float):
        return Decimal(repr(value))
    return value  # type: ignore[no-any-return]  # a str, number or None: JSON has nothing else


def _frozen(element: Element) -> Hashable:
    return (freeze(element.value), freeze(element.extra))


def key_of(item: Item) -> Hashable | None:
    """A key that only equal items share; None where items can only be compared in pairs.

    Dates, times and quantities may be equal though they are written differently.
    """
    value = value_of(item)
    if value is None:
        return _frozen(item) if isinstance(item, Element) else None
    if isinstance(value, Temporal | Quantity):
        return None
    if isinstance(value, bool):
        return ("bool", value)
    return ("text", value) if isinstance(value, str) else value


class ItemSet:
    """A set of items by FHIRPath's equality."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._keys: set[Hashable] = set()
        self._others: list[Item] = []

    def add(self, item: Item) -> bool:
        """Add an item; whether it is new."""
        key = key_of(item)
        if key is not None:
            if key in self._keys:
                return False
            self._keys.add(key)
            return True
        self._env.spend(len(self._others))
        if any(equal_items(item, other) is True for other in self._others):
            return False
        self._others.append(item)
        return True

    def __contains__(self, item: Item) -> bool:
        key = key_of(item)
        if key is not None:
            return key in self._keys
        self._env.spend(len(self._others))
        return any(equal_items(item, other) is True for other in self._others)


def item_set(items: Iterable[Item], env: Environment) -> ItemSet:
    """The set of these items."""
    result = ItemSet(env)
    for item in items:
        result.add(item)
    return result


def distinct(items: list[Item], env: Environment) -> list[Item]:
    """The items without repetitions, in the order of their first appearance."""
    if len(items) < 2:
        return items
    env.spend(len(items))
    added = ItemSet(env)
    return [item for item in items if added.add(item)]


def order(left: Item, right: Item) -> int | None:
    """-1, 0 or 1 as `left` is before, equal to or after `right`; None where that is unknown.

    Raises FHIRPathExecutionError where the types have no common order.
    """
    a, b = value_of(left), value_of(right)
    if isinstance(a, str) and isinstance(b, str):
        return (a > b) - (a < b)
    if isinstance(a, Temporal) and isinstance(b, Temporal) and temporal.comparable_types(a, b):
        return temporal.order(a, b)
    first, second = as_quantity(a), as_quantity(b)
    if first is not None and second is not None:
        if not isinstance(a, Quantity) and not isinstance(b, Quantity):
            return (first.value > second.value) - (first.value < second.value)
        return quantities.order(first, second)
    if (a is None and _is_valueless(left)) or (b is None and _is_valueless(right)):
        return None
    raise FHIRPathExecutionError(f"{_type_name(left)} and {_type_name(right)} have no common order")


def _is_valueless(item: Item) -> bool:
    """Whether the item is of a type with an order (it is only called where it has no value)."""
    return isinstance(item, Element) and (bool(item.type.system) or "Quantity" in item.type.names)


def _type_name(item: Item) -> str:
    if isinstance(item, Element):
        info = type_of(item)
        return f"{info.namespace}.{info.name}"
    return system_name(item)
