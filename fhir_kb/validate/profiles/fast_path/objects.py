"""Whether what is inside of an object surely conforms to a profile; see certain.py.

What depends on the names of an object's properties only (how often, what is missing) is worked out
once for each combination of names, as the types' own checks do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fhir_kb.validate.profiles.fast_path.slices import sliced
from fhir_kb.validate.profiles.known import count_of_type
from fhir_kb.validate.profiles.tree import never

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.fhirpath.types.schema import FhirType, Slot
    from fhir_kb.validate.profiles.known import KnownProfiles
    from fhir_kb.validate.profiles.tree import Node, Sure

_MAX_PLANS: Final = 500


class _Plan(NamedTuple):
    """checks: of the properties that have some; is_hopeless: nothing sure can be said."""

    checks: tuple[tuple[str, Sure], ...]
    is_hopeless: bool


_HOPELESS: Final = _Plan((), is_hopeless=True)


class Inside:
    """The test of what is inside of objects of a type, by an element and its children.

    value: makes the test of one value by an element.
    """

    def __init__(
        self,
        known: KnownProfiles,
        node: Node,
        kind: FhirType,
        value: Callable[[Node, FhirType], Sure],
    ) -> None:
        self._known = known
        self._kind = kind
        self._value = value
        self._children = [one for one in node.children.values() if not one.idle]
        self._slots: dict[str, tuple[Node, Slot]] = {
            slot.key: (child, slot)
            for child in self._children
            for slot in kind.slots.get(child.name, ())
        }
        self._checks: dict[str, Sure] = {}
        self._plans: dict[tuple[str, ...], _Plan] = {}
        self._lacking: dict[str, bool] = {}

    def test(self, value: Any, room: int) -> bool:
        """Whether nothing is wrong; see tree.Sure."""
        if type(value) is not dict:
            return False
        names = tuple(value)
        checks, is_hopeless = self._plans.get(names) or self._plan(names)
        if is_hopeless:
            return False
        for name, check in checks:  # noqa: SIM110  all() takes half as long again
            if not check(value[name], room):
                return False
        return True

    def settles(self, value: Mapping[str, Any], name: str, room: int) -> bool:
        """Whether what an object holds for the child of that name is surely right."""
        slots = self._kind.slots.get(name, ())
        keys = [one.key for one in slots if one.key in value]
        if len(keys) > 1 or any(one.extra_key in value for one in slots if one.extra_key):
            return False
        if keys:
            return self._check(keys[0])(value[keys[0]], room)
        if name not in self._lacking:
            child = next(one for one in self._children if one.name == name)
            self._lacking[name] = may_lack(self._known, child, self._kind)
        return self._lacking[name]

    def _plan(self, names: tuple[str, ...]) -> _Plan:
        if len(self._plans) >= _MAX_PLANS:
            self._plans.clear()
        made = self._plans[names] = self._made(names)
        return made

    def _made(self, names: tuple[str, ...]) -> _Plan:
        present: list[Node] = []
        checks: list[tuple[str, Sure]] = []
        for name in names:
            if name.startswith("_") and name[1:] in self._slots:
                return _HOPELESS  # the walk knows what stands beside a primitive
            if name in self._slots:
                child = self._slots[name][0]
                if child in present:
                    return _HOPELESS  # a choice that is made twice
                present.append(child)
                checks.append((name, self._check(name)))
        is_hopeless = any(check is never for _, check in checks) or not all(
            one in present or may_lack(self._known, one, self._kind) for one in self._children
        )
        return _HOPELESS if is_hopeless else _Plan(tuple(checks), is_hopeless=False)

    def _check(self, name: str) -> Sure:
        """The test of what a property holds."""
        found = self._checks.get(name)
        if found is None:
            found = self._checks[name] = self._property(*self._slots[name])
        return found

    def _property(self, node: Node, slot: Slot) -> Sure:
        if slot.type is None:
            return never  # a resource: its own definitions say what it is
        one = self._value(node, slot.type)
        slices = sliced(self._known, node, slot.type, self._value) if node.slices else None
        if never in (one, slices):
            return never
        low, high = count_of_type(self._known.definitions, node, self._kind)
        least = node.min if node.min > low else 0
        is_stricter = node.max is not None and (high is None or node.max < high)
        most = node.max if is_stricter else None
        if slot.is_array:
            return _several(one, slices, least, most)
        if least > 1 or most == 0:
            return never
        return _single(one, slices)


def may_lack(known: KnownProfiles, node: Node, parent: FhirType) -> bool:
    """Whether nothing is wrong with a value of the type that has none of an element."""
    if node.idle:
        return True
    low, _ = count_of_type(known.definitions, node, parent)
    return not (node.min > 0 and node.min > low) and not any(one.min for one in node.all_slices())


def _several(one: Sure, slices: Sure | None, least: int, most: int | None) -> Sure:
    def test(values: Any, room: int) -> bool:
        if type(values) is not list or not least <= len(values) or None in values or not values:
            return False
        if most is not None and len(values) > most:
            return False
        return all(one(value, room) for value in values) and (
            slices is None or slices(values, room)
        )

    return test


def _single(one: Sure, slices: Sure | None) -> Sure:
    def test(value: Any, room: int) -> bool:
        if value is None or type(value) is list:
            return False
        return one(value, room) and (slices is None or slices([value], room))

    return test
