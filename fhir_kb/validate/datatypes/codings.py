"""Codings against code systems: http://hl7.org/fhir/terminologies.html#system.

Code systems that ship with FHIR are checked, and those that the terminology service has. Codes of
others (SNOMED CT, LOINC, a publisher's own) are not checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.packages.core.code_systems import code_systems
from fhir_kb.terminology.concepts import CodeSystemConcepts, template_code
from fhir_kb.terminology.membership import UCUM, is_this_version
from fhir_kb.validate.core.issue import quoted, report, under
from fhir_kb.validate.core.json_values import text
from fhir_kb.validate.datatypes.units import check_unit
from fhir_kb.validate.finding_codes import (
    NO_SYSTEM,
    SUPPLEMENT_AS_SYSTEM,
    SYSTEM_NOT_AVAILABLE,
    UNKNOWN_CODE,
    UNKNOWN_VERSION,
    WRONG_DISPLAY,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages.core.code_systems import CodeSystem, CodeSystems
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Finding, Findings

_CACHE_SIZE: Final = 8192
#: The language of displays that are checked; resources in other languages have other displays.
_ENGLISH: Final = "en"
_TEXT: Final = (str, type(None))


def coding_checker(fhir_version: str) -> Checker:
    """A check of a Coding's code and display; code systems are read when one is first needed."""
    systems: CodeSystems | None = None
    valid: set[tuple[object, object, object]] = set()

    def check(value: Mapping[str, Any], context: Context) -> Findings:
        nonlocal systems
        url, code, display = value.get("system"), value.get("code"), value.get("display")
        if url is None and (code is not None or display is not None):
            return report(NO_SYSTEM, "the coding has no system, so its code has no defined meaning")
        if not isinstance(url, str) or not isinstance(code, str) or not isinstance(display, _TEXT):
            return None
        if (url, code, display) in valid and "version" not in value:
            return None
        if url == UCUM:
            return check_unit(value, context)
        systems = systems or code_systems(fhir_version)
        if (system := systems.get(url)) is None:
            return _by_terminology(url, value, context)
        version = value.get("version")
        if isinstance(version, str) and not is_this_version(system.version, version):
            return _version_not_available(system, version)
        findings = _by_system(system, value, context)
        if findings is None and _is_english(context):
            if len(valid) >= _CACHE_SIZE:
                valid.clear()
            valid.add((url, code, display))
        return findings

    return check


def _version_not_available(system: CodeSystem | CodeSystemConcepts, version: str) -> Findings:
    message = f"not checked: version {quoted(version)} of {system.url} is not available"
    advice = f"version {system.version} is available"
    return under(report(UNKNOWN_VERSION, message, advice), "system")


def _by_terminology(url: str, value: Mapping[str, Any], context: Context) -> Findings:
    """The check of a system that does not ship, by the terminology service."""
    terminology = context.terminology
    if terminology is None:
        return None
    version = text(value, "version")
    concepts = terminology.code_system(url, version)
    if concepts is None:
        if (supplemented := terminology.supplemented(url)) is not None:
            return _supplement_as_system(url, supplemented)
        return _by_service(url, value["code"], version, context)
    if version and not is_this_version(concepts.version, version):
        return _version_not_available(concepts, version)
    if concepts.has_code(value["code"]) is False:
        return unknown_code(concepts, value["code"])
    code = concepts.find_code(value["code"])
    if code is None:  # the system at hand is incomplete
        return _by_service(url, value["code"], version, context)
    if concepts.language and concepts.language.partition("-")[0].lower() != _ENGLISH:
        return None
    return _wrong_display(url, value, concepts.displays[code], context)


def _by_service(url: str, code: str, version: str, context: Context) -> Findings:
    """What the terminology service says of a code whose system is not at hand as a whole."""
    assert context.terminology is not None
    is_code = context.terminology.has_code(url, code, version)
    if is_code is None:
        return system_not_available(url, context)
    if is_code:
        return None
    return under(report(UNKNOWN_CODE, f"{quoted(code)} is not a code of {url}"), "code")


def system_not_available(url: str, context: Context) -> Findings:
    """The finding that codes of a system are not checked; once for each system in a validation."""
    if url in context.unchecked_systems:
        return None
    context.unchecked_systems.add(url)
    terminology = context.terminology
    is_part = terminology is not None and terminology.code_system(url) is not None
    message = f"not checked: codes of {url}, which is not available{' as a whole' * is_part}"
    return under(report(SYSTEM_NOT_AVAILABLE, message), "system")


def _supplement_as_system(url: str, supplemented: str) -> Findings:
    message = f"{url} is a supplement, and defines no codes"
    advice = f"write the code system that it supplements: {supplemented}" if supplemented else None
    return under(report(SUPPLEMENT_AS_SYSTEM, message, advice), "system")


def _by_system(system: CodeSystem, value: Mapping[str, Any], context: Context) -> Findings:
    displays = _displays(system, value["code"])
    if displays is None:
        return unknown_code(system, value["code"])
    return _wrong_display(system.url, value, displays, context)


def _wrong_display(
    url: str, value: Mapping[str, Any], displays: tuple[str, ...], context: Context
) -> Findings:
    display = value.get("display")
    if display is None or not displays or not _is_english(context):
        return None
    normalized = _normalized(display)
    if any(_normalized(name) == normalized for name in displays):
        return None
    message = f"{quoted(display)} is not a display of '{value['code']}' in {url}"
    advice = (
        f"the display is {quoted(displays[0])}; put words of your own into CodeableConcept.text"
    )
    return under(report(WRONG_DISPLAY, message, advice), "display")


def _displays(system: CodeSystem, code: str) -> tuple[str, ...] | None:
    """The displays of a code, the preferred one first; None where the system has no such code."""
    displays = system.codes.get(code)
    if displays is None and template_code(system.url, code):
        return ()
    if displays is None and system.any_case:
        folded = code.casefold()
        codes = system.codes.items()
        displays = next((names for known, names in codes if known.casefold() == folded), None)
    return displays


def unknown_code(system: CodeSystem | CodeSystemConcepts, code: str) -> list[Finding]:
    """The finding, at the code, that the system has no such code."""
    codes = system.displays if isinstance(system, CodeSystemConcepts) else system.codes
    with_version = f" version {system.version}" if system.version else ""
    message = f"{quoted(code)} is not a code of {system.url}{with_version}"
    return under(report(UNKNOWN_CODE, message, did_you_mean(code, codes)), "code")


def _is_english(context: Context) -> bool:
    language = context.resource.get("language") or context.container.get("language")
    return language is None or str(language).partition("-")[0].lower() == _ENGLISH


def _normalized(display: str) -> str:
    return " ".join(display.split()).casefold()
