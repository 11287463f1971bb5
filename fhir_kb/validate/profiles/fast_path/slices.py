"""Whether the values of a sliced element surely conform; see certain.py.

Slices that are told apart by fixed values, patterns, codes, existence or type of what is inside the
values are judged here; for all others the walk is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeGuard

from fhir_kb.terminology.three_valued import all_of
from fhir_kb.validate.profiles.known import is_of
from fhir_kb.validate.profiles.slicing.spots import (
    Target,
    discriminators_of,
    is_telling,
    judge_of,
    slicing_of,
    spots_of,
    steps_of,
    tells,
)
from fhir_kb.validate.profiles.tree import never
from fhir_kb.validate.profiles.values import choice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fhir_kb.fhirpath.types.schema import FhirType, Slot
    from fhir_kb.validate.profiles.known import KnownProfiles
    from fhir_kb.validate.profiles.slicing.spots import Discriminator
    from fhir_kb.validate.profiles.tree import Node, Sure

#: Whether a value is in a slice; None where that is not sure.
Belongs: TypeAlias = "Callable[[Any], bool | None]"
#: The number of the slice that a value is in; -1 for none, None where that is not sure.
_Home: TypeAlias = "Callable[[Any], int | None]"
#: What a path leads to in a value; None where that is not sure.
_Reader: TypeAlias = "Callable[[Any], list[Any] | None]"


class _Slice(NamedTuple):
    """A slice: what belongs to it, the test of that, and how often."""

    belongs: Belongs
    test: Sure
    least: int
    most: int | None


def sliced(
    known: KnownProfiles, node: Node, kind: FhirType, value: Callable[[Node, FhirType], Sure]
) -> Sure:
    """The test of all values of a sliced element.

    value: makes the test of one value by an element.
    """
    rule = slicing_of(node)
    if rule.get("ordered") is True or rule.get("rules") == "openAtEnd":
        return never
    slices: list[_Slice] = []
    for one in node.slices:
        belongs = None if one.slices else _belongs(known, node, one, kind)
        if belongs is None:
            return never
        slices.append(_Slice(belongs, value(one, kind), one.min, one.max))
    is_closed = rule.get("rules") == "closed"
    home_of = _by_text(known, node, kind) or (lambda one: _home(slices, one))

    def test(values: Any, room: int) -> bool:
        counts = [0] * len(slices)
        for one in values:
            home = home_of(one)
            if home is None or (home < 0 and is_closed):
                return False
            if home >= 0:
                counts[home] += 1
                if not slices[home].test(one, room):
                    return False
        return all(
            each.least <= count and (each.most is None or count <= each.most)
            for each, count in zip(slices, counts, strict=True)
        )

    return test


def _by_text(known: KnownProfiles, node: Node, kind: FhirType) -> _Home | None:
    """See _home, for slices that are told apart by one fixed text each, as extensions are."""
    told = discriminators_of(node)
    read = _reader(kind, told[0].path) if len(told) == 1 and told[0].type == "value" else None
    if read is None:
        return None
    numbers: dict[str, int] = {}
    for number, one in enumerate(node.slices):
        spots = spots_of(known, one, told[0])
        if not _is_one_node(spots) or spots[0].max == 0:
            return None
        fixed = choice(spots[0].definition, "fixed")
        if not isinstance(fixed, str) or fixed in numbers:
            return None
        numbers[fixed] = number

    def home(value: Any) -> int | None:
        items = read(value)
        if items is None or len(items) != 1 or type(items[0]) is not str:
            return None
        return numbers.get(items[0], -1)

    return home


def _is_one_node(spots: Sequence[Node | Target]) -> TypeGuard[Sequence[Node]]:
    return len(spots) == 1 and not isinstance(spots[0], Target)


def _home(slices: list[_Slice], value: Any) -> int | None:
    """The number of the one slice that a value is in; -1 for none, None where that is not sure."""
    home = -1
    for number, one in enumerate(slices):
        answer = one.belongs(value)
        if answer is None or (answer and home >= 0):
            return None
        if answer:
            home = number
    return home


def _belongs(known: KnownProfiles, node: Node, one: Node, kind: FhirType) -> Belongs | None:
    """What tells whether a value of the type is in a slice; None where the walk has to."""
    told = [each for each in discriminators_of(node) if is_telling(known, one, each)]
    tests = [_meets(known, one, each, kind) for each in told]
    made = [test for test in tests if test is not None]
    if not made or len(made) < len(tests):
        return None
    if len(made) == 1:
        return made[0]
    return lambda value: all_of(test(value) for test in made)


def _meets(
    known: KnownProfiles, node: Node, discriminator: Discriminator, kind: FhirType
) -> Belongs | None:
    """What tells whether a value has what a slice demands at one discriminator."""
    if discriminator.type not in ("value", "pattern", "exists", "type"):
        return None
    spots = [one for one in spots_of(known, node, discriminator) if tells(one, discriminator.type)]
    if not _is_one_node(spots):
        return None
    spot = spots[0]
    if discriminator.type == "type":
        if discriminator.path != "$this":
            return None
        is_typed = any(is_of(str(one.get("code")), kind) for one in spot.types)
        return lambda _value: is_typed
    read = _reader(kind, discriminator.path)
    test = judge_of(known, spot, discriminator.type)
    if read is None or test is None:
        return None

    def meets(value: Any) -> bool | None:
        items = read(value)
        return None if items is None else test(items)

    return meets


def _reader(kind: FhirType, path: str) -> _Reader | None:
    """What reads the path of a discriminator in values of the type, if it is a plain one."""
    steps: list[tuple[tuple[Slot, ...], str]] = []
    here: FhirType | None = kind
    for step in steps_of(path):
        if step[0] == "$this":
            continue
        name = "extension" if step[1] else step[3]
        slots = here.slots.get(name, ()) if here is not None and not here.system and name else ()
        if not slots or any(slot.type is None for slot in slots):
            return None
        steps.append((slots, step[1] or ""))
        here = slots[0].type if len(slots) == 1 else None

    def read(value: Any) -> list[Any] | None:
        items: list[Any] | None = [value]
        for slots, url in steps:
            items = _inside(items or [], slots)
            if items is None:
                return None
            if url:
                items = [one for one in items if type(one) is dict and one.get("url") == url]
        return items

    return read


def _inside(items: list[Any], slots: tuple[Slot, ...]) -> list[Any] | None:
    """The values that objects have in some properties; None where something odd is there."""
    found: list[Any] = []
    for one in items:
        if type(one) is not dict:
            return None
        for slot in slots:
            if slot.extra_key in one:
                return None
            if slot.key in one:
                inner = one[slot.key]
                found += inner if type(inner) is list else [inner]
    return None if None in found else found
