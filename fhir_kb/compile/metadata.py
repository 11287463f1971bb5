"""What every artifact of a topic says of itself: version, status, people, dates, rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile.concepts import codeable, codeables, hl7_coding
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.hl7_codes import USAGE_CONTEXT
from fhir_kb.compile.ids import machine_name
from fhir_kb.compile.quantities import single
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


def artifact(
    bench: CompileContext,
    resource_type: str,
    resource_id: str,
    span: Span,
    /,
    *,
    title: str,
    date: Text | None = None,
    **content: Any,
) -> Element:
    """A resource with what the topic and the knowledge base say of all of theirs."""
    kind = BY_TYPE[resource_type]
    common = bench.common or _common(bench)
    made = element(
        span,
        resourceType=resource_type,
        id=resource_id,
        url=bench.url(resource_type, resource_id),
        name=None if "name" in kind.omits else machine_name(title, resource_id),
        title=title,
        date=date or bench.topic.date or bench.settings.date,
    )
    for name, value in common.items():
        if name not in kind.omits:
            made[name] = value
    made.spans.update({name: place for name, place in common.spans.items() if name in made})
    if not common["experimental"] and not kind.always_states_experimental:
        made.pop("experimental", None)
    more = element(span, **content)
    made.update(more)
    made.spans.update(more.spans)
    return made


def _common(bench: CompileContext) -> Element:
    """All that any kind of artifact may say; worked out once a topic."""
    topic, settings = bench.topic, bench.settings
    experimental = topic.experimental if topic.experimental is not None else settings.experimental
    effective = topic.effective
    bench.common = element(
        topic.span,
        language=bench.language,
        version=topic.version or settings.version,
        versionAlgorithmString="semver",
        status=status(bench),
        experimental=experimental,
        publisher=settings.publisher,
        contact=[contact_detail(one) for one in settings.contact],
        useContext=list(_use_contexts(bench)),
        jurisdiction=list(_jurisdictions(bench)),
        copyright=rights(bench),
        copyrightLabel=_label(bench),
        usage=disclaimer(bench),
        effectivePeriod=element(effective.span, start=effective.from_, end=effective.to)
        if effective
        else None,
        approvalDate=topic.approved,
        lastReviewDate=topic.reviewed,
        author=[contact_detail(one) for one in topic.authors],
        editor=[contact_detail(one) for one in topic.editors],
        reviewer=[contact_detail(one) for one in topic.reviewers],
        endorser=[contact_detail(one) for one in topic.endorsers],
    )
    return bench.common


def status(bench: CompileContext) -> str:
    """How far the topic is."""
    return bench.topic.status or bench.settings.status or DEFAULT_STATUS


def rights(bench: CompileContext) -> str | None:
    """The copyright statement, and the licence with it."""
    statement = bench.topic.copyright or bench.settings.copyright
    license_id = bench.topic.license or bench.settings.license
    if license_id is None:
        return statement
    if statement is None:
        return with_span_of(f"Licence: {license_id}", license_id)
    return with_span_of(f"{statement}\n\nLicence: {license_id}", statement)


def topics(bench: CompileContext) -> list[Element]:
    """What the topic is filed under and touches."""
    return codeables(bench, (*bench.topic.categories, *bench.topic.also_about))


def disclaimer(bench: CompileContext) -> str | None:
    """What readers have to bear in mind."""
    return bench.topic.disclaimer or bench.settings.disclaimer


def funding(bench: CompileContext) -> str | None:
    """Who paid, and what it had to do with the content."""
    return bench.topic.funding or bench.settings.funding


def contact_detail(one: Contact) -> Element:
    """Whom to ask."""
    telecom = [
        element(address.span, system=system, value=address)
        for system, address in (("url", one.url), ("email", one.email))
        if address is not None
    ]
    return element(one.span, name=one.name, telecom=telecom)


def _label(bench: CompileContext) -> str | None:
    """The licence, as a label short enough to be one."""
    label = bench.topic.license or bench.settings.license
    return label if label is not None and len(label) < MAX_LABEL else None


def _use_contexts(bench: CompileContext) -> Iterator[Element]:
    topic, context = bench.topic, bench.topic.context
    audience = topic.audience or bench.settings.audience
    yield from _each("user", codeables(bench, audience))
    yield from _each("focus", codeables(bench, topic.focus))
    if context is None:
        return
    gender = codeable(bench, context.gender)
    yield from _each("gender", [gender] if gender else [])
    if context.age is not None:
        yield from _each("age", [_ages(bench, context.age)], "valueRange")
    yield from _each("venue", codeables(bench, context.venue))
    yield from _each("workflow", codeables(bench, context.workflow))
    yield from _each("task", codeables(bench, context.task))
    programs = [element(program.span, text=program) for program in context.program]
    yield from _each("program", programs)


def _each(
    code: str, values: Iterable[Element], name: str = "valueCodeableConcept"
) -> Iterator[Element]:
    for value in values:
        if value and value.span is not None:
            coding = hl7_coding(value.span, USAGE_CONTEXT, code)
            yield element(value.span, code=coding, **{name: value})


def _ages(bench: CompileContext, ages: AgeRange) -> Element:
    return element(ages.span, low=single(bench, ages.from_), high=single(bench, ages.to))


def _jurisdictions(bench: CompileContext) -> Iterator[Element]:
    for place in bench.topic.jurisdiction or bench.settings.jurisdiction:
        if place == "world":
            coding = element(place.span, system=_M49, code="001", display="World")
        else:
            coding = element(
                place.span, system=_ISO_COUNTRIES, code=with_span_of(place.upper(), place)
            )
        yield element(place.span, coding=[coding])
