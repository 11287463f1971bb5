"""The numbers of a finding: estimates, their intervals, p values and samples."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from fhir_kb.compile import hl7_codes
from fhir_kb.compile.concepts import hl7_concept, readable_text
from fhir_kb.compile.element_text import quantity_text
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.quantities import single_quantity
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element, Text
    from fhir_kb.model.evidence import Evidence, Interval, Risk, Statistic


ASSUMED_RISK: Final = "Assumed risk, with the comparator"
CORRESPONDING_RISK: Final = "Corresponding risk, with the exposure"


def compile_statistics(context: CompileContext, evidence: Evidence) -> Iterator[Element]:
    """The statistics of the numbers of a finding, and the risks in the two groups."""
    for statistic in evidence.statistics:
        yield from _with_risks(context, statistic)


def _with_risks(context: CompileContext, statistic: Statistic) -> Iterator[Element]:
    estimate = single_quantity(context, statistic.value)
    sample = element(
        statistic.span,
        numberOfStudies=statistic.studies,
        numberOfParticipants=statistic.participants,
    )
    code = with_span_of(code_words.STATISTIC[statistic.measure], statistic.measure)
    yield element(
        statistic.span,
        description=statistic.text,
        statisticType=hl7_concept(statistic.measure.span, hl7_codes.STATISTIC, code),
        quantity=estimate,
        sampleSize=sample,
        attributeEstimate=[
            _interval(context, statistic.interval, estimate),
            _p_value(context, statistic.p_value),
            _i_squared(context, statistic.i_squared),
        ],
    )
    for risk, description in (
        (statistic.assumed_risk, ASSUMED_RISK),
        (statistic.corresponding_risk, CORRESPONDING_RISK),
    ):
        if risk is not None:
            yield _risk(context, risk, description)


def _risk(context: CompileContext, risk: Risk, description: str) -> Element:
    value = single_quantity(context, risk.value)
    return element(
        risk.span,
        description=description,
        statisticType=hl7_concept(risk.span, hl7_codes.STATISTIC, "predictedRisk"),
        quantity=value,
        attributeEstimate=[_interval(context, risk.interval, value)],
    )


def _interval(
    context: CompileContext, interval: Interval | None, estimate: Element | None
) -> Element | None:
    if interval is None:
        return None
    level = _level(context, interval.level)
    low, high = single_quantity(context, interval.low), single_quantity(context, interval.high)
    if level is None or low is None or high is None:
        return None
    if not _is_consistent(context, interval, estimate, low, high):
        return None
    return element(
        interval.span,
        type=hl7_concept(interval.span, hl7_codes.ESTIMATE, "C53324"),
        level=level.normalize(),
        range=element(interval.span, low=low, high=high),
    )


def _level(context: CompileContext, text: Text | None) -> Decimal | None:
    """A level of confidence, from percent to a fraction; 95 % where none is given."""
    if text is None:
        return Decimal("0.95")
    try:
        percent = Decimal(text.rstrip("% "))
    except InvalidOperation:
        percent = Decimal("NaN")
    if percent.is_nan():  # it cannot be compared
        context.report("KB350", f"'{text}' is no level in percent", text.span, "write 95")
        return None
    if 1 < percent < 100:
        return percent / 100
    usual = f"{(percent * 100).normalize():f}" if 0 < percent < 1 else "95"
    message = f"a level of '{text}' would be {percent} %"
    context.report("KB356", message, text.span, f"a level is in percent: write {usual}")
    return None


def _is_consistent(
    context: CompileContext,
    interval: Interval,
    estimate: Element | None,
    low: Element,
    high: Element,
) -> bool:
    """Whether the bounds are in order, in the estimate's unit, and enclose it."""
    bounds = ((interval.low, low), (interval.high, high))
    for text, bound in bounds:
        if estimate is not None and bound.get("code") != estimate.get("code"):
            message = f"the bound '{text}' and the estimate are not in the same unit"
            context.report("KB356", message, text.span, "write all three with the same unit")
            return False
    if high["value"] < low["value"]:
        message = f"the interval goes from {low['value']} down to {high['value']}"
        context.report("KB356", message, interval.low.span, "write the smaller number as 'low'")
        return False
    value = estimate.get("value") if estimate is not None else None
    if value is None or low["value"] <= value <= high["value"]:
        return True
    if "comparator" not in (estimate or ()):
        message = (
            f"the estimate {value} is not within its interval, {low['value']} to {high['value']}"
        )
        context.report("KB356", message, interval.span, "look the three numbers up again")
        return False
    return True


def _p_value(context: CompileContext, text: Text | None) -> Element | None:
    value = single_quantity(context, text)
    if value is None or text is None:
        return None
    if not 0 <= value["value"] <= 1 or "code" in value:
        context.report("KB356", f"'{text}' is no p value", text.span, "it is between 0 and 1: 0.03")
        return None
    return element(
        text.span, type=hl7_concept(text.span, hl7_codes.ESTIMATE, "C44185"), quantity=value
    )


def _i_squared(context: CompileContext, text: Text | None) -> Element | None:
    value = single_quantity(context, text)
    if value is None or text is None:
        return None
    limit = {"%": 100, None: 1}.get(value.get("code"))
    if limit is None or not 0 <= value["value"] <= limit:
        context.report("KB356", f"'{text}' is no I²", text.span, "it is from 0 to 100 %: 37 %")
        return None
    return element(
        text.span, type=hl7_concept(text.span, hl7_codes.ESTIMATE, "0000420"), quantity=value
    )


def statistic_text(statistic: Element) -> str:
    """A statistic in a line."""
    measure, number = statistic.get("statisticType"), statistic.get("quantity")
    text = f"{readable_text(measure)} {quantity_text(number)}"
    for estimate in statistic.get("attributeEstimate", ()):
        kind = readable_text(estimate["type"])
        if "range" in estimate:
            level = f"{(estimate['level'] * 100).normalize():f} %"
            text += f" ({level} {kind.lower()} {quantity_text(estimate['range'])})"
        else:
            text += f", {kind} {quantity_text(estimate.get('quantity'))}"
    sample = statistic.get("sampleSize", {})
    sizes = [
        f"{sample[name]} {one if sample[name] == 1 else more}"
        for name, one, more in _SIZES
        if name in sample
    ]
    text += f"; {', '.join(sizes)}" if sizes else ""
    return f"{statistic['description']} ({text})" if "description" in statistic else text


_SIZES: Final = (
    ("numberOfStudies", "study", "studies"),
    ("numberOfParticipants", "participant", "participants"),
)
