"""The short way for what most invariants are: tests of plain JSON whose types are known.

`status in ('draft' | 'active') and name.exists()` needs no elements, scopes or collections when it
is known that $this is a PlanDefinition. Whatever is not plainly of that kind has no pure form and
is evaluated in full. Where a pure form fails (a malformed resource), the full evaluation is asked,
so the two never differ; a test compares them on all of HL7's examples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.model import slots_by_key

if TYPE_CHECKING:
    from fhir_kb.fhirpath.model import FhirType, Slot
    from fhir_kb.fhirpath.typing_rules import Types
    from fhir_kb.fhirpath.values import System

Values: TypeAlias = Callable[[Any], list[Any]]
Flag: TypeAlias = Callable[[Any], "bool | None"]
Number: TypeAlias = Callable[[Any], int]

FULL = "the full evaluation is needed"
_NONE: list[Any] = []
_CHEAP = 100_000


@dataclass(frozen=True, slots=True)
class Pure:
    """One or more ways to get at a result from the JSON value of $this.

    constant: the items themselves. values: JSON values (None: a primitive with extensions only).
    type: their type, where it is one. flag: a three-valued truth. number: a count.
    """

    constant: tuple[System, ...] | None = None
    values: Values | None = None
    type: FhirType | None = None
    flag: Flag | None = None
    number: Number | None = None
    is_this: bool = False

    def as_flag(self) -> Flag | None:
        """The truth of it, where it is plain."""
        if self.flag is not None:
            return self.flag
        if self.constant is not None and len(self.constant) == 1:
            constant = self.constant[0]
            return (lambda _: constant) if isinstance(constant, bool) else None
        if self.values is None or self.type is None:
            return None
        return _truth(self.values, is_boolean=self.type.system == "Boolean")


def _truth(values: Values, *, is_boolean: bool) -> Flag:
    def flag(this: Any) -> bool | None:
        found = values(this)
        if not found:
            return None
        if len(found) > 1:
            raise FHIRPathExecutionError("a Boolean is needed")
        if not is_boolean:
            return True
        return found[0] if isinstance(found[0], bool) else None

    return flag


def pure_this(types: Types) -> Pure | None:
    """`$this`, if its type is known."""
    if types is None or len(types) != 1:
        return None
    (kind,) = types
    if isinstance(kind, str) or kind.is_open:
        return None
    return Pure(values=lambda this: [this], type=kind, is_this=True)


def pure_member(target: Pure | None, types: Types, name: str) -> Pure | None:
    """The element `name` of what is known."""
    if target is None or target.values is None:
        return None
    if target.type is None or types is None:
        return pure_if_empty(target)
    if target.type.is_open or (target.type.system and name == "value"):
        return None
    if target.type.system:
        return Pure(values=_needs_all)
    slots = target.type.slots.get(name, ())
    kind = slots[0].type if len(slots) == 1 else None
    if target.is_this and len(slots) == 1:
        return Pure(values=_own(slots[0]), type=kind)
    parent = target.values
    by_key = {key: slot for slot in slots for key in (slot.extra_key, slot.key) if key}
    is_choice = len(slots) > 1

    def values(this: Any) -> list[Any]:
        found: list[Any] = []
        for value in parent(this):
            if isinstance(value, dict):
                for key in value if is_choice else by_key:
                    slot = by_key.get(key)
                    if slot is not None and (key == slot.key or slot.key not in value):
                        found += _read(value, slot)
        return found

    return Pure(values=values, type=kind)


def _needs_all(_: Any) -> list[Any]:
    raise FHIRPathExecutionError(FULL)


def _own(slot: Slot) -> Values:
    key, extra_key = slot.key, slot.extra_key

    def values(this: Any) -> list[Any]:
        if not isinstance(this, dict):
            return _NONE  # malformed content, which others report
        value = this.get(key)
        if value is None:
            return [None] if extra_key and this.get(extra_key) is not None else _NONE
        if isinstance(value, list):
            return _read(this, slot)
        return [value]

    return values


def _read(holder: dict[str, Any], slot: Slot) -> list[Any]:
    value = holder.get(slot.key)
    extra = holder.get(slot.extra_key) if slot.extra_key else None
    if isinstance(value, list):
        if extra is None:
            return [one for one in value if one is not None]
    elif value is not None:
        return [value]
    elif extra is None:
        return _NONE
    if not isinstance(value, list) and not isinstance(extra, list):
        return [None]
    values = value if isinstance(value, list) else []
    extras = extra if isinstance(extra, list) else []
    length = max(len(values), len(extras))
    pairs = zip(
        values + [None] * (length - len(values)),
        extras + [None] * (length - len(extras)),
        strict=True,
    )
    return [one for one, beside in pairs if one is not None or beside is not None]


def pure_call(name: str, target: Pure | None, arguments: tuple[Pure | None, ...]) -> Pure | None:
    """A call of one of the functions that have a pure form."""
    if target is None:
        return None
    if name == "not" and not arguments:
        flag = target.as_flag()
        return None if flag is None else Pure(flag=_not(flag))
    if target.values is None:
        return None
    if name == "trace" and arguments:
        return target
    if not arguments:
        return _without_arguments(name, target, target.values) or _of_nothing(
            name, target, target.values
        )
    found = None
    if len(arguments) == 1 and arguments[0] is not None:
        found = _with_argument(name, target, target.values, arguments[0])
    return found or _of_nothing(name, target, target.values)


def pure_if_empty(target: Pure | None) -> Pure | None:
    """What has no pure form, but is surely empty where `target` is."""
    if target is None or target.values is None:
        return None
    values = target.values

    def nothing(this: Any) -> list[Any]:
        if values(this):
            raise FHIRPathExecutionError(FULL)
        return _NONE

    return Pure(values=nothing)


_EMPTY_OF_EMPTY = frozenset(
    ("where", "select", "repeat", "resolve", "extension", "descendants", "children", "distinct")
)
_OF_EMPTY: dict[str, bool | None] = {
    "exists": False,
    "all": True,
    "isDistinct": True,
    "matches": None,
    "startsWith": None,
    "endsWith": None,
}


def _of_nothing(name: str, target: Pure, values: Values) -> Pure | None:
    """The result for an empty input, which needs no look at the arguments."""
    if name in _EMPTY_OF_EMPTY:
        return pure_if_empty(target)
    if name not in _OF_EMPTY:
        return None
    result = _OF_EMPTY[name]

    def flag(this: Any) -> bool | None:
        if values(this):
            raise FHIRPathExecutionError(FULL)
        return result

    return Pure(flag=flag)


def _not(flag: Flag) -> Flag:
    def negated(this: Any) -> bool | None:
        value = flag(this)
        return None if value is None else not value

    return negated


def _without_arguments(name: str, target: Pure, values: Values) -> Pure | None:
    match name:
        case "exists":
            return Pure(flag=lambda this: bool(values(this)))
        case "empty":
            return Pure(flag=lambda this: not values(this))
        case "count":
            return Pure(number=lambda this: len(values(this)))
        case "first":
            return Pure(values=lambda this: values(this)[:1], type=target.type)
        case "hasValue" if target.type is not None:
            return Pure(flag=_has_value(values, is_primitive=bool(target.type.system)))
        case "children" if target.type is not None:
            return Pure(values=_children(values, target.type))
        case "isDistinct" if target.type is not None and target.type.system == "String":
            return Pure(flag=_is_distinct(values))
    return None


def _has_value(values: Values, *, is_primitive: bool) -> Flag:
    def flag(this: Any) -> bool | None:
        found = values(this)
        return is_primitive and len(found) == 1 and found[0] is not None

    return flag


def _children(values: Values, kind: FhirType) -> Values:
    def children(this: Any) -> list[Any]:
        slots = slots_by_key(kind)
        found: list[Any] = []
        for value in values(this):
            if not isinstance(value, dict):  # a primitive: its children are not in its value
                raise FHIRPathExecutionError(FULL)
            for key in value:
                slot = slots.get(key)
                if slot is not None and (slot.key == key or slot.key not in value):
                    found += _read(value, slot)
        return found

    return children


def _is_distinct(values: Values) -> Flag:
    def flag(this: Any) -> bool | None:
        found = values(this)
        if not all(isinstance(one, str) for one in found):
            raise FHIRPathExecutionError(FULL)
        return len(set(found)) == len(found)

    return flag


def _with_argument(name: str, target: Pure, values: Values, argument: Pure) -> Pure | None:
    kind = target.type
    if name in ("exists", "where", "all") and kind is not None:
        flag = argument.as_flag()
        return None if flag is None else _filter(name, values, flag, kind)
    if name == "select" and kind is not None and argument.values is not None:
        inner = argument.values
        return Pure(
            values=lambda this: [one for value in values(this) for one in inner(value)],
            type=argument.type,
        )
    constant = argument.constant
    if kind is None or kind.system != "String" or constant is None or len(constant) != 1:
        return None
    text = constant[0]
    return _text_test(name, values, text) if isinstance(text, str) else None


def _filter(name: str, values: Values, flag: Flag, kind: FhirType) -> Pure:
    complex_type = not kind.system

    def kept(this: Any) -> list[Any]:
        found = values(this)
        if complex_type and not all(isinstance(value, dict) for value in found):
            raise FHIRPathExecutionError(FULL)
        return [value for value in found if flag(value) is True]

    if name == "where":
        return Pure(values=kept, type=kind)
    if name == "exists":
        return Pure(flag=lambda this: bool(kept(this)))
    return Pure(flag=lambda this: len(kept(this)) == len(values(this)))


_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
}


def _text_test(name: str, values: Values, text: str) -> Pure | None:
    test: Callable[[str], bool] | None = None
    if name == "matches":
        test = _cheap_matcher(text)
    if name in _TEXT_TESTS:
        compare = _TEXT_TESTS[name]
        test = lambda value: compare(value, text)  # noqa: E731 - one of two ways to test
    if test is None:
        return None

    def flag(this: Any) -> bool | None:
        found = values(this)
        if not found:
            return None
        if len(found) > 1 or not isinstance(found[0], str):
            raise FHIRPathExecutionError(FULL)
        return test(found[0])

    return Pure(flag=flag)


def _cheap_matcher(pattern: str) -> Callable[[str], bool]:
    """What matches where that costs little; else the full evaluation does it, and counts it."""
    longest = -1  # of the texts that are known to cost little

    def matches(text: str) -> bool:
        from fhir_kb.fhirpath import regex

        nonlocal longest
        if len(text) > longest:
            if regex.work(pattern, len(text)) > _CHEAP:
                raise FHIRPathExecutionError(FULL)
            longest = len(text)
        return regex.matches(pattern, text)

    return matches


def pure_type_test(target: Pure | None, matches: Callable[[FhirType], bool]) -> Pure | None:
    """`is`, where the type is known beforehand."""
    if target is None or target.values is None or target.type is None or target.type.is_resource:
        return None
    values, answer = target.values, matches(target.type)

    def flag(this: Any) -> bool | None:
        found = values(this)
        if len(found) > 1:
            raise FHIRPathExecutionError("'is' needs one item")
        return answer if found else None

    return Pure(flag=flag)
