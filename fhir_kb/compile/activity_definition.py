"""Activities become ActivityDefinitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import codeable, codeables, readable
from fhir_kb.compile.element_text import dosage_text, quantity_text, timing_text
from fhir_kb.compile.elements import with_span_of
from fhir_kb.compile.expressions import dynamic_value
from fhir_kb.compile.metadata import artifact
from fhir_kb.compile.participants import participant, participant_text
from fhir_kb.compile.quantities import single
from fhir_kb.compile.related import all_cited, all_related
from fhir_kb.compile.timing import dosage, timing
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element
    from fhir_kb.model.activity import Activity

DEFAULT_INTENT = "proposal"


def activity_definition(bench: CompileContext, one: Activity) -> Element:
    """The ActivityDefinition of an activity."""
    kind = (
        with_span_of(code_words.ACTIVITY_KIND[one.kind], one.kind) if one.kind is not None else None
    )
    libraries = [bench.library(name) for name in one.libraries]
    made = artifact(
        bench,
        "ActivityDefinition",
        bench.part_id(one.id),
        one.span,
        title=one.title,
        date=one.date,
        description=one.text or one.title,
        purpose=one.purpose,
        relatedArtifact=[
            *all_related(bench, one.related),
            *all_cited(bench, "derived-from", one.from_),
        ],
        library=[library for library in libraries if library],
        kind=kind,
        code=codeable(bench, one.code),
        intent=one.intent or DEFAULT_INTENT,
        priority=one.priority,
        doNotPerform=one.prohibited,
        timingTiming=timing(bench, one.timing),
        participant=[participant(bench, who) for who in one.participants],
        productCodeableConcept=codeable(bench, one.product),
        quantity=single(bench, one.quantity),
        dosage=[dosage(bench, how) for how in one.dosage],
        bodySite=codeables(bench, one.body_site),
        dynamicValue=[dynamic_value(bench, value) for value in one.dynamic_values],
    )
    made["text"] = _narrative(bench, one, made)
    return made


def _narrative(bench: CompileContext, one: Activity, made: Element) -> Element:
    blocks = [
        write.heading(2, one.title),
        write.line("Do not do this", "It is recommended not to do it.") if one.prohibited else "",
        write.prose(one.text),
        write.labelled("Purpose", one.purpose),
        write.line("What is done", readable(made.get("code"))),
        write.line("Priority", one.priority),
        write.line("Product", readable(made.get("productCodeableConcept"))),
        write.line("Quantity", quantity_text(made.get("quantity"))),
        write.texts("Dosage", [dosage_text(how) for how in made.get("dosage", ())]),
        write.line("When", timing_text(made.get("timingTiming"))),
        write.texts("Where on the body", [readable(site) for site in made.get("bodySite", ())]),
        write.texts("Who", [participant_text(bench, who) for who in one.participants]),
        write.texts(
            "References",
            [link["citation"] for link in made.get("relatedArtifact", ()) if "citation" in link],
        ),
    ]
    return write.narrative(bench.language, one.span, blocks)
