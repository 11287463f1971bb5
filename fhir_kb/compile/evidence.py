"""Findings become Evidence, with their variables, numbers and certainty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.compile import citation_text, hl7_codes
from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import hl7_coding, hl7_concept
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.evidence_narrative import evidence_content, quotation_source
from fhir_kb.compile.evidence_variable import variable_roles, variable_title
from fhir_kb.compile.metadata import artifact_resource
from fhir_kb.compile.related import cited_artifact, cited_artifacts, resource_reference
from fhir_kb.compile.statistic import compile_statistics
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element, Text
    from fhir_kb.model.evidence import Aspect, Certainty, Evidence, Quote

#: kinds that bring studies together; the others are designs of a study
SYNTHESES: Final = frozenset({"systematic-review", "meta-analysis", "narrative-review"})


def compile_evidence(context: CompileContext, evidence: Evidence) -> Element:
    """The Evidence of a finding."""
    study = study_concept(evidence.study)
    is_synthesis = evidence.study in SYNTHESES
    resource = artifact_resource(
        context,
        "Evidence",
        context.part_id(evidence.id),
        evidence.span,
        title=evidence.title,
        date=evidence.date,
        description=evidence.text,
        assertion=evidence.statement,
        note=[_note(context, evidence.quote)] if evidence.quote else None,
        relatedArtifact=list(_related(context, evidence)),
        variableDefinition=list(_variables(context, evidence)),
        synthesisType=study if is_synthesis else None,
        studyDesign=None if is_synthesis else [study],
        statistic=list(compile_statistics(context, evidence)),
        certainty=[_certainty(context, evidence.certainty)] if evidence.certainty else None,
    )
    resource["text"] = _narrative(context, evidence, resource)
    return resource


def study_concept(study: Text) -> Element:
    """The kind of a study, with HL7's codes where they mean just that."""
    codes = hl7_codes.STUDY_CODES.get(str(study), ())
    codings = [hl7_coding(study.span, system, code) for system, code in codes]
    return element(study.span, coding=codings, text=with_span_of(code_words.STUDY[study], study))


def _note(context: CompileContext, quote: Quote) -> Element:
    """The quotation with its source."""
    work = context.reference(quote.from_)
    source = quotation_source(context, quote)
    full = f"\n\n{citation_text.full_citation(work)}{_locator(quote)}" if work else ""
    quoted = "\n".join(f"> {line}" for line in quote.text.splitlines())
    text = with_span_of(f"{quoted}{full}", quote.text)
    return element(quote.span, authorString=with_span_of(source, quote.from_), text=text)


def _locator(quote: Quote) -> str:
    return f" ({quote.locator})" if quote.locator else ""


def _related(context: CompileContext, evidence: Evidence) -> Iterator[Element]:
    """The works that it comes from, then those that are only quoted or rate it."""
    yield from cited_artifacts(context, "derived-from", evidence.from_)
    more = [evidence.quote.from_] if evidence.quote else []
    if evidence.certainty is not None and evidence.certainty.from_ is not None:
        more.append(evidence.certainty.from_)
    cited = set(evidence.from_)
    for name in more:
        work = context.reference(name) if name not in cited else None
        cited.add(name)
        if work is not None:
            yield cited_artifact(context, "citation", work, name.span)


def _variables(context: CompileContext, evidence: Evidence) -> Iterator[Element]:
    for role in variable_roles(context, evidence):
        variable = role.variable
        title = variable_title(context, variable)
        yield element(
            variable.span,
            description=variable.text or title,
            variableRole=hl7_concept(variable.span, hl7_codes.VARIABLE_ROLE, role.code),
            observed=resource_reference("EvidenceVariable", role.id, title, variable.span),
        )


def _certainty(context: CompileContext, certainty: Certainty) -> Element:
    work = context.reference(certainty.from_) if certainty.from_ is not None else None
    note = (
        element(certainty.span, text=f"Rated in: {citation_text.full_citation(work)}")
        if work
        else None
    )
    return element(
        certainty.span,
        description=certainty.text,
        note=[note],
        type=hl7_concept(certainty.span, hl7_codes.CERTAINTY_TYPE, "Overall"),
        rating=hl7_concept(certainty.rating.span, hl7_codes.CERTAINTY_RATING, certainty.rating)
        if certainty.rating is not None
        else None,
        rater=certainty.by,
        subcomponent=[_aspect(aspect) for aspect in certainty.aspects],
    )


def _aspect(aspect: Aspect) -> Element:
    kind = with_span_of(code_words.CERTAINTY_ASPECT[aspect.aspect], aspect.aspect)
    return element(
        aspect.span,
        description=aspect.text,
        type=hl7_concept(aspect.span, hl7_codes.CERTAINTY_TYPE, kind),
        rating=hl7_concept(aspect.rating.span, hl7_codes.CERTAINTY_RATING, aspect.rating)
        if aspect.rating is not None
        else None,
    )


def _narrative(context: CompileContext, evidence: Evidence, resource: Element) -> Element:
    links = resource.get("relatedArtifact", ())
    blocks = [
        write.heading(2, evidence.title),
        evidence_content(context, evidence, resource.get("statistic", ())),
        write.texts("References", [link["citation"] for link in links]),
    ]
    return write.narrative(context.language, evidence.span, blocks)
