"""ValueSets: http://hl7.org/fhir/valueset.html#compositions, as the HL7 validator checks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.terminology.membership import (
    GRAMMAR_OF_SYSTEM,
    UCUM,
    is_this_version,
    matches_grammar,
)
from fhir_kb.validate.core.issue import Finding, combine, quoted, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.datatypes.codings import system_not_available
from fhir_kb.validate.datatypes.units import UCUM_ADVICE
from fhir_kb.validate.finding_codes import (
    DEFINITION_NOT_AVAILABLE,
    INCLUDED_CODE,
    INCLUDED_SYSTEM,
    SET_ADVICE,
    SET_DOUBTFUL,
    SUPPLEMENT_AS_SYSTEM,
    SUPPLEMENT_NOT_AVAILABLE,
    UNKNOWN_VERSION,
)
from fhir_kb.validate.resources.terminology.value_set_filters import check_filter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.terminology.concepts import CodeSystemConcepts
    from fhir_kb.terminology.service import TerminologyService
    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Findings

_WELL_KNOWN_SYSTEMS: Final = {"http://snomed.info/sct", "http://loinc.org", *GRAMMAR_OF_SYSTEM}


def check_value_set(value: Mapping[str, Any], context: Context) -> Findings:
    """Check a ValueSet."""
    compose = value.get("compose")
    if context.terminology is None:
        return None
    missing = context.terminology.missing_supplement(value)
    unchecked = _supplement_not_at_hand(missing) if missing else None
    if not isinstance(compose, dict):
        return unchecked
    includes = list(objects(compose, "include"))
    findings: list[Finding] = []
    for name, parts in (("include", includes), ("exclude", list(objects(compose, "exclude")))):
        for index, part in parts:
            part_findings = [
                *_check_system(part, context),
                *_check_imports(part, context.terminology, len(includes)),
            ]
            part_findings += _check_availability(part, context)
            part_findings += _check_concepts(part, context.terminology)
            for number, filter_ in objects(part, "filter"):
                part_findings += under(
                    list(check_filter(part, filter_, context.terminology)), "filter", number
                )
            findings += under(part_findings, name, index)
    return combine(unchecked, under(findings, "compose")) or None


def _supplement_not_at_hand(url: str) -> list[Finding]:
    message = f"not checked: the supplement {url}, which it needs, is not available"
    return [Finding(SUPPLEMENT_NOT_AVAILABLE, message)]


def _check_system(part: Mapping[str, Any], context: Context) -> Iterator[Finding]:
    system = text(part, "system")
    if not system:
        if part.get("concept") or part.get("filter"):
            message = "'system' is missing, so concepts and filters cannot be checked"
            yield Finding(SET_DOUBTFUL, message, message_id="VALUESET_NO_SYSTEM_WARNING")
        return
    if "|" in system:
        yield _version_finding(system, part)
        system = system.partition("|")[0]
    if ":" not in system:
        suffix = "_FRAG" if system.startswith("#") else ""
        yield Finding(
            INCLUDED_SYSTEM,
            f"the system {quoted(system)} is not absolute",
            "write the url of the code system",
            f"VALUESET_INCLUDE_SYSTEM_ABSOLUTE{suffix}",
        )
        if suffix:
            yield from _check_contained_system(system, context)
        return
    yield from _check_system_is_no_value_set(system, context)


def _version_finding(system: str, part: Mapping[str, Any]) -> Finding:
    version, stated = system.partition("|")[2], part.get("version")
    if not version:
        number, finding_code = 0, SET_DOUBTFUL
    else:
        number = 1 if stated is None else 3 if stated == version else 2
        finding_code = INCLUDED_SYSTEM
    return Finding(
        finding_code,
        f"the system {quoted(system)} has a version in it",
        "the version goes into include.version",
        f"VALUESET_REFERENCE_INVALID_TYPE_NO_VERSION_{number}",
    )


def _check_contained_system(system: str, context: Context) -> Iterator[Finding]:
    target = context.contained(system[1:])
    if target is None:
        message = f"there is no contained code system with the id {quoted(system[1:])}"
        yield Finding(INCLUDED_SYSTEM, message, message_id="VALUESET_INCLUDE_CS_NOT_FOUND")
    elif target.get("resourceType") != "CodeSystem":
        message = f"{quoted(system)} is a {target.get('resourceType')}, and no CodeSystem"
        yield Finding(INCLUDED_SYSTEM, message, message_id="VALUESET_INCLUDE_CS_NOT_CS")


def _check_availability(part: Mapping[str, Any], context: Context) -> list[Finding]:
    """Whether the code system of listed codes and filters is at hand; said once for each."""
    system, terminology = text(part, "system"), context.terminology
    if terminology is None or ":" not in system or system in GRAMMAR_OF_SYSTEM:
        return []
    if not part.get("concept") and not part.get("filter"):
        return []
    version = text(part, "version")
    concepts = terminology.code_system(system, version)
    if concepts is None:
        is_supplement = terminology.supplemented(system) is not None
        return [] if is_supplement else system_not_available(system, context) or []
    if not version or is_this_version(concepts.version, version):
        return []
    message = f"not checked: version {quoted(version)} of {system} is not available"
    advice = f"version {concepts.version} is available"
    return under([Finding(UNKNOWN_VERSION, message, advice)], "version")


def _check_system_is_no_value_set(system: str, context: Context) -> Iterator[Finding]:
    terminology = context.terminology
    if (
        terminology is None
        or system in _WELL_KNOWN_SYSTEMS
        or terminology.code_system(system) is not None
    ):
        return
    if supplemented := terminology.supplemented(system):
        message = f"{system} is a supplement, and defines no codes"
        advice = f"include the code system that it supplements: {supplemented}"
        yield Finding(SUPPLEMENT_AS_SYSTEM, message, advice)
        return
    value_set = terminology.value_set(system)
    if value_set is None:
        return
    compose = value_set.get("compose")
    includes = objects(compose, "include") if isinstance(compose, dict) else ()
    systems = sorted({text(include, "system") for _, include in includes} - {""})
    suffix = "" if not systems else "_HINT" if len(systems) == 1 else "_MANY"
    yield Finding(
        INCLUDED_SYSTEM,
        f"{system} is a value set and no code system",
        f"its codes are of {', '.join(systems)}" if systems else None,
        f"VALUESET_INCLUDE_WRONG_VS{suffix}",
    )


def _check_imports(
    part: Mapping[str, Any], terminology: TerminologyService, includes: int
) -> Iterator[Finding]:
    listed = part.get("valueSet")
    urls = [url for url in listed if isinstance(url, str)] if isinstance(listed, list) else []
    for url in urls:
        if not url.startswith("#") and terminology.value_set(url) is None:
            message = f"not checked: the value set {url} is not available"
            yield Finding(
                DEFINITION_NOT_AVAILABLE, message, message_id="VALUESET_REFERENCE_UNKNOWN"
            )
    if len(urls) > 1 and includes == 1:
        message = "of several value sets in one include, only the codes that all have are meant"
        advice = "to have the codes of all, write one include for each"
        yield Finding(SET_DOUBTFUL, message, advice, "VALUESET_IMPORT_UNION_INTERSECTION")


def _check_concepts(part: Mapping[str, Any], terminology: TerminologyService) -> list[Finding]:
    concepts = list(objects(part, "concept"))
    with_display = sum("display" in concept for _, concept in concepts)
    findings: list[Finding] = []
    if 0 < with_display < len(concepts):
        message = f"{with_display} of {len(concepts)} concepts have a display"
        findings.append(
            Finding(SET_ADVICE, message, message_id="VALUESET_CONCEPT_DISPLAY_PRESENCE_MIXED")
        )
    system, version = text(part, "system"), text(part, "version")
    for index, concept in concepts if system == UCUM else ():
        findings += under(_check_unit(text(concept, "code")), "concept", index)
    code_system = terminology.code_system(system, version) if system and concepts else None
    if (
        code_system is None
        or not code_system.is_complete
        or (version and not is_this_version(code_system.version, version))
    ):
        return findings
    for index, concept in concepts:
        findings += under(list(_check_concept(concept, system, code_system)), "concept", index)
    return findings


def _check_unit(code: str) -> list[Finding]:
    if not code or matches_grammar(UCUM, code) is not False:
        return []
    return [Finding(INCLUDED_CODE, f"{quoted(code)} is not a code of UCUM ({UCUM})", UCUM_ADVICE)]


def _check_concept(
    concept: Mapping[str, Any], system: str, code_system: CodeSystemConcepts
) -> Iterator[Finding]:
    code, display = text(concept, "code"), text(concept, "display")
    if not code:
        return
    defined_code = code_system.find_code(code)
    if defined_code is None:
        yield Finding(
            INCLUDED_CODE,
            f"{quoted(code)} is not a code of {system}",
            did_you_mean(code, code_system.displays),
            "VALUESET_INCLUDE_INVALID_CONCEPT_CODE",
        )
        return
    displays = code_system.displays[defined_code]
    if display and displays and display not in displays:
        message = f"{quoted(display)} is not a display of '{code}' in {system}"
        advice = f"the display is {quoted(displays[0])}"
        yield Finding(SET_ADVICE, message, advice, "VALUESET_CODE_CONCEPT_HINT")
