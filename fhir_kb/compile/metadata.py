"""What every artifact says of itself, from the settings and the topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.compile.build import coded, coding, element
from fhir_kb.compile.context import Context, machine_name
from fhir_kb.compile.quantity import range_
from fhir_kb.model.text import Quantity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.model import Element, Text
    from fhir_kb.model.kb import Contact
    from fhir_kb.model.topic import AgeRange, Period

_USAGE: Final = "http://terminology.hl7.org/CodeSystem/usage-context-type"
_COUNTRY: Final = "urn:iso:std:iso:3166"
_WORLD: Final = ("http://unstats.un.org/unsd/methods/m49/m49.htm", "001", "World")
SPDX: Final = "http://hl7.org/fhir/spdx-license"


def identity(context: Context, kind: str, *parts: str, title: str) -> dict[str, Any]:
    """Identity, status and publication: the properties that all canonical resources have."""
    settings, topic = context.base.settings, context.topic
    experimental = settings.experimental if topic.experimental is None else topic.experimental
    return {
        "resourceType": kind,
        "id": context.name(*parts),
        "language": settings.language or None,
        "url": context.url(kind, *parts),
        "identifier": [identifier(context, kind, *parts)],
        "version": topic.version or settings.version,
        "versionAlgorithmCoding": coding(
            "http://hl7.org/fhir/version-algorithm", "semver", "SemVer"
        ),
        "name": machine_name(title),
        "title": title,
        "status": topic.status or settings.status or "draft",
        "experimental": experimental,
        "date": topic.date or settings.date,
        "publisher": settings.publisher,
        "contact": contacts(settings.contact),
    }


def identifier(context: Context, kind: str, *parts: str) -> Element:
    """A business identifier of an artifact in its version.

    Types that no server finds by url in some release are loaded by it; it is the same on every
    build of the version.
    """
    return element(
        context.topic.topic.span,
        system=f"{context.root}/identifier",
        value=f"{kind}/{context.name(*parts)}/{context.version}",
    )


def rights(context: Context) -> dict[str, Any]:
    """Copyright."""
    settings, topic = context.base.settings, context.topic
    return {
        "copyright": topic.copyright or settings.copyright,
        "copyrightLabel": topic.license or settings.license,
    }


def review(context: Context) -> dict[str, Any]:
    """Approval, review and effect."""
    topic = context.topic
    return {
        "approvalDate": topic.approved,
        "lastReviewDate": topic.reviewed,
        "effectivePeriod": period(topic.effective),
    }


def people(context: Context) -> dict[str, Any]:
    """Authors, editors, reviewers, endorsers."""
    topic = context.topic
    return {
        "author": contacts(topic.authors),
        "editor": contacts(topic.editors),
        "reviewer": contacts(topic.reviewers),
        "endorser": contacts(topic.endorsers),
    }


def jurisdiction(context: Context) -> list[Element]:
    """The countries it is meant for."""
    codes = context.topic.jurisdiction or context.base.settings.jurisdiction
    return [
        coded(*_WORLD) if code == "world" else element(code.span, coding=[_country(code)])
        for code in codes
    ]


def use_context(context: Context) -> list[Element]:
    """Whom it is for, what it is about, where it is used."""
    topic, settings = context.topic, context.base.settings
    found = [
        _context("user", valueCodeableConcept=context.meaning(one))
        for one in topic.audience or settings.audience
    ]
    found += [
        _context("focus", valueCodeableConcept=context.meaning(one))
        for one in (*topic.focus, *topic.also_about)
    ]
    used = topic.context
    if used is None:
        return found
    if used.gender:
        found.append(_context("gender", valueCodeableConcept=context.meaning(used.gender)))
    if used.age:
        found.append(_context("age", valueRange=_ages(used.age)))
    for code, meant in (("venue", used.venue), ("workflow", used.workflow), ("task", used.task)):
        found += [_context(code, valueCodeableConcept=context.meaning(one)) for one in meant]
    found += [
        _context("program", valueCodeableConcept=element(one.span, text=one))
        for one in used.program
    ]
    return found


def contacts(people: Iterable[Contact]) -> list[Element]:
    """ContactDetails."""
    return [
        element(
            one.span,
            name=one.name,
            telecom=[
                element(value.span, system=system, value=value)
                for system, value in (("url", one.url), ("email", one.email))
                if value
            ],
        )
        for one in people
    ]


def period(given: Period | None) -> Element | None:
    """A Period."""
    return element(given.span, start=given.from_, end=given.to) if given else None


_DISPLAY: Final = {
    "user": "User Type",
    "focus": "Clinical Focus",
    "gender": "Gender",
    "age": "Age Range",
    "venue": "Clinical Venue",
    "workflow": "Workflow Setting",
    "task": "Workflow Task",
    "program": "Program",
}


def _context(code: str, **value: Any) -> Element:
    of = next(iter(value.values()))
    return element(of.span, code=coding(_USAGE, code, _DISPLAY[code]), **value)


def _ages(ages: AgeRange) -> Element:
    low = range_(Quantity(ages.from_, ages.from_.span))["low"] if ages.from_ else None
    high = range_(Quantity(ages.to, ages.to.span))["low"] if ages.to else None
    return element(ages.span, low=low, high=high)


def _country(code: Text) -> Element:
    return element(code.span, system=_COUNTRY, code=code)
