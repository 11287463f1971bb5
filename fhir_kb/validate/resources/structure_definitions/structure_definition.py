"""StructureDefinitions: http://hl7.org/fhir/structuredefinition.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.packages.snapshots.elements import CORE_URL
from fhir_kb.validate.core.issue import Finding, quoted, report, under
from fhir_kb.validate.core.json_values import objects, text
from fhir_kb.validate.finding_codes import (
    DEFINITION_NOT_AVAILABLE,
    NOT_IN_A_PROFILE,
    PROFILE_OF_OTHER_TYPE,
)
from fhir_kb.validate.resources.structure_definitions.bases import check_against_base, check_type
from fhir_kb.validate.resources.structure_definitions.elements import ElementChecks
from fhir_kb.validate.resources.structure_definitions.extensions import (
    check_contexts,
    check_invariants,
    check_url,
)
from fhir_kb.validate.resources.structure_definitions.profiles import check_profile
from fhir_kb.validate.resources.structure_definitions.slicing import check_slices_without_slicing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Canonicals, Definitions
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings


def structure_definition_check(definitions: Definitions) -> Checker:
    """The check of StructureDefinitions against the types of a release."""

    def check(value: Mapping[str, Any], context: Context) -> Findings:
        canonicals = context.canonicals
        findings = check_type(value, definitions, canonicals)
        findings += check_contexts(value, definitions)
        base = _find_base(value, canonicals)
        for index, element in objects(value.get("differential"), "element"):
            element_findings = _check_type_profiles(element, definitions)
            if value.get("derivation") == "constraint" and "meaningWhenMissing" in element:
                element_findings += report(
                    NOT_IN_A_PROFILE,
                    "meaningWhenMissing is not allowed in a profile",
                    "leave it out: only the type's own definition has it",
                )
            findings += under(element_findings, "differential", "element", index)
        if base is None and (url := text(value, "baseDefinition")):
            message = f"not checked: the base {quoted(url, 120)} is not available"
            findings += under(report(DEFINITION_NOT_AVAILABLE, message), "baseDefinition")
        if base is not None and canonicals is not None:
            findings += check_against_base(value, base)
            findings += check_profile(value, base, canonicals, definitions)
            findings += ElementChecks(value, base, definitions, canonicals).check()
            if value.get("derivation") == "constraint":
                findings += check_slices_without_slicing(value, base)
            findings += check_url(value) + check_invariants(value, definitions)
        return findings or None

    return check


def _find_base(value: Mapping[str, Any], canonicals: Canonicals | None) -> Mapping[str, Any] | None:
    base = value.get("baseDefinition")
    if canonicals is None or not isinstance(base, str):
        return None
    return canonicals.find(base, "StructureDefinition")


def _check_type_profiles(element: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    """Profiles of an element's types that are other FHIR types."""
    findings: list[Finding] = []
    for index, entry in objects(element, "type"):
        profiles = entry.get("profile")
        for number, url in enumerate(profiles if isinstance(profiles, list) else ()):
            if (other_type := _other_type(entry.get("code"), url, definitions)) is None:
                continue
            profile_findings = report(
                PROFILE_OF_OTHER_TYPE, f"{other_type} is not a profile of {entry['code']}"
            )
            findings += under(profile_findings, "type", index, "profile", number)
    return findings


def _other_type(code: object, url: object, definitions: Definitions) -> str | None:
    """The FHIR type that the URL names, if it is not `code`."""
    if not isinstance(code, str) or not isinstance(url, str) or code not in definitions:
        return None
    name = url.partition("|")[0].removeprefix(CORE_URL)
    is_type = name in definitions.data_types or name in definitions.resource_types
    if not is_type or name == code or code in definitions.abstract_types:
        return None
    return name
