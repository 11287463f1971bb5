"""Type, kind and derivation of StructureDefinitions, and those of their bases.

http://hl7.org/fhir/structuredefinition.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.packages.snapshots.elements import CORE_URL
from fhir_kb.validate.core.issue import report, under
from fhir_kb.validate.core.json_values import text
from fhir_kb.validate.finding_codes import DEFINITION_WARNING, NOT_OF_ITS_BASE, TYPE_OF_ITS_OWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Canonicals, Definitions
    from fhir_kb.validate.core.issue import Finding


def check_type(
    value: Mapping[str, Any], definitions: Definitions, canonicals: Canonicals | None
) -> list[Finding]:
    """What is wrong with the type's name."""
    type_name, url = text(value, "type"), text(value, "url")
    if not type_name or url == CORE_URL + type_name:
        return []
    if ":" in type_name:
        if value.get("kind") in (None, "logical"):
            return []
        message = f"the type {type_name} is not one of FHIR, so the kind is 'logical'"
        findings = report(NOT_OF_ITS_BASE, message, None, "SD_TYPE_NOT_LOGICAL")
    elif _is_fhir_type(type_name, definitions, canonicals):
        if value.get("derivation") == "constraint":
            return []
        findings = report(
            TYPE_OF_ITS_OWN,
            f"{type_name} is a type of FHIR, and this definition makes a new type of that name",
            "a profile has the derivation 'constraint'",
        )
    else:
        findings = report(
            NOT_OF_ITS_BASE,
            f"FHIR has no type {type_name}",
            f"a type of one's own is named by a URL, for example {url or 'https://…/' + type_name}",
            "SD_TYPE_NOT_LOCAL",
        )
    return under(findings, "type")


def _is_fhir_type(name: str, definitions: Definitions, canonicals: Canonicals | None) -> bool:
    if name in definitions:
        return True
    structure = (
        canonicals.find(CORE_URL + name, "StructureDefinition") if canonicals is not None else None
    )
    return structure is not None and structure.get("type") == name


def check_against_base(value: Mapping[str, Any], base: Mapping[str, Any]) -> list[Finding]:
    """What contradicts the base."""
    derivation, type_name = value.get("derivation"), text(value, "type")
    if derivation is None:
        message = "it has a baseDefinition, but no derivation"
        advice = "a profile has the derivation 'constraint'"
        return report(NOT_OF_ITS_BASE, message, advice, "SD_MUST_HAVE_DERIVATION")
    findings = _check_kind(value, base)
    if derivation == "constraint" and type_name != base.get("type"):
        message = (
            f"the type is {type_name or 'missing'}, and that of the base is {base.get('type')}"
        )
        findings += report(NOT_OF_ITS_BASE, message)
    elif derivation == "specialization" and type_name == base.get("type"):
        message = f"the new type has the same name as the type that it specialises: {type_name}"
        findings += report(TYPE_OF_ITS_OWN, message, None, "SD_SPECIALIZED_TYPE_MATCHES")
    if base.get("experimental") is True and value.get("experimental") is not True:
        message = f"{value.get('baseDefinition')}, the base, is experimental, and this is not"
        findings += report(DEFINITION_WARNING, message, None, "SD_BASE_EXPERIMENTAL")
    return findings


def _check_kind(value: Mapping[str, Any], base: Mapping[str, Any]) -> list[Finding]:
    kind, base_kind = value.get("kind"), base.get("kind")
    if kind == base_kind or kind is None:
        return []
    findings: list[Finding] = []
    message = f"the kind is '{kind}', and that of the base is '{base_kind}'"
    if base.get("abstract") is not True:
        findings += report(NOT_OF_ITS_BASE, message, None, "SD_CONSTRAINED_KIND_NO_MATCH")
    if value.get("derivation") == "constraint":
        message = f"a profile of the kind '{base_kind}' is not of the kind '{kind}'"
        findings += report(NOT_OF_ITS_BASE, message, None, "SD_DERIVATION_KIND_MISMATCH")
    return findings
