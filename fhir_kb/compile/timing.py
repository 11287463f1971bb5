"""Timing and Dosage.

https://hl7.org/fhir/R5/datatypes.html#Timing, https://hl7.org/fhir/R5/dosage.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile.build import coded, element
from fhir_kb.compile.quantity import (
    Amount,
    duration,
    duration_range,
    is_range,
    plural,
    quantity,
    range_,
    ratio,
)
from fhir_kb.model import words
from fhir_kb.model.text import Duration, Quantity

if TYPE_CHECKING:
    from fhir_kb.compile.context import Context
    from fhir_kb.model import Element, Text
    from fhir_kb.model.activity import Dosage, Timing

_DOSE_TYPE: Final = "http://terminology.hl7.org/CodeSystem/dose-rate-type"


def timing(given: Timing) -> Element:
    """A Timing; what it says in words is its code's text."""
    repeat = element(given.span, **_repeat(given))
    text = given.text or in_words(given)
    code = element(given.span, text=text) if text else None
    return element(given.span, repeat=repeat or None, code=code)


def _repeat(given: Timing) -> dict[str, Any]:
    every = Amount(given.every) if given.every else None
    lasting = Amount(given.lasting) if given.lasting else None
    bounds: dict[str, Any] = {}
    if given.for_:
        one = not is_range(given.for_)
        bounds["boundsDuration" if one else "boundsRange"] = (
            duration(given.for_) if one else duration_range(given.for_)
        )
    times = given.times if given.times or every is None else 1
    return {
        **bounds,
        "count": given.count,
        "duration": _plain(lasting, "low"),
        "durationMax": _plain(lasting, "high"),
        "durationUnit": lasting.unit if lasting else None,
        "frequency": times,
        "frequencyMax": given.up_to,
        "period": _plain(every, "low"),
        "periodMax": _plain(every, "high"),
        "periodUnit": every.unit if every else None,
        "dayOfWeek": list(given.days),
        "timeOfDay": [f"{at}:00" for at in given.at],
        "when": [words.EVENT_TIMING[when] for when in given.when],
        "offset": _minutes(given.offset) if given.offset else None,
    }


def in_words(given: Timing) -> str:
    """A timing as people say it; "" where there is nothing to say."""
    parts = []
    if given.every:
        often = f"{given.times or 1}" + (f" to {given.up_to}" if given.up_to else "")
        many = "once" if often == "1" else f"{often} times"
        amount = Amount(given.every)
        each = plural(amount)
        parts.append(f"{many} every {each.removeprefix('1 ') if amount.low == 1 else each}")
    elif given.times:
        parts.append("once" if given.times == 1 else f"{given.times} times")
    if given.count:
        parts.append(f"{given.count} in all")
    if given.when:
        before = f"{plural(Amount(given.offset))} " if given.offset else ""
        parts.append(before + ", ".join(when.replace("-", " ") for when in given.when))
    if given.at:
        parts.append("at " + ", ".join(given.at))
    if given.days:
        parts.append("on " + ", ".join(given.days))
    if given.lasting:
        parts.append(f"each lasting {plural(Amount(given.lasting))}")
    if given.for_:
        parts.append(f"for {plural(Amount(given.for_))}")
    return ", ".join(parts)


def dosage(context: Context, given: Dosage, sequence: int) -> Element:
    """A Dosage as R5 has it; its text is the whole of it in words."""
    rates: dict[str, Any] = {}
    if given.dose:
        one = not is_range(given.dose)
        rates["doseQuantity" if one else "doseRange"] = (quantity if one else range_)(given.dose)
    if given.rate:
        one = not is_range(given.rate)
        rates["rateQuantity" if one else "rateRange"] = (quantity if one else range_)(given.rate)
    kind = coded(_DOSE_TYPE, "ordered", "Ordered") if rates else None
    return element(
        given.span,
        sequence=sequence,
        text=given.text or dosage_in_words(context, given),
        additionalInstruction=context.meanings(given.instructions),
        patientInstruction=given.patient,
        timing=timing(given.timing) if given.timing else None,
        asNeeded=True if given.as_needed and not given.as_needed_for else None,
        asNeededFor=context.meanings(given.as_needed_for),
        site=context.meaning(given.site) if given.site else None,
        route=context.meaning(given.route) if given.route else None,
        method=context.meaning(given.method) if given.method else None,
        doseAndRate=[element(given.span, type=kind, **rates)] if rates else None,
        maxDosePerPeriod=[_max_dose(text) for text in given.max_dose],
    )


def dosage_in_words(context: Context, given: Dosage) -> str:
    """A dosage as people say it."""
    timing_words = (given.timing.text or in_words(given.timing)) if given.timing else ""
    parts = [
        str(given.dose or ""),
        f"at {given.rate}" if given.rate else "",
        context.reads(given.method) if given.method else "",
        context.reads(given.route) if given.route else "",
        f"at {context.reads(given.site)}" if given.site else "",
        timing_words,
        "as needed" if given.as_needed or given.as_needed_for else "",
        *(f"for {context.reads(one)}" for one in given.as_needed_for),
        *(context.reads(one) for one in given.instructions),
        *(f"at most {text}" for text in given.max_dose),
    ]
    return ", ".join(part for part in parts if part)


def _max_dose(text: Text) -> Element:
    most, _, per = text.partition(" per ")
    return ratio(Quantity(most, text.span), Quantity(per, text.span))


def _plain(amount: Amount | None, which: str) -> Any:
    value = getattr(amount, which) if amount else None
    if value is None:
        return None
    return value if value.as_tuple().exponent else int(value)


def _minutes(text: Duration) -> int:
    amount = Amount(text)
    factor = {"s": 0, "min": 1, "h": 60, "d": 1440, "wk": 10080}.get(amount.unit, 0)
    return int(amount.low * factor)
