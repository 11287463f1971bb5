"""ActivityDefinitions: https://hl7.org/fhir/R5/activitydefinition.html"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile.build import element, some
from fhir_kb.compile.expression import dynamic_value, library_canonical
from fhir_kb.compile.metadata import identity, jurisdiction, people, review, rights, use_context
from fhir_kb.compile.narrative import block, bullets, inline, narrative, paragraph
from fhir_kb.compile.quantity import quantity
from fhir_kb.compile.related import related, to_references
from fhir_kb.compile.timing import dosage, dosage_in_words, in_words, timing
from fhir_kb.model import words

if TYPE_CHECKING:
    from fhir_kb.compile.context import Context
    from fhir_kb.model import Element
    from fhir_kb.model.activity import Activity, Participant


def activity_definition(context: Context, activity: Activity) -> Element:
    """The ActivityDefinition of an activity."""
    settings, topic = context.base.settings, context.topic
    base = identity(context, "ActivityDefinition", str(activity.id), title=str(activity.title))
    base["title"] = activity.title
    base["date"] = activity.date or base["date"]
    libraries = [library_canonical(context, name) for name in activity.libraries]
    return element(
        activity.span,
        **base,
        text=_narrative(context, activity),
        description=activity.text or activity.title,
        purpose=activity.purpose,
        usage=topic.disclaimer or settings.disclaimer,
        useContext=use_context(context),
        jurisdiction=jurisdiction(context),
        **rights(context),
        **review(context),
        **people(context),
        relatedArtifact=[
            *to_references(context, "derived-from", activity.from_),
            *some(related(context, one) for one in activity.related),
        ],
        library=[name for name in libraries if name],
        kind=words.ACTIVITY_KIND[str(activity.kind)] if activity.kind else None,
        intent=activity.intent or "proposal",
        priority=activity.priority,
        code=context.meaning(activity.code) if activity.code else None,
        doNotPerform=activity.prohibited,
        timingTiming=timing(activity.timing) if activity.timing else None,
        participant=[participant(context, one) for one in activity.participants],
        productCodeableConcept=context.meaning(activity.product) if activity.product else None,
        quantity=quantity(activity.quantity) if activity.quantity else None,
        dosage=[dosage(context, one, at) for at, one in enumerate(activity.dosage, 1)],
        bodySite=context.meanings(activity.body_site),
        dynamicValue=[dynamic_value(context, one) for one in activity.dynamic_values],
    )


def participant(context: Context, given: Participant) -> Element:
    """A participant of an activity or a step."""
    return element(
        given.span,
        type=words.PARTICIPANT_TYPE[str(given.type)],
        role=context.meaning(given.role) if given.role else None,
        function=context.meaning(given.function) if given.function else None,
    )


def _narrative(context: Context, activity: Activity) -> Element:
    doses = [one.text or dosage_in_words(context, one) for one in activity.dosage]
    when = (activity.timing.text or in_words(activity.timing)) if activity.timing else None
    return narrative(
        activity.span,
        paragraph("This must not be done.", "Prohibited") if activity.prohibited else "",
        paragraph(activity.title),
        block(activity.text),
        block(activity.purpose, "Purpose"),
        paragraph(context.reads(activity.product) if activity.product else None, "Product"),
        bullets(inline(str(dose)) for dose in doses),
        paragraph(when, "When"),
    )
