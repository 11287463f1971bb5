"""Activities become ActivityDefinitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile import narrative as write
from fhir_kb.compile.cautions import caution_blocks, cautions_of, usage_text
from fhir_kb.compile.concepts import codeable_concept, codeable_concepts, readable_text
from fhir_kb.compile.element_text import dosage_text, quantity_text, timing_text
from fhir_kb.compile.metadata import artifact_resource
from fhir_kb.compile.orders import (
    order_code,
    order_dosages,
    order_kind,
    order_product,
    order_values,
)
from fhir_kb.compile.participants import compile_participant, participant_text
from fhir_kb.compile.quantities import single_quantity
from fhir_kb.compile.related import cited_artifacts, compile_all_related
from fhir_kb.compile.timing import compile_timing
from fhir_kb.model.prohibition import prohibition_text

if TYPE_CHECKING:
    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element
    from fhir_kb.model.activity import Activity

DEFAULT_INTENT = "proposal"


def compile_activity(context: CompileContext, activity: Activity) -> Element:
    """The ActivityDefinition of an activity."""
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
        kind=order_kind(context, activity),
        code=order_code(context, activity),
        intent=activity.intent or DEFAULT_INTENT,
        priority=activity.priority,
        doNotPerform=activity.prohibited,
        timingTiming=compile_timing(context, activity.timing),
        participant=[compile_participant(context, who) for who in activity.participants],
        productCodeableConcept=order_product(context, activity),
        quantity=single_quantity(context, activity.quantity),
        dosage=order_dosages(context, activity),
        bodySite=codeable_concepts(context, activity.body_site),
        dynamicValue=order_values(context, activity),
    )
    if cautions := cautions_of(context, activity):
        resource["usage"] = usage_text(context, cautions)
        resource.spans["usage"] = cautions[0].text.span
    resource["text"] = _narrative(context, activity, resource)
    return resource


def _narrative(context: CompileContext, activity: Activity, resource: Element) -> Element:
    blocks = [
        write.heading(
            2, prohibition_text(activity.title) if activity.prohibited else activity.title
        ),
        write.prose(activity.text),
        caution_blocks(context, activity),
        write.labelled("Purpose", activity.purpose),
        write.line("What is done", readable_text(codeable_concept(context, activity.code))),
        write.line("Priority", activity.priority),
        write.line("Product", readable_text(codeable_concept(context, activity.product))),
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
