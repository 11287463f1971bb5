"""The operators in their pure form; see pure.py."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.pure import FULL, Flag, Number, Pure

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.fhirpath.values import System


def pure_binary(operator: str, left: Pure | None, right: Pure | None) -> Pure | None:
    """An operator between what is known."""
    if left is None or right is None:
        return None
    match operator:
        case "and" | "or" | "xor" | "implies":
            return _logic(operator, left.as_flag(), right.as_flag())
        case "|":
            return _constants(left.constant, right.constant)
        case "=" | "!=":
            return _equality(left, right, negated=operator == "!=")
        case "in":
            return _membership(left, right.constant)
        case "<" | "<=" | ">" | ">=":
            return _comparison(operator, left, right)
        case "+" if left.number is not None and right.number is not None:
            a, b = left.number, right.number
            return Pure(number=lambda this: a(this) + b(this))
    return None


def _logic(operator: str, left: Flag | None, right: Flag | None) -> Pure | None:
    if left is None or right is None:
        return None

    def conjunction(this: Any) -> bool | None:
        a = left(this)
        if a is False:
            return False
        b = right(this)
        return False if b is False else True if a and b else None

    def disjunction(this: Any) -> bool | None:
        a = left(this)
        if a is True:
            return True
        b = right(this)
        return True if b is True else False if a is False and b is False else None

    def implication(this: Any) -> bool | None:
        a = left(this)
        if a is False:
            return True
        b = right(this)
        return b if a else True if b else None

    def exclusive(this: Any) -> bool | None:
        a, b = left(this), right(this)
        return None if a is None or b is None else a != b

    made = {"and": conjunction, "or": disjunction, "implies": implication, "xor": exclusive}
    return Pure(flag=made[operator])


def _constants(left: tuple[System, ...] | None, right: tuple[System, ...] | None) -> Pure | None:
    if left is None or right is None:
        return None
    if not all(isinstance(one, str) for one in left + right):
        return None
    return Pure(constant=tuple(dict.fromkeys(left + right)))


def _equality(left: Pure, right: Pure, *, negated: bool) -> Pure | None:
    if left.constant is not None:
        left, right = right, left
    constant = (
        right.constant[0] if right.constant is not None and len(right.constant) == 1 else None
    )
    if left.number is not None:
        return _number_equality(left.number, right, constant, negated=negated)
    if left.flag is not None:
        other = right.as_flag() if right.flag is not None or isinstance(constant, bool) else None
        return None if other is None else _flag_equality(left.flag, other, negated=negated)
    if constant is None or left.values is None or left.type is None:
        return None
    values, kind = left.values, left.type.system
    if not (
        (kind == "String" and isinstance(constant, str))
        or (kind == "Boolean" and isinstance(constant, bool))
    ):
        return None

    def flag(this: Any) -> bool | None:
        found = values(this)
        if not found:
            return None
        is_same = len(found) == 1 and type(found[0]) is type(constant) and found[0] == constant
        return is_same is not negated

    return Pure(flag=flag)


def _number_equality(
    number: Number, right: Pure, constant: System | None, *, negated: bool
) -> Pure | None:
    if right.number is not None:
        other = right.number
        return Pure(flag=lambda this: (number(this) == other(this)) is not negated)
    if isinstance(constant, int) and not isinstance(constant, bool):
        return Pure(flag=lambda this: (number(this) == constant) is not negated)
    return None


def _flag_equality(left: Flag, right: Flag, *, negated: bool) -> Pure:
    def flag(this: Any) -> bool | None:
        a, b = left(this), right(this)
        return None if a is None or b is None else (a is b) is not negated

    return Pure(flag=flag)


def _membership(left: Pure, constant: tuple[System, ...] | None) -> Pure | None:
    if left.values is None or left.type is None or left.type.system != "String":
        return None
    if constant is None or not all(isinstance(one, str) for one in constant):
        return None
    values, known = left.values, frozenset(constant)

    def flag(this: Any) -> bool | None:
        found = values(this)
        if not found:
            return None
        if len(found) > 1:
            raise FHIRPathExecutionError("'in' needs one item")
        return isinstance(found[0], str) and found[0] in known

    return Pure(flag=flag)


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def _comparison(operator: str, left: Pure, right: Pure) -> Pure | None:
    compare = _ORDER[operator]
    constant = (
        right.constant[0] if right.constant is not None and len(right.constant) == 1 else None
    )
    if isinstance(constant, bool) or not isinstance(constant, int):
        constant = None
    if left.number is not None:
        first = left.number
        if right.number is not None:
            second = right.number
            return Pure(flag=lambda this: compare(first(this), second(this)))
        return None if constant is None else Pure(flag=lambda this: compare(first(this), constant))
    if constant is None or left.values is None or left.type is None:
        return None
    if left.type.system not in ("Integer", "Decimal"):
        return None
    values = left.values

    def flag(this: Any) -> bool | None:
        found = values(this)
        if not found:
            return None
        value = found[0]
        is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        if len(found) > 1 or not is_number:
            raise FHIRPathExecutionError(FULL)
        return compare(value, constant)

    return Pure(flag=flag)
