"""Doses by weight or age, in words.

FHIR's Dosage has no element for whom a dose is meant. Several Dosages in an order are given one
after the other or together (`sequence`), never one of them, so bands that were Dosages would be an
overdose. They are the text of one Dosage.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.compile.element_text import choice_text
from fhir_kb.compile.quantities import parse_amount, quantity_choice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.compile.quantities import Amount
    from fhir_kb.model.activity import Dosage, DoseBand

_INFINITE = Decimal("Infinity")


def bands_text(context: CompileContext, dosage: Dosage) -> str:
    """The bands of a dosage in words: `weight < 5 kg: 250 mg; weight 5 to 15 kg: 500 mg`."""
    given = dosage.dose or dosage.rate
    if dosage.bands and given is not None:
        message = "a dosage with bands has no dose beside them: nobody could tell whose it is"
        context.report("KB357", message, given.span, "make it a band of its own: {who: …, dose: …}")
    _report_overlaps(context, dosage.bands)
    return "; ".join(_band_text(context, band) for band in dosage.bands)


def _band_text(context: CompileContext, band: DoseBand) -> str:
    who = [str(band.who)] if band.who else []
    for name, text in (("age", band.age), ("weight", band.weight)):
        if words := choice_text(quantity_choice(context, name, text), name):
            who.append(f"{name} {words}")
    dose = choice_text(quantity_choice(context, "dose", band.dose), "dose")
    doses = [part for part in (dose, str(band.text or "")) if part]
    if not who or not doses:
        message = "a band says whom it is for, and the dose"
        context.report("KB357", message, band.span, "for instance: {weight: 5-14 kg, dose: 250 mg}")
    return f"{', '.join(who)}: {', '.join(doses)}"


class _Span(NamedTuple):
    """What a band covers; ends are part of it unless they are open."""

    low: Decimal
    is_low_open: bool
    high: Decimal
    is_high_open: bool


def _report_overlaps(context: CompileContext, bands: Sequence[DoseBand]) -> None:
    """Bands of one measure that both hold for somebody."""
    for first, second in combinations(bands, 2):
        if first.who or second.who:
            continue
        pairs = [(first.age, second.age), (first.weight, second.weight)]
        if any((one is None) != (other is None) for one, other in pairs):
            continue
        amounts = [
            (parse_amount(context, one), parse_amount(context, other)) for one, other in pairs
        ]
        known = [(one, other) for one, other in amounts if one is not None and other is not None]
        if known and all(one.unit == other.unit and _overlap(one, other) for one, other in known):
            message = f"this band and that in line {first.span.line} hold for the same patients"
            context.report("KB358", message, second.span, "let one begin after the other ends")


def _overlap(one: Amount, other: Amount) -> bool:
    a, b = _covered(one), _covered(other)
    low, high = max(a.low, b.low), min(a.high, b.high)
    if low != high:
        return low < high
    is_open = (a.low == low and a.is_low_open) or (b.low == low and b.is_low_open)
    return not (
        is_open or (a.high == high and a.is_high_open) or (b.high == high and b.is_high_open)
    )


def _covered(amount: Amount) -> _Span:
    is_open = amount.comparator in ("<", ">")
    if amount.comparator.startswith("<"):
        return _Span(-_INFINITE, False, amount.low, is_open)
    if amount.comparator.startswith(">"):
        return _Span(amount.low, is_open, _INFINITE, False)
    high = amount.high if amount.high is not None else amount.low
    return _Span(amount.low, False, high, False)
