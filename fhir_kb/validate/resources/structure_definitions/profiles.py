"""Profiles given as resources, compared with their bases.

http://hl7.org/fhir/profiling.html: a profile must be as narrow as its base. The base is looked up
by canonical; a profile whose base is not available is not checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.packages.snapshots import SnapshotError, contradictions, snapshot
from fhir_kb.validate.core.issue import Finding, located_at, report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import (
    CONTRADICTS_BASE,
    NO_SNAPSHOT,
    NOT_AN_OBLIGATION,
)
from fhir_kb.validate.resources.structure_definitions.element_order import unmatched_elements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Canonicals, Definitions

_MAX_SHOWN: Final = 10
_OBLIGATION_PROFILE: Final = "http://hl7.org/fhir/StructureDefinition/obligation-profile"
_OBLIGATIONS: Final = frozenset(
    {
        "http://hl7.org/fhir/StructureDefinition/obligation",
        "http://hl7.org/fhir/tools/StructureDefinition/obligation",
    }
)
#: What an element of an obligation profile may have.
_ALLOWED_WITH_OBLIGATIONS: Final = frozenset(
    {"id", "path", "sliceName", "extension", "mustSupport", "binding"}
)


def check_profile(
    value: Mapping[str, Any],
    base: Mapping[str, Any],
    canonicals: Canonicals,
    definitions: Definitions,
) -> list[Finding]:
    """Check a profile against its base; the definition of a new type is not checked here."""
    if value.get("derivation") != "constraint":
        return []
    findings = _check_unmatched(value, definitions)
    findings += _check_against_base(value, canonicals, is_matched=not findings)
    findings += _check_bound_codes(value, base, definitions)
    if _is_obligation_profile(value):
        findings += _check_obligations(value, base, canonicals)
    return findings


def _check_unmatched(value: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    """Elements that would be lost, because they match none of the base."""
    findings: list[Finding] = []
    elements = dict(objects(value.get("differential"), "element"))
    for number, is_misplaced in unmatched_elements(value, definitions):
        name = text(elements[number], "id") or text(elements[number], "path")
        if is_misplaced:
            message = f"{name} is not in the order of the base's elements"
            advice = "bring the elements of the differential into the base's order"
        else:
            message = f"the base has no element {name}"
            advice = "correct the path, or baseDefinition"
        findings += under(report(NO_SNAPSHOT, message, advice), "differential", "element", number)
    return findings


def _check_against_base(
    value: Mapping[str, Any], canonicals: Canonicals, *, is_matched: bool
) -> list[Finding]:
    """Contradictions to the base, each shown at its element in the differential."""
    elements = dict(objects(value.get("differential"), "element"))
    try:
        found = contradictions(value, canonicals)
    except SnapshotError as error:
        if not error.certain or not is_matched or _is_reported_elsewhere(value, error):
            return []
        named = (
            number
            for number, element in elements.items()
            if error.path in (element.get("id"), element.get("path"))
        )
        advice = error.help or None
        message = f"no snapshot can be made of the profile: {error}"
        return _shown_at_element(report(NO_SNAPSHOT, message, advice), next(named, None))
    findings: list[Finding] = []
    by_element = {id(element): number for number, element in elements.items()}
    for contradiction in found:
        bad = report(CONTRADICTS_BASE, f"{contradiction.id}: {contradiction.message}")
        located_at(bad, contradiction.property)
        findings += _shown_at_element(bad, by_element.get(id(contradiction.element)))
    return findings


def _check_bound_codes(
    value: Mapping[str, Any], base: Mapping[str, Any], definitions: Definitions
) -> list[Finding]:
    """Bindings to codes that a required binding of the base does not have.

    http://hl7.org/fhir/profiling.html#binding. Only of value sets all of whose codes are known.
    """
    required = {
        text(element, "path"): text(element.get("binding"), "valueSet")
        for _, element in objects(base.get("snapshot"), "element")
        if text(element.get("binding"), "strength") == "required" and not element.get("sliceName")
    }
    findings: list[Finding] = []
    for number, element in objects(value.get("differential"), "element"):
        base_url, own_url = (
            required.get(text(element, "path"), ""),
            text(element.get("binding"), "valueSet"),
        )
        if not base_url or not own_url or own_url.partition("|")[0] == base_url.partition("|")[0]:
            continue
        allowed, codes = definitions.value_set(base_url), definitions.value_set(own_url)
        if allowed is None or codes is None or not (allowed.is_complete and codes.is_complete):
            continue
        extra_codes = sorted(
            code
            for system, listed in codes.systems.items()
            for code in listed - allowed.systems.get(system, frozenset())
        )
        if extra_codes:
            message = f"{element.get('id')}: {own_url} has codes that {base_url} has not: "
            message += ", ".join(extra_codes[:_MAX_SHOWN])
            findings += _shown_at_element(
                located_at(report(CONTRADICTS_BASE, message), "binding"), number
            )
    return findings


def _is_reported_elsewhere(value: Mapping[str, Any], error: SnapshotError) -> bool:
    """Whether another rule reports the same: the root is sliced."""
    return error.path == value.get("type")


def _shown_at_element(findings: list[Finding], number: int | None) -> list[Finding]:
    """The findings on the whole definition, shown at an element of the differential."""
    if number is None:
        return findings
    return located_at(findings, "differential", "element", number)


def _is_obligation_profile(value: Mapping[str, Any]) -> bool:
    extensions = value.get("extension")
    return isinstance(extensions, list) and any(
        isinstance(extension, dict)
        and extension.get("url") == _OBLIGATION_PROFILE
        and extension.get("valueBoolean") is True
        for extension in extensions
    )


def _check_obligations(
    value: Mapping[str, Any], base: Mapping[str, Any], canonicals: Canonicals
) -> list[Finding]:
    """What an obligation profile contains besides obligations."""
    strengths = _binding_strengths(base, canonicals)
    findings: list[Finding] = []
    for number, element in objects(value.get("differential"), "element"):
        element_findings: list[Finding] = []
        for name in element:
            if name not in _ALLOWED_WITH_OBLIGATIONS:
                element_findings += under(
                    report(NOT_AN_OBLIGATION, f"'{name}' is not allowed here"), name
                )
        element_findings += _check_extensions(element)
        element_findings += _check_binding(
            element.get("binding"), strengths.get(str(element.get("path")))
        )
        findings += under(element_findings, "differential", "element", number)
    return findings


def _check_extensions(element: Mapping[str, Any]) -> list[Finding]:
    findings: list[Finding] = []
    for number, extension in objects(element, "extension"):
        url = extension.get("url")
        if isinstance(url, str) and url not in _OBLIGATIONS:
            extension_findings = report(
                NOT_AN_OBLIGATION, f"the extension {url} is not an obligation"
            )
            findings += under(extension_findings, "extension", number)
    return findings


def _check_binding(binding: object, strength: object) -> list[Finding]:
    """Changes of a binding other than additional bindings; strength: the base's."""
    findings: list[Finding] = []
    for name, part in binding.items() if isinstance(binding, dict) else ():
        if name == "strength" and strength is not None and part != strength:
            part_findings = report(
                NOT_AN_OBLIGATION, f"the strength is '{part}', but the base has '{strength}'"
            )
        elif name == "description":
            part_findings = report(
                NOT_AN_OBLIGATION, "a description of the binding is not allowed here"
            )
        else:
            continue
        findings += under(part_findings, "binding", name)
    return findings


def _binding_strengths(base: Mapping[str, Any], canonicals: Canonicals) -> dict[str, object]:
    """The strengths of the base's bindings by path."""
    try:
        structure = base if base.get("snapshot") else snapshot(base, canonicals)
    except SnapshotError:
        return {}
    elements = (
        structure["snapshot"].get("element") if isinstance(structure["snapshot"], dict) else None
    )
    return {
        str(element.get("path")): element["binding"].get("strength")
        for element in reversed(elements if isinstance(elements, list) else [])
        if isinstance(element, dict) and isinstance(element.get("binding"), dict)
    }
