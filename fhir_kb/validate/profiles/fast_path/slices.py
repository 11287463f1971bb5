"""Fast checks of sliced elements.

Slices that are told apart by fixed values, patterns, codes, existence or type of what is inside the
values are checked here; for all others the walk is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeGuard

from fhir_kb.terminology.three_valued import all_of
from fhir_kb.validate.profiles.constraints.at_path import SliceTarget, constraints_at
from fhir_kb.validate.profiles.constraints.discriminators import (
    discriminators_of,
    path_steps,
    slicing_rules,
)
from fhir_kb.validate.profiles.constraints.matching import (
    is_discriminating,
    serves_discriminator,
    value_matcher,
)
from fhir_kb.validate.profiles.constraints.types import allows_type
from fhir_kb.validate.profiles.constraints.values import choice_value
from fhir_kb.validate.profiles.fast_path.fast_check import undecided

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fhir_kb.fhirpath.types.schema import FhirType, Slot
    from fhir_kb.validate.profiles.constraints.at_path import Constraint
    from fhir_kb.validate.profiles.constraints.discriminators import Discriminator
    from fhir_kb.validate.profiles.fast_path.fast_check import FastCheck
    from fhir_kb.validate.profiles.repository import ProfileRepository
    from fhir_kb.validate.profiles.tree import ProfileNode

#: Whether a value is in a slice; None where only the walk can decide.
_Membership: TypeAlias = "Callable[[Any], bool | None]"
#: The number of the slice that a value is in; -1: none; None: only the walk can decide.
_Numbering: TypeAlias = "Callable[[Any], int | None]"
#: The values at a path in a value; None where only the walk can decide.
_Reader: TypeAlias = "Callable[[Any], list[Any] | None]"


class _Slice(NamedTuple):
    contains: _Membership
    check: FastCheck
    min: int
    max: int | None


def slices_check(
    repository: ProfileRepository,
    node: ProfileNode,
    type_: FhirType,
    value_check: Callable[[ProfileNode, FhirType], FastCheck],
) -> FastCheck:
    """The check of all values of a sliced element.

    value_check: compiles the check of one value by an element.
    """
    slicing = slicing_rules(node)
    if slicing.get("ordered") is True or slicing.get("rules") == "openAtEnd":
        return undecided
    slices: list[_Slice] = []
    for slice_ in node.slices:
        contains = None if slice_.slices else _membership(repository, node, slice_, type_)
        if contains is None:
            return undecided
        slices.append(_Slice(contains, value_check(slice_, type_), slice_.min, slice_.max))
    is_closed = slicing.get("rules") == "closed"
    number_of = _number_by_text(repository, node, type_) or _number_by_membership(slices)

    def check(values: Any, depth_left: int) -> bool:
        counts = [0] * len(slices)
        for value in values:
            number = number_of(value)
            if number is None or (number < 0 and is_closed):
                return False
            if number >= 0:
                counts[number] += 1
                if not slices[number].check(value, depth_left):
                    return False
        return all(
            slice_.min <= count and (slice_.max is None or count <= slice_.max)
            for slice_, count in zip(slices, counts, strict=True)
        )

    return check


def _number_by_text(
    repository: ProfileRepository, node: ProfileNode, type_: FhirType
) -> _Numbering | None:
    """The numbering of slices with one fixed text each, as extensions have it; else None."""
    discriminators = discriminators_of(node)
    if len(discriminators) != 1 or discriminators[0].type != "value":
        return None
    read = _reader(type_, discriminators[0].path)
    if read is None:
        return None
    numbers: dict[str, int] = {}
    for number, slice_ in enumerate(node.slices):
        constraints = constraints_at(repository, slice_, discriminators[0])
        if not _is_single_node(constraints) or constraints[0].max == 0:
            return None
        fixed = choice_value(constraints[0].definition, "fixed")
        if not isinstance(fixed, str) or fixed in numbers:
            return None
        numbers[fixed] = number

    def number_of(value: Any) -> int | None:
        items = read(value)
        if items is None or len(items) != 1 or type(items[0]) is not str:
            return None
        return numbers.get(items[0], -1)

    return number_of


def _is_single_node(constraints: Sequence[Constraint]) -> TypeGuard[Sequence[ProfileNode]]:
    return len(constraints) == 1 and not isinstance(constraints[0], SliceTarget)


def _number_by_membership(slices: list[_Slice]) -> _Numbering:
    def number_of(value: Any) -> int | None:
        own_number = -1
        for number, slice_ in enumerate(slices):
            is_member = slice_.contains(value)
            if is_member is None or (is_member and own_number >= 0):
                return None
            if is_member:
                own_number = number
        return own_number

    return number_of


def _membership(
    repository: ProfileRepository, node: ProfileNode, slice_: ProfileNode, type_: FhirType
) -> _Membership | None:
    """The test whether a value of the type is in a slice; None where only the walk can decide."""
    tests: list[_Membership] = []
    for discriminator in discriminators_of(node):
        if not is_discriminating(repository, slice_, discriminator):
            continue
        test = _discriminator_test(repository, slice_, discriminator, type_)
        if test is None:
            return None
        tests.append(test)
    if not tests:
        return None
    if len(tests) == 1:
        return tests[0]
    return lambda value: all_of(test(value) for test in tests)


def _discriminator_test(
    repository: ProfileRepository,
    slice_: ProfileNode,
    discriminator: Discriminator,
    type_: FhirType,
) -> _Membership | None:
    """The test whether a value has what a slice demands at one discriminator."""
    if discriminator.type not in ("value", "pattern", "exists", "type"):
        return None
    constraints = [
        constraint
        for constraint in constraints_at(repository, slice_, discriminator)
        if serves_discriminator(constraint, discriminator.type)
    ]
    if not _is_single_node(constraints):
        return None
    constraint = constraints[0]
    if discriminator.type == "type":
        if discriminator.path != "$this":
            return None
        is_of_type = any(allows_type(code, type_) for code in constraint.type_codes)
        return lambda _value: is_of_type
    read = _reader(type_, discriminator.path)
    matches = value_matcher(repository, constraint, discriminator.type)
    if read is None or matches is None:
        return None

    def test(value: Any) -> bool | None:
        items = read(value)
        return None if items is None else matches(items)

    return test


def _reader(type_: FhirType, path: str) -> _Reader | None:
    """The reader of a discriminator's path in values of the type; None for resolve() and the like.

    A path is readable if it consists of names and extension(url).
    """
    steps: list[tuple[tuple[Slot, ...], str]] = []
    step_type: FhirType | None = type_
    for step in path_steps(path):
        name = "extension" if step.extension_url else step.name
        is_object = step_type is not None and not step_type.system
        slots = step_type.slots.get(name, ()) if step_type is not None and is_object else ()
        if not slots or any(slot.type is None for slot in slots):
            return None
        steps.append((slots, step.extension_url))
        step_type = slots[0].type if len(slots) == 1 else None

    def read(value: Any) -> list[Any] | None:
        items: list[Any] | None = [value]
        for slots, url in steps:
            items = _property_values(items or [], slots)
            if items is None:
                return None
            if url:
                items = [item for item in items if type(item) is dict and item.get("url") == url]
        return items

    return read


def _property_values(items: list[Any], slots: tuple[Slot, ...]) -> list[Any] | None:
    """The values of properties of objects; None where only the walk can decide."""
    values: list[Any] = []
    for item in items:
        if type(item) is not dict:
            return None
        for slot in slots:
            if slot.extra_key in item:
                return None
            if slot.key in item:
                value = item[slot.key]
                values += value if type(value) is list else [value]
    return None if None in values else values
