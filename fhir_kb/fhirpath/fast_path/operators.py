"""Fast paths of operators."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.fast_path.fast_path import Count, FastPath, Test, needs_full_evaluation

if TYPE_CHECKING:
    from collections.abc import Callable

    from fhir_kb.fhirpath.values.system import System


def fast_binary(operator: str, left: FastPath | None, right: FastPath | None) -> FastPath | None:
    """An operator between two operands; None where it has no fast path."""
    if left is None or right is None:
        return None
    match operator:
        case "and" | "or" | "xor" | "implies":
            return _logic(operator, left.as_test(), right.as_test())
        case "|":
            return _constants(left.constant, right.constant)
        case "=" | "!=":
            return _equality(left, right, negated=operator == "!=")
        case "in":
            return _membership(left, right.constant)
        case "<" | "<=" | ">" | ">=":
            return _comparison(operator, left, right)
        case "+" if left.count is not None and right.count is not None:
            a, b = left.count, right.count
            return FastPath(count=lambda this: a(this) + b(this))
    return None


def _logic(operator: str, left: Test | None, right: Test | None) -> FastPath | None:
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

    operations = {"and": conjunction, "or": disjunction, "implies": implication, "xor": exclusive}
    return FastPath(test=operations[operator])


def _constants(
    left: tuple[System, ...] | None, right: tuple[System, ...] | None
) -> FastPath | None:
    if left is None or right is None:
        return None
    if not all(isinstance(constant, str) for constant in left + right):
        return None
    return FastPath(constant=tuple(dict.fromkeys(left + right)))


def _equality(left: FastPath, right: FastPath, *, negated: bool) -> FastPath | None:
    if left.constant is not None:
        left, right = right, left
    constant = (
        right.constant[0] if right.constant is not None and len(right.constant) == 1 else None
    )
    if left.count is not None:
        return _count_equality(left.count, right, constant, negated=negated)
    if left.test is not None:
        other = right.as_test() if right.test is not None or isinstance(constant, bool) else None
        return None if other is None else _truth_equality(left.test, other, negated=negated)
    if constant is None or left.values is None or left.type is None:
        return None
    values, kind = left.values, left.type.system
    if not (
        (kind == "String" and isinstance(constant, str))
        or (kind == "Boolean" and isinstance(constant, bool))
    ):
        return None

    def test(this: Any) -> bool | None:
        items = values(this)
        if not items:
            return None
        is_same = len(items) == 1 and type(items[0]) is type(constant) and items[0] == constant
        return is_same is not negated

    return FastPath(test=test)


def _count_equality(
    count: Count, right: FastPath, constant: System | None, *, negated: bool
) -> FastPath | None:
    if right.count is not None:
        other = right.count
        return FastPath(test=lambda this: (count(this) == other(this)) is not negated)
    if isinstance(constant, int) and not isinstance(constant, bool):
        return FastPath(test=lambda this: (count(this) == constant) is not negated)
    return None


def _truth_equality(left: Test, right: Test, *, negated: bool) -> FastPath:
    def test(this: Any) -> bool | None:
        a, b = left(this), right(this)
        return None if a is None or b is None else (a is b) is not negated

    return FastPath(test=test)


def _membership(left: FastPath, constant: tuple[System, ...] | None) -> FastPath | None:
    if left.values is None or left.type is None or left.type.system != "String":
        return None
    if constant is None or not all(isinstance(code, str) for code in constant):
        return None
    values, codes = left.values, frozenset(constant)

    def test(this: Any) -> bool | None:
        items = values(this)
        if not items:
            return None
        if len(items) > 1:
            raise FHIRPathExecutionError("'in' needs one item")
        return isinstance(items[0], str) and items[0] in codes

    return FastPath(test=test)


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}


def _comparison(operator: str, left: FastPath, right: FastPath) -> FastPath | None:
    compare = _ORDER[operator]
    constant = (
        right.constant[0] if right.constant is not None and len(right.constant) == 1 else None
    )
    if isinstance(constant, bool) or not isinstance(constant, int):
        constant = None
    if left.count is not None:
        first = left.count
        if right.count is not None:
            second = right.count
            return FastPath(test=lambda this: compare(first(this), second(this)))
        return (
            None if constant is None else FastPath(test=lambda this: compare(first(this), constant))
        )
    if constant is None or left.values is None or left.type is None:
        return None
    if left.type.system not in ("Integer", "Decimal"):
        return None
    values = left.values

    def test(this: Any) -> bool | None:
        items = values(this)
        if not items:
            return None
        value = items[0]
        is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        if len(items) > 1 or not is_number:
            raise needs_full_evaluation()
        return compare(value, constant)

    return FastPath(test=test)
