"""ValueSets: http://hl7.org/fhir/valueset.html#compositions, as the HL7 validator checks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.diagnostics import did_you_mean
from fhir_kb.terminology.membership import GRAMMAR_OF_SYSTEM
from fhir_kb.validate.codes import (
    INCLUDED_CODE,
    INCLUDED_SYSTEM,
    SET_ADVICE,
    SET_DOUBTFUL,
)
from fhir_kb.validate.core.issue import Finding, quoted, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.resources.terminology.value_set_filters import check_filter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.terminology.service import TerminologyService
    from fhir_kb.validate.core.context import Context
    from fhir_kb.validate.core.issue import Findings

_SYSTEMS: Final = {"http://snomed.info/sct", "http://loinc.org", *GRAMMAR_OF_SYSTEM}


def check_set(value: Mapping[str, Any], context: Context) -> Findings:
    """The check of a ValueSet."""
    compose = value.get("compose")
    if not isinstance(compose, dict) or context.terminology is None:
        return None
    includes = list(objects(compose, "include"))
    found: list[Finding] = []
    for name, parts in (("include", includes), ("exclude", list(objects(compose, "exclude")))):
        for index, part in parts:
            here = [*_system(part, context), *_imports(part, context.terminology, len(includes))]
            here += _concepts(part, context.terminology)
            for number, one in objects(part, "filter"):
                here += under(list(check_filter(part, one, context.terminology)), "filter", number)
            found += under(here, name, index)
    return under(found, "compose") or None


def _system(part: Mapping[str, Any], context: Context) -> Iterator[Finding]:
    system = text(part, "system")
    if not system:
        if part.get("concept") or part.get("filter"):
            message = "there is no system, so concepts and filters cannot be looked at"
            yield Finding(SET_DOUBTFUL, message, message_id="VALUESET_NO_SYSTEM_WARNING")
        return
    if "|" in system:
        yield _with_version(system, part)
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
            yield from _contained(system, context)
        return
    yield from _is_set(system, context)


def _with_version(system: str, part: Mapping[str, Any]) -> Finding:
    version, written = system.partition("|")[2], part.get("version")
    if not version:
        number, kind = 0, SET_DOUBTFUL
    else:
        number = 1 if written is None else 3 if written == version else 2
        kind = INCLUDED_SYSTEM
    return Finding(
        kind,
        f"the system {quoted(system)} has a version in it",
        "the version goes into include.version",
        f"VALUESET_REFERENCE_INVALID_TYPE_NO_VERSION_{number}",
    )


def _contained(system: str, context: Context) -> Iterator[Finding]:
    target = context.contained(system[1:])
    if target is None:
        message = f"there is no contained code system with the id {quoted(system[1:])}"
        yield Finding(INCLUDED_SYSTEM, message, message_id="VALUESET_INCLUDE_CS_NOT_FOUND")
    elif target.get("resourceType") != "CodeSystem":
        message = f"{quoted(system)} is a {target.get('resourceType')}, and no CodeSystem"
        yield Finding(INCLUDED_SYSTEM, message, message_id="VALUESET_INCLUDE_CS_NOT_CS")


def _is_set(system: str, context: Context) -> Iterator[Finding]:
    terminology = context.terminology
    if terminology is None or system in _SYSTEMS or terminology.code_system(system) is not None:
        return
    known = terminology.value_set(system)
    if known is None:
        return
    compose = known.get("compose")
    includes = objects(compose, "include") if isinstance(compose, dict) else ()
    systems = sorted({text(one, "system") for _, one in includes} - {""})
    suffix = "" if not systems else "_HINT" if len(systems) == 1 else "_MANY"
    yield Finding(
        INCLUDED_SYSTEM,
        f"{system} is a value set and no code system",
        f"its codes are of {', '.join(systems)}" if systems else None,
        f"VALUESET_INCLUDE_WRONG_VS{suffix}",
    )


def _imports(
    part: Mapping[str, Any], terminology: TerminologyService, includes: int
) -> Iterator[Finding]:
    given = part.get("valueSet")
    urls = [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
    for url in urls:
        if not url.startswith("#") and terminology.value_set(url) is None:
            message = f"the value set {url} is not known, so its codes cannot be looked at"
            yield Finding(SET_DOUBTFUL, message, message_id="VALUESET_REFERENCE_UNKNOWN")
    if len(urls) > 1 and includes == 1:
        message = "of several value sets in one include, only the codes that all have are meant"
        advice = "to have the codes of all, write one include for each"
        yield Finding(SET_DOUBTFUL, message, advice, "VALUESET_IMPORT_UNION_INTERSECTION")


def _concepts(part: Mapping[str, Any], terminology: TerminologyService) -> list[Finding]:
    concepts = list(objects(part, "concept"))
    with_display = sum("display" in one for _, one in concepts)
    found: list[Finding] = []
    if 0 < with_display < len(concepts):
        message = f"{with_display} of {len(concepts)} concepts have a display"
        found.append(
            Finding(SET_ADVICE, message, message_id="VALUESET_CONCEPT_DISPLAY_PRESENCE_MIXED")
        )
    system, version = text(part, "system"), text(part, "version")
    known = terminology.code_system(system, version) if system and concepts else None
    if known is None or not known.is_complete or (version and version != known.version):
        return found
    for index, one in concepts:
        code, display = text(one, "code"), text(one, "display")
        if code in known.displays and (not display or display in known.displays[code]):
            continue
        written = known.find_code(code)
        if not code:
            continue
        if written is None:
            bad = Finding(
                INCLUDED_CODE,
                f"{quoted(code)} is not a code of {system}",
                did_you_mean(code, known.displays),
                "VALUESET_INCLUDE_INVALID_CONCEPT_CODE",
            )
            found += under([bad], "concept", index)
        elif display and known.displays[written] and display not in known.displays[written]:
            message = f"{quoted(display)} is not a display of '{code}' in {system}"
            advice = f"the display is {quoted(known.displays[written][0])}"
            hint = Finding(SET_ADVICE, message, advice, "VALUESET_CODE_CONCEPT_HINT")
            found += under([hint], "concept", index)
    return found
