"""Activities become ActivityDefinitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import codeable_concept, codeable_concepts, readable_text
from fhir_kb.compile.element_text import dosage_text, quantity_text, timing_text
from fhir_kb.compile.elements import with_span_of
from fhir_kb.compile.expressions import compile_dynamic_value
from fhir_kb.compile.metadata import artifact_resource
from fhir_kb.compile.participants import compile_participant, participant_text
from fhir_kb.compile.quantities import single_quantity
from fhir_kb.compile.related import cited_artifacts, compile_all_related
from fhir_kb.compile.timing import compile_dosage, compile_timing
from fhir_kb.model import code_words

if TYPE_CHECKING:
    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element
    from fhir_kb.model.activity import Activity

DEFAULT_INTENT = "proposal"


def compile_activity(context: CompileContext, activity: Activity) -> Element:
    """The ActivityDefinition of an activity."""
    kind = (
        with_span_of(code_words.ACTIVITY_KIND[activity.kind], activity.kind)
        if activity.kind is not None
        else None
    )
    libraries = [context.library(name) for name in activity.libraries]
    resource = artifact_resource(
        context,
        "ActivityDefinition",
        context.part_id(activity.id),
        activity.span,
        title=activity.title,
        date=activity.date,
        description=activity.text or activity.title,
        purpose=activity.purpose,
        relatedArtifact=[
            *compile_all_related(context, activity.related),
            *cited_artifacts(context, "derived-from", activity.from_),
        ],
        library=[library for library in libraries if library],
        kind=kind,
        code=codeable_concept(context, activity.code),
        intent=activity.intent or DEFAULT_INTENT,
        priority=activity.priority,
        doNotPerform=activity.prohibited,
        timingTiming=compile_timing(context, activity.timing),
        participant=[compile_participant(context, who) for who in activity.participants],
        productCodeableConcept=codeable_concept(context, activity.product),
        quantity=single_quantity(context, activity.quantity),
        dosage=[compile_dosage(context, how) for how in activity.dosage],
        bodySite=codeable_concepts(context, activity.body_site),
        dynamicValue=[compile_dynamic_value(context, value) for value in activity.dynamic_values],
    )
    resource["text"] = _narrative(context, activity, resource)
    return resource


def _narrative(context: CompileContext, activity: Activity, resource: Element) -> Element:
    blocks = [
        write.heading(2, activity.title),
        write.line("Do not do this", "It is recommended not to do it.")
        if activity.prohibited
        else "",
        write.prose(activity.text),
        write.labelled("Purpose", activity.purpose),
        write.line("What is done", readable_text(resource.get("code"))),
        write.line("Priority", activity.priority),
        write.line("Product", readable_text(resource.get("productCodeableConcept"))),
        write.line("Quantity", quantity_text(resource.get("quantity"))),
        write.texts("Dosage", [dosage_text(how) for how in resource.get("dosage", ())]),
        write.line("When", timing_text(resource.get("timingTiming"))),
        write.texts(
            "Where on the body", [readable_text(site) for site in resource.get("bodySite", ())]
        ),
        write.texts("Who", [participant_text(context, who) for who in activity.participants]),
        write.texts(
            "References",
            [
                link["citation"]
                for link in resource.get("relatedArtifact", ())
                if "citation" in link
            ],
        ),
    ]
    return write.narrative(context.language, activity.span, blocks)
