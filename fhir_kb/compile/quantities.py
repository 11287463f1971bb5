"""Quantities, ranges, ratios and lengths of time, from the way people write them.

Units are UCUM (https://ucum.org). Numbers stay as exact as they were written: 1.50 is not 1.5.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from fhir_kb.compile.elements import element
from fhir_kb.model.unit_words import UNIT_WORDS

if TYPE_CHECKING:
    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.diagnostics import Span
    from fhir_kb.model import Element, Text

UCUM: Final = "http://unitsofmeasure.org"
_NUMBER: Final = r"-?\d{1,18}(?:\.\d{1,18})?"
_QUANTITY: Final = re.compile(
    rf"(?P<comparator><=|>=|<|>)?\s*(?P<low>{_NUMBER})(?:\s*-\s*(?P<high>{_NUMBER}))?"
    r"(?:\s*(?P<unit>[^\s\d.][^\s]*|1))?"
)
_COUNTED: Final = re.compile(r"\{([^{}]+)\}")
_TIMES: Final = {
    "s": ("second", "seconds"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "d": ("day", "days"),
    "wk": ("week", "weeks"),
    "mo": ("month", "months"),
    "a": ("year", "years"),
}
_MINUTES: Final = {"min": 1, "h": 60, "d": 1440}


@dataclass(frozen=True, slots=True)
class Amount:
    """A number or a range with its unit."""

    low: Decimal
    """The number, or the lower end of the range."""

    high: Decimal | None
    """The upper end of the range; None for a number."""

    unit: str
    """A UCUM code; empty where there is no unit."""

    comparator: str
    """ "<", "<=", ">", ">=", or empty."""

    span: Span
    """Where it is written."""


def parse_amount(context: CompileContext, text: Text | None) -> Amount | None:
    """What a quantity or duration says. None, with a finding, where it says nothing."""
    if text is None:
        return None
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        context.report("KB350", f"'{text}' is no quantity", text.span, "for instance: 500 mg")
        return None
    low, high, unit = Decimal(match["low"]), match["high"], match["unit"] or ""
    if high is not None and (Decimal(high) < low or match["comparator"]):
        context.report(
            "KB350", f"'{text}' is no range", text.span, "write the smaller number first"
        )
        return None
    if unit and not _is_ucum(unit):
        context.report("KB351", f"'{unit}' is no unit of UCUM", text.span, _advice(unit))
        return None
    upper = Decimal(high) if high is not None else None
    return Amount(low, upper, unit, match["comparator"] or "", text.span)


def quantity_choice(context: CompileContext, name: str, text: Text | None) -> dict[str, Element]:
    """The choice `name`[x] of a quantity: as Quantity, or as Range where it is one."""
    amount = parse_amount(context, text)
    if amount is None:
        return {}
    if amount.high is None:
        return {f"{name}Quantity": quantity_element(amount)}
    return {f"{name}Range": range_element(amount)}


def duration_choice(context: CompileContext, name: str, text: Text | None) -> dict[str, Element]:
    """The choice `name`[x] of a length of time: as Duration, or as Range where it is one."""
    amount = parse_amount(context, text)
    if amount is None:
        return {}
    if amount.high is None:
        return {f"{name}Duration": quantity_element(amount)}
    return {f"{name}Range": range_element(amount)}


def single_quantity(context: CompileContext, text: Text | None) -> Element | None:
    """A Quantity; a range is a finding, because FHIR takes a single number there."""
    amount = parse_amount(context, text)
    if amount is None:
        return None
    if amount.high is not None:
        context.report("KB350", f"'{text}' is a range where one number is needed", amount.span)
        return None
    return quantity_element(amount)


def ratio_element(context: CompileContext, text: Text) -> Element | None:
    """A Ratio of `4 g per 1 d`."""
    from fhir_kb.model import Text as Placed

    over, _, under = text.partition(" per ")
    numerator = single_quantity(context, Placed(over.strip(), text.span))
    denominator = single_quantity(context, Placed(under.strip(), text.span))
    if numerator is None or denominator is None:
        return None
    return element(text.span, numerator=numerator, denominator=denominator)


def in_minutes(context: CompileContext, text: Text | None) -> int | None:
    """A length of time in whole minutes."""
    amount = parse_amount(context, text)
    if amount is None:
        return None
    exact = amount.low * _MINUTES.get(amount.unit, 0)
    if amount.high is not None or not exact or exact != int(exact):
        context.report("KB352", f"'{text}' is no whole number of minutes", amount.span)
        return None
    return int(exact)


def quantity_element(amount: Amount) -> Element:
    """The Quantity of an amount (of its lower number, where it is a range)."""
    return _quantity(amount.low, amount)


def range_element(amount: Amount) -> Element:
    """The Range of an amount; the Quantities of a Range have no comparator (rng-2)."""
    high = None if amount.high is None else _quantity(amount.high, amount)
    return element(amount.span, low=_quantity(amount.low, amount), high=high)


def unit_text(unit: str, value: Decimal) -> str:
    """How a unit reads: `{tablet}` as tablet, `d` as days; other units as they are."""
    if unit in _TIMES:
        return _TIMES[unit][0 if value == 1 else 1]
    counted = _COUNTED.fullmatch(unit)
    return counted[1] if counted else unit


def _quantity(value: Decimal, amount: Amount) -> Element:
    if not amount.unit:
        return element(amount.span, value=value, comparator=amount.comparator)
    return element(
        amount.span,
        value=value,
        comparator=amount.comparator,
        unit=unit_text(amount.unit, value),
        system=UCUM,
        code=amount.unit,
    )


def _advice(unit: str) -> str:
    """The unit of UCUM that a word stands for: `years`, `mg/kg/dose`, `IU`, `mmHg`."""
    parts = [UNIT_WORDS.get(part.casefold(), part) for part in unit.split("/")]
    known = "/".join(part if _is_ucum(part) else f"{{{part.strip('{}')}}}" for part in parts)
    counted = all(part.startswith("{") for part in known.split("/"))
    if counted or not _is_ucum(known):
        return f"if it is something counted: {{{unit}}}"
    return f"write '{known}'"


def _is_ucum(unit: str) -> bool:
    if unit in _COMMON:
        return True
    from fhir_kb.fhirpath.values import ucum

    return ucum.unit(unit) is not None


#: units that are known without loading all of UCUM
_COMMON: Final = frozenset(
    {*_TIMES, "mg", "g", "kg", "mL", "L", "%", "mg/kg", "mg/d", "mm", "cm", "1"}
)
