"""Timings and dosages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.compile.concepts import codeable, codeables
from fhir_kb.compile.elements import element
from fhir_kb.compile.quantities import amount, choice, lasting, minutes, ratio
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element, Text
    from fhir_kb.model.activity import Dosage, Timing


def timing(bench: CompileContext, when: Timing | None) -> Element | None:
    """The Timing of a timing; its words are the text of Timing.code."""
    if when is None:
        return None
    frequency = when.times
    if frequency is None and when.every is not None and not when.at and not when.when:
        frequency = 1
    repeat = element(
        when.span,
        **lasting(bench, "bounds", when.for_),
        count=when.count,
        **_period(bench, "duration", when.lasting),
        frequency=frequency,
        frequencyMax=when.up_to,
        **_period(bench, "period", when.every),
        dayOfWeek=when.days,
        timeOfDay=[f"{time}:00" for time in when.at],
        when=[code_words.EVENT_TIMING[event] for event in when.when],
        offset=minutes(bench, when.offset),
    )
    if when.offset is not None and not when.when:
        bench.say("KB352", "an offset is from an event of the day", when.offset.span, "add 'when'")
    code = element(when.span, text=when.text) if when.text else None
    return element(when.span, repeat=repeat, code=code) or None


def dosage(bench: CompileContext, how: Dosage) -> Element:
    """The Dosage of a dosage."""
    dose_and_rate = element(
        how.span, **choice(bench, "dose", how.dose), **choice(bench, "rate", how.rate)
    )
    return element(
        how.span,
        text=how.text,
        additionalInstruction=codeables(bench, how.instructions),
        patientInstruction=how.patient,
        timing=timing(bench, how.timing),
        asNeeded=True if how.as_needed else None,
        asNeededFor=codeables(bench, how.as_needed_for),
        site=codeable(bench, how.site),
        route=codeable(bench, how.route),
        method=codeable(bench, how.method),
        doseAndRate=[dose_and_rate],
        maxDosePerPeriod=[ratio(bench, most) for most in how.max_dose],
    )


def _period(bench: CompileContext, name: str, text: Text | None) -> dict[str, Any]:
    """`name`, `name`Max and `name`Unit of a length of time."""
    found = amount(bench, text)
    if found is None:
        return {}
    return {name: found.low, f"{name}Max": found.high, f"{name}Unit": found.unit}
