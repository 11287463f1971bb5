"""FHIRPath: Math functions and the aggregates sum, min, max and avg."""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DecimalException,
)
from typing import TYPE_CHECKING

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.evaluation.arithmetic import arithmetic
from fhir_kb.fhirpath.evaluation.equality import order
from fhir_kb.fhirpath.evaluation.items import EMPTY, Item, system_name, value_of
from fhir_kb.fhirpath.evaluation.scope import Scope, single
from fhir_kb.fhirpath.functions.registry import function
from fhir_kb.fhirpath.functions.subsets import integer
from fhir_kb.fhirpath.values.quantities import CONTEXT, MAX_DIGITS, PRECISION
from fhir_kb.fhirpath.values.system import Long, Quantity

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDE = Context(prec=2 * MAX_DIGITS)
MAX_EXPONENT = 10_000


def _number(items: list[Item], what: str) -> int | Decimal | Quantity | None:
    item = single(items, what)
    if item is None:
        return None
    value = value_of(item)
    if isinstance(value, bool) or not isinstance(value, int | Decimal | Quantity):
        raise FHIRPathExecutionError(f"{what} needs a number")
    return value


def _decimal(items: list[Item], what: str) -> Decimal | None:
    value = _number(items, what)
    if isinstance(value, Quantity):
        raise FHIRPathExecutionError(f"{what} needs a number without a unit")
    return None if value is None else Decimal(value)


@function("abs", returns="=")
def absolute(_: Scope, focus: list[Item]) -> list[Item]:
    """The distance from zero."""
    value = _number(focus, "abs()")
    if isinstance(value, Quantity):
        return [Quantity(abs(value.value), value.unit)]
    if isinstance(value, Long):
        return [Long(abs(value))]
    if isinstance(value, int):
        return [abs(value)]
    return EMPTY if value is None else [abs(value)]


def _whole(name: str, rounding: str) -> None:
    @function(name, returns="Integer")
    def run(_: Scope, focus: list[Item]) -> list[Item]:
        value = _number(focus, f"{name}()")
        if value is None:
            return EMPTY
        if isinstance(value, int):
            return [value]
        number = value.value if isinstance(value, Quantity) else value
        if number.adjusted() > MAX_DIGITS:
            return EMPTY
        whole = number.to_integral_value(rounding)
        return [Quantity(whole, value.unit) if isinstance(value, Quantity) else int(whole)]


_whole("ceiling", ROUND_CEILING)
_whole("floor", ROUND_FLOOR)
_whole("truncate", ROUND_DOWN)


@function("round", "value?", returns="Decimal")
def rounded(_: Scope, focus: list[Item], precision: list[Item] | None = None) -> list[Item]:
    """The number to so many digits after the point; 0.5 goes away from zero."""
    value = _number(focus, "round()")
    digits = 0 if precision is None else integer(precision, "round()")
    if value is None or digits is None:
        return EMPTY
    if digits < 0:
        raise FHIRPathExecutionError("round() takes no negative precision")
    number = value.value if isinstance(value, Quantity) else Decimal(value)
    if digits < MAX_DIGITS and number.adjusted() < MAX_DIGITS:
        step = Decimal(1).scaleb(-digits)
        number = number.quantize(step, ROUND_HALF_UP, _WIDE)
    return [Quantity(number, value.unit) if isinstance(value, Quantity) else number]


def _compute(calculate: Callable[[], Decimal]) -> list[Item]:
    """The result; empty where there is none, or none within the limits."""
    try:
        result = calculate()
    except (DecimalException, ValueError):
        return EMPTY
    return [result] if result.is_finite() and abs(result.adjusted()) <= MAX_EXPONENT else EMPTY


@function("exp", returns="Decimal")
def exp(_: Scope, focus: list[Item]) -> list[Item]:
    """E to that power."""
    value = _decimal(focus, "exp()")
    if value is None or value > MAX_EXPONENT:
        return EMPTY
    return _compute(lambda: value.exp(CONTEXT))


@function("ln", returns="Decimal")
def ln(_: Scope, focus: list[Item]) -> list[Item]:
    """The natural logarithm."""
    value = _decimal(focus, "ln()")
    return EMPTY if value is None else _compute(lambda: value.ln(CONTEXT))


@function("log", "value", returns="Decimal")
def log(_: Scope, focus: list[Item], base: list[Item]) -> list[Item]:
    """The logarithm to that base."""
    value, root = _decimal(focus, "log()"), _decimal(base, "log()")
    if value is None or root is None:
        return EMPTY
    if value <= 0 or root <= 0:
        raise FHIRPathExecutionError("log() needs numbers above zero")
    if root == 10:
        return _compute(lambda: value.log10(CONTEXT))
    precise = Context(prec=PRECISION + 6)
    quotient = _compute(lambda: precise.divide(value.ln(precise), root.ln(precise)))
    return [CONTEXT.plus(number) for number in quotient if isinstance(number, Decimal)]


@function("power", "value")
def power(_: Scope, focus: list[Item], exponent: list[Item]) -> list[Item]:
    """The number to that power: an Integer where both are and the exponent is not negative."""
    value, by = _number(focus, "power()"), _number(exponent, "power()")
    if isinstance(value, Quantity) or isinstance(by, Quantity):
        raise FHIRPathExecutionError("power() needs numbers without units")
    if value is None or by is None or abs(Decimal(by)) > MAX_EXPONENT:
        return EMPTY
    result = _compute(lambda: CONTEXT.power(Decimal(value), Decimal(by)))
    if isinstance(value, int) and isinstance(by, int) and by >= 0:
        return [
            int(number)
            for number in result
            if isinstance(number, Decimal) and number.adjusted() < 10
        ]
    return result


@function("sqrt", returns="Decimal")
def sqrt(_: Scope, focus: list[Item]) -> list[Item]:
    """The square root."""
    value = _decimal(focus, "sqrt()")
    return EMPTY if value is None else _compute(lambda: value.sqrt(CONTEXT))


def _same_type(focus: list[Item], what: str) -> None:
    values = [value_of(item) for item in focus]
    if len({system_name(value) if value is not None else "" for value in values}) > 1:
        raise FHIRPathExecutionError(f"{what} needs items of one type")


@function("sum", returns="=")
def total(scope: Scope, focus: list[Item]) -> list[Item]:
    """All items added up."""
    _same_type(focus, "sum()")
    scope.env.spend(len(focus))
    result = focus[:1]
    for item in focus[1:]:
        result = arithmetic("+", result, [item], scope.env)
    _number(result, "sum()")
    return result


@function("avg", returns="Decimal")
def average(scope: Scope, focus: list[Item]) -> list[Item]:
    """The sum, divided by the number of items."""
    return arithmetic("/", total(scope, focus), [len(focus)], scope.env) if focus else EMPTY


def _extreme(name: str, sign: int) -> None:
    @function(name, returns="=")
    def run(scope: Scope, focus: list[Item]) -> list[Item]:
        _same_type(focus, f"{name}()")
        scope.env.spend(len(focus))
        best = focus[:1]
        for item in focus[1:]:
            comparison = order(item, best[0])
            if comparison is None:
                return EMPTY
            if comparison == sign:
                best = [item]
        return best


_extreme("min", -1)
_extreme("max", 1)
