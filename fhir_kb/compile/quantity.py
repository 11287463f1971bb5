"""Quantities, ranges and lengths of time, from the author's words.

https://hl7.org/fhir/datatypes.html#Quantity; units are UCUM, https://ucum.org.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from fhir_kb.compile.build import element

if TYPE_CHECKING:
    from fhir_kb.model import Element, Text

UCUM: Final = "http://unitsofmeasure.org"
_NUMBER: Final = r"-?\d+(?:\.\d+)?"
_QUANTITY: Final = re.compile(rf"(?:(<=|>=|<|>) ?)?({_NUMBER})(?: ?- ?({_NUMBER}))?(?: ?(\S+))?")
# How people write the units of time that UCUM knows by a letter or two.
TIME: Final = {
    "s": "second",
    "min": "minute",
    "h": "hour",
    "d": "day",
    "wk": "week",
    "mo": "month",
    "a": "year",
}


class Amount:
    """A quantity as it was written: a comparator, one number or two, a unit."""

    __slots__ = ("comparator", "high", "low", "text", "unit")

    def __init__(self, text: Text) -> None:
        found = _QUANTITY.fullmatch(text)
        assert found is not None, text  # `read` takes no other form
        self.text: Final = text
        self.comparator: Final[str | None] = found[1]
        self.low: Final = Decimal(found[2])
        self.high: Final = Decimal(found[3]) if found[3] else None
        self.unit: Final[str] = found[4] or ""


def quantity(text: Text) -> Element:
    """A Quantity; of a range its lower bound (use `is_range` first)."""
    amount = Amount(text)
    return _quantity(amount, amount.low, amount.comparator)


def simple(amount: Amount, value: Decimal) -> Element:
    """A Quantity of the amount's unit, without a comparator."""
    return _quantity(amount, value, None)


def range_(text: Text) -> Element:
    """A Range; `>= 2 mg/L` is one without an upper bound."""
    amount = Amount(text)
    if amount.high is not None:
        return element(text.span, low=simple(amount, amount.low), high=simple(amount, amount.high))
    if amount.comparator in ("<", "<="):
        return element(text.span, high=simple(amount, amount.low))
    return element(text.span, low=simple(amount, amount.low))


def is_range(text: Text) -> bool:
    """Whether the text names two numbers."""
    return Amount(text).high is not None


def ratio(numerator: Text, denominator: Text) -> Element:
    """A Ratio of two quantities."""
    return element(numerator.span, numerator=quantity(numerator), denominator=quantity(denominator))


def duration(text: Text) -> Element:
    """A Duration, with the unit as people read it."""
    amount = Amount(text)
    return _time(amount, amount.low)


def duration_range(text: Text) -> Element:
    """A Range of two lengths of time."""
    amount = Amount(text)
    assert amount.high is not None
    return element(text.span, low=_time(amount, amount.low), high=_time(amount, amount.high))


def plural(amount: Amount) -> str:
    """The amount of time in words: "3 days", "7-10 days"."""
    word = TIME.get(amount.unit, amount.unit)
    if amount.high is not None:
        return f"{amount.low}-{amount.high} {word}s"
    return f"{amount.low} {word}" + ("" if amount.low == 1 else "s")


def _time(amount: Amount, value: Decimal) -> Element:
    word = TIME[amount.unit]
    return element(
        amount.text.span,
        value=_number(value),
        unit=word if value == 1 else f"{word}s",
        system=UCUM,
        code=amount.unit,
    )


def _quantity(amount: Amount, value: Decimal, comparator: str | None) -> Element:
    unit = amount.unit
    return element(
        amount.text.span,
        value=_number(value),
        comparator=comparator,
        unit=unit,
        system=UCUM if unit else None,
        code=unit,
    )


def _number(value: Decimal) -> Decimal | int:
    """The number as it was written: 1.50 stays 1.50, 8 stays 8."""
    return value if value.as_tuple().exponent else int(value)
