"""Findings become Evidence, with their variables, numbers and certainty."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from fhir_kb.compile import citation_text, hl7_codes
from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import hl7_coding, hl7_concept, readable
from fhir_kb.compile.element_text import quantity_text
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.evidence_variable import roles, title_of
from fhir_kb.compile.metadata import artifact
from fhir_kb.compile.quantities import single
from fhir_kb.compile.related import all_cited, cited, reference
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element, Text
    from fhir_kb.model.evidence import Aspect, Certainty, Evidence, Interval, Quote, Statistic

#: kinds that bring studies together; the others are designs of a study
SYNTHESES: Final = frozenset({"systematic-review", "meta-analysis", "narrative-review"})


def evidence(bench: CompileContext, one: Evidence) -> Element:
    """The Evidence of a finding."""
    study = study_concept(one.study)
    is_synthesis = one.study in SYNTHESES
    made = artifact(
        bench,
        "Evidence",
        bench.part_id(one.id),
        one.span,
        title=one.title,
        date=one.date,
        description=one.text,
        assertion=one.statement,
        note=[_note(bench, one.quote)] if one.quote else None,
        relatedArtifact=list(_related(bench, one)),
        variableDefinition=list(_variables(bench, one)),
        synthesisType=study if is_synthesis else None,
        studyDesign=None if is_synthesis else [study],
        statistic=[_statistic(bench, number) for number in one.statistics],
        certainty=[_certainty(bench, one.certainty)] if one.certainty else None,
    )
    made["text"] = _narrative(bench, one, made)
    return made


def study_concept(study: Text) -> Element:
    """The kind of a study, with HL7's codes where they mean just that."""
    codes = hl7_codes.STUDY_CODES.get(str(study), ())
    codings = [hl7_coding(study.span, system, code) for system, code in codes]
    return element(study.span, coding=codings, text=with_span_of(code_words.STUDY[study], study))


def _note(bench: CompileContext, quote: Quote) -> Element:
    """The quotation, with whose words they are."""
    work = bench.reference(quote.from_)
    where = f", {quote.locator}" if quote.locator else ""
    source = f"{citation_text.short(work)}{where}" if work else str(quote.locator or "")
    full = f"\n\n{citation_text.citation(work)}{_locator(quote)}" if work else ""
    quoted = "\n".join(f"> {line}" for line in quote.text.splitlines())
    text = with_span_of(f"{quoted}{full}", quote.text)
    return element(quote.span, authorString=with_span_of(source, quote.from_), text=text)


def _locator(quote: Quote) -> str:
    return f" ({quote.locator})" if quote.locator else ""


def _related(bench: CompileContext, one: Evidence) -> Iterator[Element]:
    """The works that it comes from, then those that are only quoted or rate it."""
    yield from all_cited(bench, "derived-from", one.from_)
    more = [one.quote.from_] if one.quote else []
    if one.certainty is not None and one.certainty.from_ is not None:
        more.append(one.certainty.from_)
    seen = set(one.from_)
    for name in more:
        work = bench.reference(name) if name not in seen else None
        seen.add(name)
        if work is not None:
            yield cited(bench, "citation", work, name.span)


def _variables(bench: CompileContext, one: Evidence) -> Iterator[Element]:
    for role in roles(bench, one):
        variable = role.variable
        title = title_of(bench, variable)
        yield element(
            variable.span,
            description=variable.text or title,
            variableRole=hl7_concept(variable.span, hl7_codes.VARIABLE_ROLE, role.code),
            observed=reference("EvidenceVariable", role.id, title, variable.span),
        )


def _statistic(bench: CompileContext, one: Statistic) -> Element:
    sample = element(one.span, numberOfStudies=one.studies, numberOfParticipants=one.participants)
    estimates = [_interval(bench, one.interval), _p_value(bench, one.p_value)]
    code = with_span_of(code_words.STATISTIC[one.measure], one.measure)
    return element(
        one.span,
        description=one.text,
        statisticType=hl7_concept(one.measure.span, hl7_codes.STATISTIC, code),
        quantity=single(bench, one.value),
        sampleSize=sample,
        attributeEstimate=estimates,
    )


def _interval(bench: CompileContext, one: Interval | None) -> Element | None:
    if one is None:
        return None
    try:
        level = Decimal(str(one.level or "95").rstrip("% ")) / 100
    except InvalidOperation:
        bench.say("KB350", f"'{one.level}' is no level in percent", one.level.span, "write 95")
        return None
    return element(
        one.span,
        type=hl7_concept(one.span, hl7_codes.ESTIMATE, "C53324"),
        level=level.normalize(),
        range=element(one.span, low=single(bench, one.low), high=single(bench, one.high)),
    )


def _p_value(bench: CompileContext, text: Text | None) -> Element | None:
    value = single(bench, text)
    if value is None or text is None:
        return None
    return element(
        text.span, type=hl7_concept(text.span, hl7_codes.ESTIMATE, "C44185"), quantity=value
    )


def _certainty(bench: CompileContext, one: Certainty) -> Element:
    work = bench.reference(one.from_) if one.from_ is not None else None
    note = element(one.span, text=f"Rated in: {citation_text.citation(work)}") if work else None
    return element(
        one.span,
        description=one.text,
        note=[note],
        type=hl7_concept(one.span, hl7_codes.CERTAINTY_TYPE, "Overall"),
        rating=hl7_concept(one.rating.span, hl7_codes.CERTAINTY_RATING, one.rating)
        if one.rating is not None
        else None,
        rater=one.by,
        subcomponent=[_aspect(aspect) for aspect in one.aspects],
    )


def _aspect(one: Aspect) -> Element:
    kind = with_span_of(code_words.CERTAINTY_ASPECT[one.aspect], one.aspect)
    return element(
        one.span,
        description=one.text,
        type=hl7_concept(one.span, hl7_codes.CERTAINTY_TYPE, kind),
        rating=hl7_concept(one.rating.span, hl7_codes.CERTAINTY_RATING, one.rating),
    )


def certainty_lines(bench: CompileContext, one: Certainty) -> list[str]:
    """How certain a finding is, in lines."""
    ratings = hl7_codes.DISPLAYS[hl7_codes.CERTAINTY_RATING]
    rater = f" (rated by {one.by})" if one.by else ""
    found = [f"{ratings[one.rating]}{rater}" if one.rating is not None else rater.strip(" ()")]
    found.append(one.text or "")
    for aspect in one.aspects:
        text = f": {aspect.text}" if aspect.text else ""
        kind = hl7_codes.DISPLAYS[hl7_codes.CERTAINTY_TYPE][
            code_words.CERTAINTY_ASPECT[aspect.aspect]
        ]
        found.append(f"{kind}: {ratings[aspect.rating]}{text}")
    work = bench.reference(one.from_) if one.from_ is not None else None
    found.append(f"Rated in: {citation_text.citation(work)}" if work else "")
    return [line for line in found if line]


def statistic_words(one: Element) -> str:
    """A statistic in a line."""
    text = f"{readable(one.get('statisticType'))} {quantity_text(one.get('quantity'))}"
    for estimate in one.get("attributeEstimate", ()):
        kind = readable(estimate["type"])
        if "range" in estimate:
            level = f"{(estimate['level'] * 100).normalize():f} %"
            text += f" ({level} {kind.lower()} {quantity_text(estimate['range'])})"
        else:
            text += f", {kind} {quantity_text(estimate.get('quantity'))}"
    sample = one.get("sampleSize", {})
    sizes = [f"{sample[name]} {word}" for name, word in _SIZES if name in sample]
    text += f"; {', '.join(sizes)}" if sizes else ""
    return f"{one['description']} ({text})" if "description" in one else text


_SIZES: Final = (("numberOfStudies", "studies"), ("numberOfParticipants", "participants"))


def _narrative(bench: CompileContext, one: Evidence, made: Element) -> Element:
    lines = [f"{role.label}: {title_of(bench, role.variable)}" for role in roles(bench, one)]
    links = made.get("relatedArtifact", ())
    blocks = [
        write.heading(2, one.title),
        write.prose(one.statement),
        write.prose(one.text),
        write.prose(made["note"][0]["text"]) if one.quote else "",
        write.line("Kind of study", code_words.STUDY[one.study]),
        write.texts("Variables", lines),
        write.texts(
            "Statistics", [statistic_words(number) for number in made.get("statistic", ())]
        ),
        write.texts("Certainty", certainty_lines(bench, one.certainty)) if one.certainty else "",
        write.texts("References", [link["citation"] for link in links]),
    ]
    return write.narrative(bench.language, one.span, blocks)
