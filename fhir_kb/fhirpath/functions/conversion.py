"""FHIRPath: Conversion."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from fhir_kb.fhirpath.errors import FHIRPathExecutionError
from fhir_kb.fhirpath.evaluation.items import EMPTY, Item, boolean, value_of
from fhir_kb.fhirpath.evaluation.scope import Scope, single
from fhir_kb.fhirpath.functions.registry import function
from fhir_kb.fhirpath.values import quantities
from fhir_kb.fhirpath.values.date_formats import parse_formatted
from fhir_kb.fhirpath.values.system import Date, DateTime, Long, Quantity, System, Temporal, Time

_TRUE = frozenset(("true", "t", "yes", "y", "1", "1.0"))
_FALSE = frozenset(("false", "f", "no", "n", "0", "0.0"))
_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,60}(?:\.\d{1,60})?", re.ASCII)
_QUANTITY = re.compile(r"([+-]?\d{1,60}(?:\.\d{1,60})?)\s*(?:'([^']+)'|([a-zA-Z]+))?", re.ASCII)
_MAX_INTEGER = 2**31
_MAX_LONG = 2**63

Convert: TypeAlias = Callable[[System], "System | None"]


def to_boolean(value: System) -> bool | None:
    """The value converted to Boolean, or None."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return bool(value) if value in (0, 1) else None
    if isinstance(value, str):
        text = value.lower()
        return True if text in _TRUE else False if text in _FALSE else None
    return None


def _whole(value: System, limit: int) -> int | None:
    if isinstance(value, int) or (isinstance(value, str) and _INTEGER.fullmatch(value)):
        number = int(value)
    else:
        return None
    return number if -limit <= number < limit else None


def to_integer(value: System) -> int | None:
    """The value converted to Integer, or None."""
    return _whole(value, _MAX_INTEGER)


def to_long(value: System) -> Long | None:
    """The value converted to Long, or None."""
    number = _whole(value, _MAX_LONG)
    return None if number is None else Long(number)


def to_decimal(value: System) -> Decimal | None:
    """The value converted to Decimal, or None."""
    if isinstance(value, bool):
        return Decimal("1.0") if value else Decimal("0.0")
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    return None


def to_quantity(value: System) -> Quantity | None:
    """The value converted to Quantity, or None."""
    if isinstance(value, Quantity):
        return value
    if isinstance(value, str):
        match = _QUANTITY.fullmatch(value.strip())
        if match is None:
            return None
        if match[3] and not Quantity.of(Decimal(0), match[3]).is_calendar:
            return None
        return Quantity.of(Decimal(match[1]), match[2] or match[3] or "1")
    number = to_decimal(value)
    return None if number is None else Quantity(number)


def to_string(value: System) -> str | None:
    """The value converted to String, or None."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, int | Temporal | Quantity):
        return str(value)
    return None


def to_date(value: System) -> Date | None:
    """The value converted to Date, or None."""
    if isinstance(value, Date):
        return value
    if isinstance(value, DateTime):
        return Date(value.fields[:3])
    return Date.parse(value) if isinstance(value, str) else None


def to_date_time(value: System) -> DateTime | None:
    """The value converted to DateTime, or None."""
    if isinstance(value, DateTime):
        return value
    if isinstance(value, Date):
        return DateTime(value.fields)
    return DateTime.parse(value) if isinstance(value, str) else None


def to_time(value: System) -> Time | None:
    """The value converted to Time, or None."""
    if isinstance(value, Time):
        return value
    return Time.parse(value) if isinstance(value, str) else None


def _value(items: list[Item], what: str) -> System | None:
    item = single(items, what)
    return None if item is None else value_of(item)


def _declare(name: str, convert: Convert) -> None:
    """Declare toX() and convertsToX()."""

    @function(f"to{name}", returns=name)
    def to(_: Scope, focus: list[Item]) -> list[Item]:
        value = _value(focus, f"to{name}()")
        result = None if value is None else convert(value)
        return EMPTY if result is None else [result]

    @function(f"convertsTo{name}", returns="Boolean")
    def converts(_: Scope, focus: list[Item]) -> list[Item]:
        if not focus:
            return EMPTY
        value = _value(focus, f"convertsTo{name}()")
        return boolean(value is not None and convert(value) is not None)


for _name, _convert in (
    ("Boolean", to_boolean),
    ("Integer", to_integer),
    ("Long", to_long),
    ("Decimal", to_decimal),
    ("String", to_string),
    ("Time", to_time),
):
    _declare(_name, _convert)


def _argument(items: list[Item] | None, what: str) -> str | None:
    if items is None:
        return None
    value = _value(items, what)
    if value is not None and not isinstance(value, str):
        raise FHIRPathExecutionError(f"{what} takes a String")
    return value


@function("toQuantity", "value?", returns="Quantity")
def quantity(_: Scope, focus: list[Item], unit: list[Item] | None = None) -> list[Item]:
    """The item as a Quantity, in the given unit."""
    target = _argument(unit, "toQuantity()")
    value = _value(focus, "toQuantity()")
    result = None if value is None else to_quantity(value)
    if result is not None and target is not None:
        result = quantities.convert(result, target)
    return EMPTY if result is None else [result]


@function("convertsToQuantity", "value?", returns="Boolean")
def converts_to_quantity(
    scope: Scope, focus: list[Item], unit: list[Item] | None = None
) -> list[Item]:
    """Whether toQuantity() would have a result."""
    return boolean(bool(quantity(scope, focus, unit))) if focus else EMPTY


def _declare_date(name: str, convert: Convert) -> None:
    """Declare toDate/toDateTime and their convertsTo, which take a format."""

    def converted(focus: list[Item], format_: list[Item] | None, what: str) -> System | None:
        pattern = _argument(format_, what)
        value = _value(focus, what)
        if value is None:
            return None
        if isinstance(value, str) and pattern is not None:
            parsed = parse_formatted(value, pattern)
            return None if parsed is None else convert(parsed)
        return convert(value)

    @function(f"to{name}", "value?", returns=name)
    def to(_: Scope, focus: list[Item], format_: list[Item] | None = None) -> list[Item]:
        result = converted(focus, format_, f"to{name}()")
        return EMPTY if result is None else [result]

    @function(f"convertsTo{name}", "value?", returns="Boolean")
    def converts(_: Scope, focus: list[Item], format_: list[Item] | None = None) -> list[Item]:
        if not focus:
            return EMPTY
        result = converted(focus, format_, f"convertsTo{name}()")
        return boolean(result is not None)


_declare_date("Date", to_date)
_declare_date("DateTime", to_date_time)
