"""Elements in words, for narratives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile.concepts import readable_text
from fhir_kb.compile.quantities import unit_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.model import Element

_EVENTS: Final = {
    "MORN": "in the morning",
    "NOON": "at noon",
    "AFT": "in the afternoon",
    "EVE": "in the evening",
    "NIGHT": "at night",
    "HS": "before sleep",
    "WAKE": "on waking",
    "AC": "before meals",
    "C": "with meals",
    "PC": "after meals",
    "ACM": "before breakfast",
    "CM": "with breakfast",
    "PCM": "after breakfast",
    "ACD": "before lunch",
    "CD": "with lunch",
    "PCD": "after lunch",
    "ACV": "before dinner",
    "CV": "with dinner",
    "PCV": "after dinner",
}
_DAYS: Final = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}


def quantity_text(quantity: Element | None) -> str:
    """A Quantity, Range or Ratio: `500 mg`, `7 to 10 days`, `4 g per 1 day`."""
    if quantity is None:
        return ""
    if "numerator" in quantity:
        numerator, denominator = quantity["numerator"], quantity.get("denominator")
        return f"{quantity_text(numerator)} per {quantity_text(denominator)}"
    if "low" in quantity or "high" in quantity:
        return _range_words(quantity.get("low"), quantity.get("high"))
    comparator = f"{quantity['comparator']} " if "comparator" in quantity else ""
    unit = quantity.get("unit", "")
    return f"{comparator}{quantity.get('value')}{_space(unit)}{unit}"


def choice_text(element: Mapping[str, Any], name: str) -> str:
    """The Quantity, Duration or Range of the choice `name`[x]."""
    for kind in ("Quantity", "Range", "Duration"):
        if (quantity := element.get(f"{name}{kind}")) is not None:
            return quantity_text(quantity)
    return ""


def timing_text(timing: Element | None) -> str:
    """A Timing: its own words, else what it says."""
    if timing is None:
        return ""
    words = readable_text(timing.get("code"))
    repeat = timing.get("repeat")
    exact = _repeat_words(repeat) if repeat else ""
    if words and exact and not _says(words, exact):
        return f"{words} ({exact})"
    return words or exact


def dosage_text(dosage: Element) -> str:
    """A Dosage: its own words, and what its elements say beyond them."""
    parts = []
    for given in dosage.get("doseAndRate", ()):
        parts += [choice_text(given, "dose"), choice_text(given, "rate")]
    parts += [readable_text(dosage.get(name)) for name in ("route", "site", "method")]
    parts.append(timing_text(dosage.get("timing")))
    words = dosage.get("text", "")
    parts = [words, *(part for part in parts if not _says(words, part))]
    reasons = ", ".join(readable_text(reason) for reason in dosage.get("asNeededFor", ()))
    if reasons or dosage.get("asNeeded"):
        parts.append(f"as needed for {reasons}" if reasons else "as needed")
    parts += [f"at most {quantity_text(most)}" for most in dosage.get("maxDosePerPeriod", ())]
    if "maxDosePerAdministration" in dosage:
        parts.append(f"at most {quantity_text(dosage['maxDosePerAdministration'])} at a time")
    parts += [readable_text(more) for more in dosage.get("additionalInstruction", ())]
    parts.append(dosage.get("patientInstruction", ""))
    return "; ".join(part for part in parts if part).replace(".; ", ". ")


def _says(words: str, part: str) -> bool:
    """Whether words say all of a part already, piece by piece between its commas."""
    return all(
        re.search(rf"(?<![\w.,]){re.escape(piece)}(?!\w|[.,]\w)", words, re.IGNORECASE)
        for piece in part.split(", ")
    )


def _repeat_words(repeat: Element) -> str:
    parts = [_frequency_words(repeat)]
    parts.append(", ".join(_DAYS.get(day, day) for day in repeat.get("dayOfWeek", ())))
    if times := [time[:5] for time in repeat.get("timeOfDay", ())]:
        parts.append(f"at {', '.join(times)}")
    offset = f"{repeat['offset']} minutes " if "offset" in repeat else ""
    parts += [offset + _EVENTS.get(event, event) for event in repeat.get("when", ())]
    if "duration" in repeat:
        length = _length(repeat, "duration")
        parts.append(f"each time for {length}")
    if bounds := choice_text(repeat, "bounds"):
        parts.append(f"for {bounds}")
    if "count" in repeat:
        parts.append(f"{repeat['count']} times in all")
    return ", ".join(part for part in parts if part)


def _frequency_words(repeat: Element) -> str:
    times = ""
    if "frequency" in repeat or "frequencyMax" in repeat:
        least, most = repeat.get("frequency"), repeat.get("frequencyMax")
        if least is None:
            times = f"up to {most} times"
        elif most is not None:
            times = f"{least} to {most} times"
        else:
            times = "once" if least == 1 else f"{least} times"
    if "period" not in repeat:
        return times
    length = _length(repeat, "period")
    if repeat["period"] == 1 and "periodMax" not in repeat:
        unit = length.partition(" ")[2]
        article = "an" if unit.startswith("h") else "a"
        return f"{times} {article} {unit}" if times else f"every {unit}"
    return f"every {length}" if times in ("", "once") else f"{times} every {length}"


def _length(repeat: Element, name: str) -> str:
    low, high, unit = repeat[name], repeat.get(f"{name}Max"), repeat.get(f"{name}Unit", "")
    number = f"{low} to {high}" if high is not None else f"{low}"
    return f"{number} {unit_text(unit, high if high is not None else low)}"


def _range_words(low: Element | None, high: Element | None) -> str:
    if low is None:
        return f"up to {quantity_text(high)}"
    if high is None:
        return f"from {quantity_text(low)}"
    unit = high.get("unit", "")
    return f"{low.get('value')} to {high.get('value')}{_space(unit)}{unit}"


def _space(unit: str) -> str:
    return "" if not unit or unit == "%" else " "
