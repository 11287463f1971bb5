"""Timings and dosages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.compile.concepts import codeable_concept, codeable_concepts
from fhir_kb.compile.dose_bands import bands_text
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.quantities import (
    duration_choice,
    in_minutes,
    parse_amount,
    quantity_choice,
    ratio_element,
    single_quantity,
)
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element, Text
    from fhir_kb.model.activity import Dosage, Timing


def compile_timing(context: CompileContext, timing: Timing | None) -> Element | None:
    """The Timing of a timing; its words are the text of Timing.code."""
    if timing is None:
        return None
    frequency = timing.times
    if frequency is None and timing.every is not None and not timing.at and not timing.when:
        frequency = 1
    repeat = element(
        timing.span,
        **duration_choice(context, "bounds", timing.for_),
        count=timing.count,
        **_period(context, "duration", timing.lasting),
        frequency=frequency,
        frequencyMax=timing.up_to,
        **_period(context, "period", timing.every),
        dayOfWeek=timing.days,
        timeOfDay=[f"{time}:00" for time in timing.at],
        when=[code_words.EVENT_TIMING[event] for event in timing.when],
        offset=in_minutes(context, timing.offset),
    )
    if timing.offset is not None and not timing.when:
        context.report(
            "KB352", "an offset is from an event of the day", timing.offset.span, "add 'when'"
        )
    code = element(timing.span, text=timing.text) if timing.text else None
    return element(timing.span, repeat=repeat, code=code) or None


def compile_dosage(context: CompileContext, dosage: Dosage, sequence: int | None = None) -> Element:
    """The Dosage of a dosage; `sequence` is its place among several."""
    dose_and_rate = element(
        dosage.span,
        **quantity_choice(context, "dose", dosage.dose),
        **quantity_choice(context, "rate", dosage.rate),
    )
    text: str | None = dosage.text
    if bands := bands_text(context, dosage):
        words = f"{text}; {bands}" if text else bands
        text = with_span_of(words, dosage.text or dosage.span)
    adjustments = [
        element(words.span, text=with_span_of(f"{organ} function: {words}", words))
        for organ, words in (("Kidney", dosage.renal), ("Liver", dosage.hepatic))
        if words is not None
    ]
    return element(
        dosage.span,
        sequence=sequence,
        text=text,
        additionalInstruction=[
            *adjustments,
            *codeable_concepts(context, dosage.instructions),
        ],
        patientInstruction=dosage.patient,
        timing=compile_timing(context, dosage.timing),
        asNeeded=True if dosage.as_needed else None,
        asNeededFor=codeable_concepts(context, dosage.as_needed_for),
        site=codeable_concept(context, dosage.site),
        route=codeable_concept(context, dosage.route),
        method=codeable_concept(context, dosage.method),
        doseAndRate=[dose_and_rate],
        maxDosePerPeriod=[ratio_element(context, most) for most in dosage.max_dose],
        maxDosePerAdministration=single_quantity(context, dosage.max_single_dose),
    )


def _period(context: CompileContext, name: str, text: Text | None) -> dict[str, Any]:
    """`name`, `name`Max and `name`Unit of a length of time."""
    amount = parse_amount(context, text)
    if amount is None:
        return {}
    return {name: amount.low, f"{name}Max": amount.high, f"{name}Unit": amount.unit}
