"""Evidence and EvidenceVariables: https://hl7.org/fhir/R5/evidence.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile.build import coded, element
from fhir_kb.compile.metadata import identity, people, rights, use_context
from fhir_kb.compile.narrative import block, bullets, inline, narrative, paragraph
from fhir_kb.compile.quantity import quantity
from fhir_kb.compile.related import literal, to_references
from fhir_kb.compile.wording import short
from fhir_kb.model import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.context import Context
    from fhir_kb.model import Element
    from fhir_kb.model.evidence import Certainty, Evidence, Quote, Statistic, Variable

_ROLE: Final = "http://terminology.hl7.org/CodeSystem/variable-role"
_STATISTIC: Final = "http://terminology.hl7.org/CodeSystem/statistic-type"
_CERTAINTY_TYPE: Final = "http://hl7.org/fhir/certainty-type"
_CERTAINTY: Final = "http://hl7.org/fhir/certainty-rating"
_SYNTHESIS: Final = "http://terminology.hl7.org/CodeSystem/synthesis-type"
_STUDY_TYPE: Final = "http://terminology.hl7.org/CodeSystem/study-type"
# Where HL7 has a code for the type of study; the others are words.
_STUDY_CODES: Final = {
    "randomized-trial": ("RCT", "randomized trial"),
    "controlled-trial": ("CCT", "controlled trial (non-randomized)"),
    "cohort": ("cohort", "comparative cohort study"),
    "case-control": ("case-control", "case-control study"),
    "case-series": ("series", "uncontrolled case series"),
    "case-report": ("case-report", "case report"),
    "cross-sectional": ("cross-section", "cross sectional study"),
}
_SYNTHESES: Final = frozenset({"systematic-review", "meta-analysis", "narrative-review"})
_CERTAINTY_DISPLAY: Final = {
    "high": "High quality",
    "moderate": "Moderate quality",
    "low": "Low quality",
    "very-low": "Very low quality",
}
_ROLE_DISPLAY: Final = {
    "population": "population",
    "exposure": "exposure",
    "referenceExposure": "reference exposure",
    "measuredVariable": "measured variable",
}


def evidence_resources(context: Context, evidence: Evidence) -> Iterator[Element]:
    """The Evidence, then the EvidenceVariables that it speaks of."""
    yield _evidence(context, evidence)
    for _, name, variable in variables(evidence):
        yield _evidence_variable(context, str(evidence.id), name, variable)


def variables(evidence: Evidence) -> Iterator[tuple[str, str, Variable]]:
    """The variables of an evidence: role, name, what it is."""
    yield "population", "population", evidence.population
    yield "exposure", "exposure", evidence.exposure
    if evidence.comparator is not None:
        yield "referenceExposure", "comparator", evidence.comparator
    for at, outcome in enumerate(evidence.outcome, 1):
        many = len(evidence.outcome) > 1
        yield "measuredVariable", f"outcome-{at}" if many else "outcome", outcome


def variable_title(context: Context, variable: Variable) -> str:
    """How a variable reads."""
    if variable.title is not None:
        return str(variable.title)
    if variable.concept is not None:
        return context.words_of(variable.concept)
    return " or ".join(context.words_of(name) for name in variable.concepts) or "Variable"


def _evidence(context: Context, evidence: Evidence) -> Element:
    base = identity(context, "Evidence", str(evidence.id), title=str(evidence.title))
    base["title"] = evidence.title
    base["date"] = evidence.date or base["date"]
    topic = context.topic
    synthesis = str(evidence.study) in _SYNTHESES
    study = _study(evidence)
    return element(
        evidence.span,
        **base,
        text=_narrative(context, evidence),
        approvalDate=topic.approved,
        lastReviewDate=topic.reviewed,
        **people(context),
        useContext=use_context(context),
        **rights(context),
        relatedArtifact=to_references(context, "derived-from", _sources(evidence)),
        description=evidence.text,
        assertion=evidence.statement,
        note=[_quotation(context, evidence.quote)] if evidence.quote else None,
        variableDefinition=[
            _variable(context, str(evidence.id), role, name, variable)
            for role, name, variable in variables(evidence)
        ],
        synthesisType=study if synthesis else None,
        studyDesign=None if synthesis else [study],
        statistic=[_statistic(one) for one in evidence.statistics],
        certainty=_certainty(context, evidence.certainty) if evidence.certainty else None,
    )


def _sources(evidence: Evidence) -> list[Any]:
    names = list(evidence.from_)
    if evidence.quote is not None:
        names.append(evidence.quote.from_)
    if evidence.certainty is not None and evidence.certainty.from_ is not None:
        names.append(evidence.certainty.from_)
    return list(dict.fromkeys(names))


def _study(evidence: Evidence) -> Element:
    word = str(evidence.study)
    code = _STUDY_CODES.get(word)
    concept = coded(_STUDY_TYPE, *code) if code else element(None)
    concept["text"] = words.STUDY[word]
    concept.span = evidence.study.span
    return concept


def _variable(context: Context, name: str, role: str, part: str, variable: Variable) -> Element:
    title = variable_title(context, variable)
    return element(
        variable.span,
        description=title,
        variableRole=coded(_ROLE, role, _ROLE_DISPLAY[role]),
        observed=literal(context, "EvidenceVariable", name, part, display=title),
    )


def _evidence_variable(context: Context, name: str, part: str, variable: Variable) -> Element:
    title = variable_title(context, variable)
    base = identity(context, "EvidenceVariable", name, part, title=title)
    topic = context.topic
    excludes = [context.words_of(one) for one in variable.excludes]
    characteristics = _characteristics(context, variable)
    return element(
        variable.span,
        **base,
        text=narrative(
            variable.span,
            paragraph(title),
            block(variable.text),
            bullets(inline(context.words_of(one)) for one in variable.concepts),
            paragraph(", ".join(excludes), "Not") if excludes else "",
        ),
        description=variable.text,
        useContext=use_context(context),
        **rights(context),
        approvalDate=topic.approved,
        lastReviewDate=topic.reviewed,
        **people(context),
        characteristic=characteristics,
    )


def _characteristics(context: Context, variable: Variable) -> list[Element]:
    found = []
    if variable.concept is not None:
        found.append(
            element(
                variable.concept.span,
                description=context.words_of(variable.concept),
                definitionCodeableConcept=context.named(variable.concept),
            )
        )
    if len(variable.concepts) == 1:
        found.append(_one_of(context, variable.concepts[0]))
    elif variable.concepts:
        inner = [_one_of(context, name) for name in variable.concepts]
        text = " or ".join(context.words_of(name) for name in variable.concepts)
        found.append(
            element(
                variable.concepts[0].span,
                description=text,
                definitionByCombination=element(
                    variable.concepts[0].span, code="any-of", characteristic=inner
                ),
            )
        )
    for name in variable.excludes:
        one = _one_of(context, name)
        one["exclude"] = True
        found.append(one)
    if not found and variable.title is not None:
        concept = element(variable.title.span, text=variable.title)
        found.append(
            element(variable.span, description=variable.title, definitionCodeableConcept=concept)
        )
    return found


def _one_of(context: Context, name: Any) -> Element:
    return element(
        name.span,
        description=context.words_of(name),
        definitionCodeableConcept=context.named(name),
    )


def _quotation(context: Context, quote: Quote) -> Element:
    """The quotation as a note: the source's words in quotation marks, and whose they are."""
    reference = context.references.get(str(quote.from_))
    if reference is None:
        context.missing("reference", quote.from_)
    source = short(reference) if reference else str(quote.from_)
    where = f"{source}, {quote.locator}" if quote.locator else source
    note = element(quote.span, text=f"“{quote.text}” ({where})")
    note.spans["text"] = quote.text.span
    return note


def _statistic(given: Statistic) -> Element:
    interval = given.interval
    estimates = []
    if interval is not None:
        estimates.append(
            element(
                interval.span,
                type=coded(_ESTIMATE, "C53324", "Confidence interval"),
                level=_decimal(str(interval.level or "95")),
                range=element(
                    interval.span, low=quantity(interval.low), high=quantity(interval.high)
                ),
            )
        )
    if given.p_value is not None:
        estimates.append(
            element(
                given.p_value.span,
                description=f"p = {given.p_value}",
                type=coded(_ESTIMATE, "C44185", "P-value"),
                quantity=element(given.p_value.span, value=_decimal(str(given.p_value))),
            )
        )
    code = words.STATISTIC[str(given.measure)]
    sample = None
    if given.participants is not None or given.studies is not None:
        sample = element(
            given.span,
            numberOfStudies=given.studies,
            numberOfParticipants=given.participants,
        )
    return element(
        given.span,
        description=given.text,
        statisticType=coded(_STATISTIC, code, _STATISTIC_DISPLAY[code]),
        quantity=quantity(given.value),
        sampleSize=sample,
        attributeEstimate=estimates,
    )


_ESTIMATE: Final = "http://terminology.hl7.org/CodeSystem/attribute-estimate-type"
_STATISTIC_DISPLAY: Final = {
    "C16932": "Odds Ratio",
    "C93152": "Relative Risk",
    "C93150": "Hazard Ratio",
    "rate-ratio": "Incidence Rate Ratio",
    "0000424": "Risk Difference",
    "0000457": "Mean Difference",
    "0000100": "Standardized Mean Difference",
    "C53319": "Mean",
    "C28007": "Median",
    "C44256": "Proportion",
    "C17010": "Prevalence",
    "C16726": "Incidence",
    "C25463": "Count",
    "descriptive": "Descriptive",
}


def _decimal(text: str) -> Any:
    from decimal import Decimal, InvalidOperation

    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _certainty(context: Context, given: Certainty) -> list[Element]:
    parts = [
        element(
            one.span,
            description=one.text,
            type=coded(_CERTAINTY_TYPE, words.CERTAINTY_ASPECT[str(one.aspect)]),
            rating=coded(_CERTAINTY, str(one.rating)),
        )
        for one in given.aspects
    ]
    rating = None
    if given.rating is not None:
        rating = coded(_CERTAINTY, str(given.rating), _CERTAINTY_DISPLAY[str(given.rating)])
        rating.span = given.rating.span
    source = context.references.get(str(given.from_)) if given.from_ is not None else None
    note = f"Rated in {short(source)}" if source else None
    return [
        element(
            given.span,
            description=given.text,
            note=[element(given.span, text=note)] if note else None,
            type=coded(_CERTAINTY_TYPE, "Overall", "Overall certainty"),
            rating=rating,
            rater=given.by,
            subcomponent=parts,
        )
    ]


def _narrative(context: Context, evidence: Evidence) -> Element:
    quote = evidence.quote
    source = context.references.get(str(quote.from_)) if quote else None
    certainty = evidence.certainty
    graded = certainty.rating if certainty else None
    return narrative(
        evidence.span,
        paragraph(evidence.title),
        block(evidence.statement),
        block(evidence.text),
        f"<blockquote><p>{inline(str(quote.text))}</p></blockquote>" if quote else "",
        paragraph(short(source)) if source else "",
        bullets(
            f"<b>{label}</b>: {inline(variable_title(context, variable))}"
            for label, variable in _labelled(evidence)
        ),
        paragraph(words.STUDY[str(evidence.study)], "Study"),
        bullets(inline(str(one.text)) for one in evidence.statistics if one.text),
        paragraph(graded, "Certainty"),
        block(certainty.text if certainty else None, "" if graded else "Certainty"),
    )


def _labelled(evidence: Evidence) -> Iterator[tuple[str, Variable]]:
    labels = {
        "population": "Population",
        "exposure": "Exposure",
        "referenceExposure": "Compared with",
        "measuredVariable": "Outcome",
    }
    for role, _, variable in variables(evidence):
        yield labels[role], variable
