"""What StructureDefinitions say of themselves: type, kind and derivation, beside their base's.

http://hl7.org/fhir/structuredefinition.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.packages.snapshots.elements import TYPES
from fhir_kb.validate.codes import DEFINITION_WARNING, NOT_OF_ITS_BASE, TYPE_OF_ITS_OWN
from fhir_kb.validate.core.issue import report, under
from fhir_kb.validate.core.json_values import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Canonicals, Definitions
    from fhir_kb.validate.core.issue import Finding


def check_type(
    value: Mapping[str, Any], definitions: Definitions, known: Canonicals | None
) -> list[Finding]:
    """What is wrong with the type's name."""
    name, url = text(value, "type"), text(value, "url")
    if not name or url == TYPES + name:
        return []
    if ":" in name:
        if value.get("kind") in (None, "logical"):
            return []
        message = f"the type {name} is not one of FHIR, so the kind is 'logical'"
        found = report(NOT_OF_ITS_BASE, message, None, "SD_TYPE_NOT_LOGICAL")
    elif _is_fhir_type(name, definitions, known):
        if value.get("derivation") == "constraint":
            return []
        found = report(
            TYPE_OF_ITS_OWN,
            f"{name} is a type of FHIR, and this definition makes a new type of that name",
            "a profile has the derivation 'constraint'",
        )
    else:
        found = report(
            NOT_OF_ITS_BASE,
            f"FHIR has no type {name}",
            f"a type of one's own is named by a URL, for example {url or 'https://…/' + name}",
            "SD_TYPE_NOT_LOCAL",
        )
    return under(found, "type")


def _is_fhir_type(name: str, definitions: Definitions, known: Canonicals | None) -> bool:
    if name in definitions:
        return True
    found = known.find(TYPES + name, "StructureDefinition") if known is not None else None
    return found is not None and found.get("type") == name


def check_knowledge_base(value: Mapping[str, Any], base: Mapping[str, Any]) -> list[Finding]:
    """What does not go with the base."""
    derivation, name = value.get("derivation"), text(value, "type")
    if derivation is None:
        message = "it has a base, but does not say what it makes of it"
        advice = "a profile has the derivation 'constraint'"
        return report(NOT_OF_ITS_BASE, message, advice, "SD_MUST_HAVE_DERIVATION")
    found = _kind(value, base)
    if derivation == "constraint" and name != base.get("type"):
        message = f"the type is {name or 'missing'}, and that of the base is {base.get('type')}"
        found += report(NOT_OF_ITS_BASE, message)
    elif derivation == "specialization" and name == base.get("type"):
        message = f"the new type has the same name as the type that it specialises: {name}"
        found += report(TYPE_OF_ITS_OWN, message, None, "SD_SPECIALIZED_TYPE_MATCHES")
    if base.get("experimental") is True and value.get("experimental") is not True:
        message = f"{value.get('baseDefinition')}, the base, is experimental, and this is not"
        found += report(DEFINITION_WARNING, message, None, "SD_BASE_EXPERIMENTAL")
    return found


def _kind(value: Mapping[str, Any], base: Mapping[str, Any]) -> list[Finding]:
    kind, other = value.get("kind"), base.get("kind")
    if kind == other or kind is None:
        return []
    found: list[Finding] = []
    message = f"the kind is '{kind}', and that of the base is '{other}'"
    if base.get("abstract") is not True:
        found += report(NOT_OF_ITS_BASE, message, None, "SD_CONSTRAINED_KIND_NO_MATCH")
    if value.get("derivation") == "constraint":
        message = f"a profile of the kind '{other}' is not of the kind '{kind}'"
        found += report(NOT_OF_ITS_BASE, message, None, "SD_DERIVATION_KIND_MISMATCH")
    return found
