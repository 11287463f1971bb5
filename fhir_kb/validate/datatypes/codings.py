"""Codings against the code systems that ship: http://hl7.org/fhir/terminologies.html#system.

Of systems that do not ship (SNOMED CT, LOINC, a publisher's own) nothing is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.packages.core.code_systems import code_systems
from fhir_kb.terminology.concepts import CodeSystemConcepts, template_code
from fhir_kb.terminology.membership import is_same_version
from fhir_kb.validate.codes import (
    NO_SYSTEM,
    UNKNOWN_CODE,
    UNKNOWN_VERSION,
    WRONG_DISPLAY,
)
from fhir_kb.validate.core.issue import quoted, report, under

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages.core.code_systems import CodeSystem, CodeSystems
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Finding, Findings

_MEMORY: Final = 8192
#: Displays are compared in this language; those of resources in others are not looked at.
_ENGLISH: Final = "en"


def coding_checker(fhir_version: str) -> Checker:
    """A check of a Coding's code and display; code systems are read when one is first met."""
    systems: CodeSystems | None = None
    fine: set[tuple[object, object, object]] = set()

    def check(value: Mapping[str, Any], context: Context) -> Findings:
        nonlocal systems
        url, code, display = value.get("system"), value.get("code"), value.get("display")
        if url is None and (code is not None or display is not None):
            return report(NO_SYSTEM, "the coding has no system, so its code has no defined meaning")
        if not isinstance(url, str) or not isinstance(code, str) or not isinstance(display, _TEXT):
            return None
        if (url, code, display) in fine and "version" not in value:
            return None
        systems = systems or code_systems(fhir_version)
        if (system := systems.get(url)) is None:
            return _elsewhere(url, value, context)
        if "version" in value and _is_other(system, value["version"]):
            return _other_version(system, value["version"])
        found = _look(system, value, context)
        if found is None and _is_english(context):
            if len(fine) >= _MEMORY:
                fine.clear()
            fine.add((url, code, display))
        return found

    return check


_TEXT: Final = (str, type(None))


def _is_other(system: CodeSystem, version: object) -> bool:
    """Whether a version is not the one that is known."""
    if not isinstance(version, str) or not system.version:
        return False
    return not is_same_version(version, system.version)


def _other_version(system: CodeSystem, version: str) -> Findings:
    """The finding that it is not; of the release itself, value sets say which build they mean."""
    if version.startswith(system.version + "-"):
        return None
    message = f"version {quoted(version)} of {system.url} is not known, so the code is not checked"
    found = report(UNKNOWN_VERSION, message, f"known is version {system.version}")
    return under(found, "system")


def _elsewhere(url: str, value: Mapping[str, Any], context: Context) -> Findings:
    """Of a system that does not ship, as the user's definitions and the server know it."""
    terminology = context.terminology
    if terminology is None:
        return None
    known = terminology.code_system(url)
    if known is None:
        if not terminology.has_server:
            return None
        version = str(value.get("version", ""))
        if terminology.has_code(url, value["code"], version) is not False:
            return None
        return under(
            report(UNKNOWN_CODE, f"{quoted(value['code'])} is not a code of {url}"), "code"
        )
    if (
        known.has_code(value["code"]) is False
        and value.get("version", known.version) == known.version
    ):
        return unknown_code(known, value["code"])
    written = known.find_code(value["code"])
    if known.language and known.language.partition("-")[0].lower() != _ENGLISH:
        return None
    return None if written is None else _wrong_display(url, value, known.displays[written], context)


def _look(system: CodeSystem, value: Mapping[str, Any], context: Context) -> Findings:
    if (known := names(system, value["code"])) is None:
        return unknown_code(system, value["code"])
    return _wrong_display(system.url, value, known, context)


def _wrong_display(
    url: str, value: Mapping[str, Any], known: tuple[str, ...], context: Context
) -> Findings:
    display = value.get("display")
    if display is None or not known or not _is_english(context):
        return None
    wanted = _plain(display)
    if any(_plain(name) == wanted for name in known):
        return None
    found = report(
        WRONG_DISPLAY,
        f"{quoted(display)} is not a display of '{value['code']}' in {url}",
        f"the display is {quoted(known[0])}; put words of your own into CodeableConcept.text",
    )
    return under(found, "display")


def names(system: CodeSystem, code: str) -> tuple[str, ...] | None:
    """The names of a code, the preferred one first; None where the system has no such code."""
    found = system.codes.get(code)
    if found is None and template_code(system.url, code):
        return ()
    if found is None and system.any_case:
        folded = code.casefold()
        found = next((n for known, n in system.codes.items() if known.casefold() == folded), None)
    return found


def unknown_code(system: CodeSystem | CodeSystemConcepts, code: str) -> list[Finding]:
    """The finding, at the code, that the system has no such code."""
    codes = system.displays if isinstance(system, CodeSystemConcepts) else system.codes
    found = report(
        UNKNOWN_CODE,
        f"{quoted(code)} is not a code of {system.url}"
        + (f" version {system.version}" if system.version else ""),
        did_you_mean(code, codes),
    )
    return under(found, "code")


def _is_english(context: Context) -> bool:
    language = context.resource.get("language") or context.container.get("language")
    return language is None or str(language).partition("-")[0].lower() == _ENGLISH


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
