"""Fast checks of what is inside an object.

What depends only on the names of an object's properties (cardinalities, missing elements) is worked
out once for each combination of names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.validate.profiles.constraints.types import type_cardinality
from fhir_kb.validate.profiles.fast_path.fast_check import undecided
from fhir_kb.validate.profiles.fast_path.slices import slices_check

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.fhirpath.types.schema import FhirType, Slot
    from fhir_kb.validate.profiles.fast_path.fast_check import FastCheck
    from fhir_kb.validate.profiles.repository import ProfileRepository
    from fhir_kb.validate.profiles.tree import ProfileNode

_MAX_PLANS: Final = 500


class _Plan(NamedTuple):
    """How objects with certain property names are checked."""

    checks: tuple[tuple[str, FastCheck], ...]
    is_undecided: bool
    """The walk has to decide, whatever the values are."""


_UNDECIDED: Final = _Plan((), is_undecided=True)


class ObjectCheck:
    """The check of what is inside objects of a type, by an element and its children."""

    def __init__(
        self,
        repository: ProfileRepository,
        node: ProfileNode,
        type_: FhirType,
        value_check: Callable[[ProfileNode, FhirType], FastCheck],
    ) -> None:
        """Set up the check; checks of properties are compiled when they are first needed.

        Args:
            repository: of the profiles.
            node: the element whose children are demanded.
            type_: the type of the objects.
            value_check: compiles the check of one value by an element.
        """
        self._repository = repository
        self._type = type_
        self._value_check = value_check
        self._children = [child for child in node.children.values() if not child.is_unconstrained]
        self._slots: dict[str, tuple[ProfileNode, Slot]] = {
            slot.key: (child, slot)
            for child in self._children
            for slot in type_.slots.get(child.name, ())
        }
        self._checks: dict[str, FastCheck] = {}
        self._plans: dict[tuple[str, ...], _Plan] = {}
        self._absent: dict[str, bool] = {}

    def check(self, value: Any, depth_left: int) -> bool:
        """Whether an object certainly conforms; see FastCheck."""
        if type(value) is not dict:
            return False
        names = tuple(value)
        checks, is_undecided = self._plans.get(names) or self._plan(names)
        if is_undecided:
            return False
        for name, check in checks:  # noqa: SIM110  all() takes half as long again
            if not check(value[name], depth_left):
                return False
        return True

    def child_conforms(self, value: Mapping[str, Any], name: str, depth_left: int) -> bool:
        """Whether the properties of an object for the child of that name certainly conform."""
        slots = self._type.slots.get(name, ())
        keys = [slot.key for slot in slots if slot.key in value]
        if len(keys) > 1 or any(slot.extra_key in value for slot in slots if slot.extra_key):
            return False
        if keys:
            return self._property_check(keys[0])(value[keys[0]], depth_left)
        if name not in self._absent:
            child = next(child for child in self._children if child.name == name)
            self._absent[name] = may_be_absent(self._repository, child, self._type)
        return self._absent[name]

    def _plan(self, names: tuple[str, ...]) -> _Plan:
        if len(self._plans) >= _MAX_PLANS:
            self._plans.clear()
        plan = self._plans[names] = self._compile(names)
        return plan

    def _compile(self, names: tuple[str, ...]) -> _Plan:
        present: list[ProfileNode] = []
        checks: list[tuple[str, FastCheck]] = []
        for name in names:
            if name.startswith("_") and name[1:] in self._slots:
                return _UNDECIDED  # only the walk knows extensions of primitives
            if name in self._slots:
                child = self._slots[name][0]
                if child in present:
                    return _UNDECIDED  # a choice with two values
                present.append(child)
                checks.append((name, self._property_check(name)))
        is_undecided = any(check is undecided for _, check in checks) or not all(
            child in present or may_be_absent(self._repository, child, self._type)
            for child in self._children
        )
        return _UNDECIDED if is_undecided else _Plan(tuple(checks), is_undecided=False)

    def _property_check(self, name: str) -> FastCheck:
        check = self._checks.get(name)
        if check is None:
            check = self._checks[name] = self._compile_property(*self._slots[name])
        return check

    def _compile_property(self, node: ProfileNode, slot: Slot) -> FastCheck:
        if slot.type is None:
            return undecided  # a resource: its own definitions apply
        each = self._value_check(node, slot.type)
        slices = None
        if node.slices:
            slices = slices_check(self._repository, node, slot.type, self._value_check)
        if undecided in (each, slices):
            return undecided
        type_min, type_max = type_cardinality(self._repository.definitions, node, self._type)
        minimum = node.min if node.min > type_min else 0
        is_stricter = node.max is not None and (type_max is None or node.max < type_max)
        maximum = node.max if is_stricter else None
        if slot.is_array:
            return _list_check(each, slices, minimum, maximum)
        if minimum > 1 or maximum == 0:
            return undecided
        return _single_check(each, slices)


def may_be_absent(repository: ProfileRepository, node: ProfileNode, parent: FhirType) -> bool:
    """Whether nothing is wrong with a value of the type that lacks an element."""
    if node.is_unconstrained:
        return True
    type_min, _ = type_cardinality(repository.definitions, node, parent)
    is_required = node.min > 0 and node.min > type_min
    return not is_required and not any(slice_.min for slice_ in node.all_slices())


def _list_check(
    each: FastCheck, slices: FastCheck | None, minimum: int, maximum: int | None
) -> FastCheck:
    def check(values: Any, depth_left: int) -> bool:
        if type(values) is not list or not minimum <= len(values) or None in values or not values:
            return False
        if maximum is not None and len(values) > maximum:
            return False
        return all(each(value, depth_left) for value in values) and (
            slices is None or slices(values, depth_left)
        )

    return check


def _single_check(each: FastCheck, slices: FastCheck | None) -> FastCheck:
    def check(value: Any, depth_left: int) -> bool:
        if value is None or type(value) is list:
            return False
        return each(value, depth_left) and (slices is None or slices([value], depth_left))

    return check
