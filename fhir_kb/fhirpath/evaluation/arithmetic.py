"""The arithmetic operators: + - * / div mod &, and the unary minus."""

from __future__ import annotations

from decimal import Decimal, DecimalException

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.evaluation.equality import as_quantity
from fhir_kb.fhirpath.evaluation.items import EMPTY, Element, Item, system_name, value_of
from fhir_kb.fhirpath.evaluation.scope import Environment, single
from fhir_kb.fhirpath.values import quantities, temporal_math
from fhir_kb.fhirpath.values.quantities import CONTEXT
from fhir_kb.fhirpath.values.system import Long, Quantity, System, Temporal

_INTEGER_RANGE = range(-(2**31), 2**31)
_LONG_RANGE = range(-(2**63), 2**63)
_CALENDAR_OF_UCUM = {"a": "year", "mo": "month"}
_MAX_EXPONENT = 10_000


def arithmetic(operator: str, left: list[Item], right: list[Item], env: Environment) -> list[Item]:
    """The result of `left operator right`; empty where an operand is empty or there is no result.

    Raises FHIRPathExecutionError where there are several items or the types do not fit.
    """
    a = _operand(single(left, f"the left side of '{operator}'"), operator)
    b = _operand(single(right, f"the right side of '{operator}'"), operator)
    if a is None or b is None:
        return EMPTY
    try:
        result = _calculate(operator, a, b, right[0], env)
    except DecimalException:  # overflow and the like
        return EMPTY
    return EMPTY if result is None else [result]


def _operand(item: Item | None, operator: str) -> System | None:
    if item is None:
        return None
    value = value_of(item)
    if value is None and isinstance(item, Element) and not item.type.system:
        if "Quantity" in item.type.names:
            return None
        raise FHIRPathExecutionError(f"'{operator}' cannot be used with a {item.type.name}")
    return value


def _calculate(
    operator: str, left: System, right: System, item: Item, env: Environment
) -> System | None:
    if isinstance(left, str) and isinstance(right, str) and operator == "+":
        env.write(len(left) + len(right))
        return left + right
    if isinstance(left, Temporal) and operator in ("+", "-") and isinstance(right, Quantity):
        unit = right.unit
        if isinstance(item, Element):  # FHIR says its codes of time mean calendar units here
            unit = _CALENDAR_OF_UCUM.get(unit, unit)
        return temporal_math.add(left, right.value, unit, 1 if operator == "+" else -1)
    if isinstance(left, bool) or isinstance(right, bool):
        raise _misfit(operator, left, right)
    if isinstance(left, Quantity) or isinstance(right, Quantity):
        return _with_units(operator, left, right)
    if isinstance(left, int) and isinstance(right, int) and operator != "/":
        is_long = isinstance(left, Long) or isinstance(right, Long)
        return _integers(operator, int(left), int(right), is_long=is_long)
    if isinstance(left, int | Decimal) and isinstance(right, int | Decimal):
        return _decimals(operator, Decimal(left), Decimal(right))
    raise _misfit(operator, left, right)


def _misfit(operator: str, left: System, right: System) -> FHIRPathExecutionError:
    return FHIRPathExecutionError(
        f"'{operator}' cannot be used with {system_name(left)} and {system_name(right)}"
    )


def _integers(operator: str, left: int, right: int, *, is_long: bool) -> int | None:
    match operator:
        case "+":
            result = left + right
        case "-":
            result = left - right
        case "*":
            result = left * right
        case _:
            if right == 0:
                return None
            quotient = abs(left) // abs(right)
            quotient = quotient if (left < 0) == (right < 0) else -quotient
            result = quotient if operator == "div" else left - quotient * right
    if result not in (_LONG_RANGE if is_long else _INTEGER_RANGE):
        return None
    return Long(result) if is_long else result


def _decimals(operator: str, left: Decimal, right: Decimal) -> int | Decimal | None:
    match operator:
        case "+":
            return _bounded(CONTEXT.add(left, right))
        case "-":
            return _bounded(CONTEXT.subtract(left, right))
        case "*":
            return _bounded(CONTEXT.multiply(left, right))
    if right == 0:
        return None
    if operator == "/":
        return _bounded(CONTEXT.divide(left, right))
    quotient = CONTEXT.divide_int(left, right)
    if operator == "div":
        return int(quotient)
    return _bounded(CONTEXT.remainder(left, right))


def _bounded(value: Decimal) -> Decimal | None:
    return value if abs(value.adjusted()) <= _MAX_EXPONENT else None


def _with_units(operator: str, left: System, right: System) -> Quantity | None:
    a, b = as_quantity(left), as_quantity(right)
    if a is None or b is None:
        raise _misfit(operator, left, right)
    match operator:
        case "+":
            return quantities.add(a, b, 1)
        case "-":
            return quantities.add(a, b, -1)
        case "*":
            return quantities.multiply(a, b) if a.unit != "1" else quantities.multiply(b, a)
        case "/":
            return quantities.multiply(a, b, divide=True)
    raise _misfit(operator, left, right)


def concatenate(left: list[Item], right: list[Item], env: Environment) -> list[Item]:
    """`left & right`: empty is the empty string."""
    parts = []
    for side, items in (("left", left), ("right", right)):
        item = single(items, f"the {side} side of '&'")
        value = "" if item is None else value_of(item)
        if value is None and isinstance(item, Element) and item.type.system:
            value = ""
        if not isinstance(value, str):
            raise FHIRPathExecutionError("'&' needs Strings")
        parts.append(value)
    env.write(len(parts[0]) + len(parts[1]))
    return [parts[0] + parts[1]]


def negate(items: list[Item]) -> list[Item]:
    """`-operand`."""
    item = single(items, "the unary '-'")
    value = None if item is None else _operand(item, "-")
    if value is None:
        return EMPTY
    if isinstance(value, Quantity):
        return [Quantity(-value.value, value.unit)]
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise FHIRPathExecutionError(f"a {system_name(value)} has no negative")
    return [Long(-value)] if isinstance(value, Long) else [-value]


def plus(items: list[Item]) -> list[Item]:
    """`+operand`: the number itself."""
    negate(items)
    return items
