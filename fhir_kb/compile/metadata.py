"""The metadata of a topic's artifacts: version, status, people, dates, rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile.concepts import codeable_concept, codeable_concepts, hl7_coding
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.hl7_codes import USAGE_CONTEXT
from fhir_kb.compile.ids import machine_name
from fhir_kb.compile.quantities import single_quantity
from fhir_kb.model.resource_kind import BY_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.diagnostics import Span
    from fhir_kb.model import Element, Text
    from fhir_kb.model.settings import Contact
    from fhir_kb.model.topic import AgeRange

DEFAULT_STATUS: Final = "draft"
_ISO_COUNTRIES: Final = "urn:iso:std:iso:3166"
_M49: Final = "http://unstats.un.org/unsd/methods/m49/m49.htm"
MAX_LABEL: Final = 50


def artifact_resource(
    context: CompileContext,
    resource_type: str,
    resource_id: str,
    span: Span,
    /,
    *,
    title: str,
    date: Text | None = None,
    **content: Any,
) -> Element:
    """A resource with the metadata of the topic and the knowledge base."""
    kind = BY_TYPE[resource_type]
    common = context.common or _common(context)
    resource = element(
        span,
        resourceType=resource_type,
        id=resource_id,
        url=context.url(resource_type, resource_id),
        name=None if "name" in kind.omits else machine_name(title, resource_id),
        title=title,
        date=date or context.topic.date or context.settings.date,
    )
    for name, value in common.items():
        if name not in kind.omits:
            resource[name] = value
    resource.spans.update({name: place for name, place in common.spans.items() if name in resource})
    if not common["experimental"] and not kind.always_states_experimental:
        resource.pop("experimental", None)
    specific = element(span, **content)
    resource.update(specific)
    resource.spans.update(specific.spans)
    return resource


def _common(context: CompileContext) -> Element:
    """The metadata that any kind of artifact may have; computed once a topic."""
    topic, settings = context.topic, context.settings
    experimental = topic.experimental if topic.experimental is not None else settings.experimental
    effective = topic.effective
    context.common = element(
        topic.span,
        language=context.language,
        version=topic.version or settings.version,
        versionAlgorithmString="semver",
        status=publication_status(context),
        experimental=experimental,
        publisher=settings.publisher,
        contact=[contact_detail(contact) for contact in settings.contact],
        useContext=list(_use_contexts(context)),
        jurisdiction=list(_jurisdictions(context)),
        copyright=copyright_text(context),
        copyrightLabel=_label(context),
        usage=disclaimer_text(context),
        effectivePeriod=element(effective.span, start=effective.from_, end=effective.to)
        if effective
        else None,
        approvalDate=topic.approved,
        lastReviewDate=topic.reviewed,
        author=[contact_detail(author) for author in topic.authors],
        editor=[contact_detail(editor) for editor in topic.editors],
        reviewer=[contact_detail(reviewer) for reviewer in topic.reviewers],
        endorser=[contact_detail(endorser) for endorser in topic.endorsers],
    )
    return context.common


def publication_status(context: CompileContext) -> str:
    """The topic's publication status."""
    return context.topic.status or context.settings.status or DEFAULT_STATUS


def copyright_text(context: CompileContext) -> str | None:
    """The copyright statement, and the licence with it."""
    statement = context.topic.copyright or context.settings.copyright
    license_id = context.topic.license or context.settings.license
    if license_id is None:
        return statement
    if statement is None:
        return with_span_of(f"Licence: {license_id}", license_id)
    return with_span_of(f"{statement}\n\nLicence: {license_id}", statement)


def topic_concepts(context: CompileContext) -> list[Element]:
    """The topic's categories and what else it is about."""
    return codeable_concepts(context, (*context.topic.categories, *context.topic.also_about))


def disclaimer_text(context: CompileContext) -> str | None:
    """The disclaimer of the topic or the knowledge base."""
    return context.topic.disclaimer or context.settings.disclaimer


def funding_text(context: CompileContext) -> str | None:
    """The funding of the topic or the knowledge base."""
    return context.topic.funding or context.settings.funding


def contact_detail(contact: Contact) -> Element:
    """A contact as a ContactDetail."""
    telecom = [
        element(address.span, system=system, value=address)
        for system, address in (("url", contact.url), ("email", contact.email))
        if address is not None
    ]
    return element(contact.span, name=contact.name, telecom=telecom)


def _label(context: CompileContext) -> str | None:
    """The licence, as a label short enough to be one."""
    label = context.topic.license or context.settings.license
    return label if label is not None and len(label) < MAX_LABEL else None


def _use_contexts(context: CompileContext) -> Iterator[Element]:
    topic, use_context = context.topic, context.topic.context
    audience = topic.audience or context.settings.audience
    yield from _each("user", codeable_concepts(context, audience))
    yield from _each("focus", codeable_concepts(context, topic.focus))
    if use_context is None:
        return
    gender = codeable_concept(context, use_context.gender)
    yield from _each("gender", [gender] if gender else [])
    if use_context.age is not None:
        yield from _each("age", [_ages(context, use_context.age)], "valueRange")
    yield from _each("venue", codeable_concepts(context, use_context.venue))
    yield from _each("workflow", codeable_concepts(context, use_context.workflow))
    yield from _each("task", codeable_concepts(context, use_context.task))
    programs = [element(program.span, text=program) for program in use_context.program]
    yield from _each("program", programs)


def _each(
    code: str, values: Iterable[Element], name: str = "valueCodeableConcept"
) -> Iterator[Element]:
    for value in values:
        if value and value.span is not None:
            coding = hl7_coding(value.span, USAGE_CONTEXT, code)
            yield element(value.span, code=coding, **{name: value})


def _ages(context: CompileContext, ages: AgeRange) -> Element:
    return element(
        ages.span, low=single_quantity(context, ages.from_), high=single_quantity(context, ages.to)
    )


def _jurisdictions(context: CompileContext) -> Iterator[Element]:
    for place in context.topic.jurisdiction or context.settings.jurisdiction:
        if place == "world":
            coding = element(place.span, system=_M49, code="001", display="World")
        else:
            coding = element(
                place.span, system=_ISO_COUNTRIES, code=with_span_of(place.upper(), place)
            )
        yield element(place.span, coding=[coding])
