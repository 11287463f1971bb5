"""What a StructureDefinition says of its type: http://hl7.org/fhir/structuredefinition.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.packages.snapshots.elements import TYPES
from fhir_kb.validate.codes import (
    NOT_IN_A_PROFILE,
    PROFILE_OF_OTHER_TYPE,
)
from fhir_kb.validate.core.issue import Finding, report, under
from fhir_kb.validate.core.json_values import objects
from fhir_kb.validate.resources.structure_definitions.bases import check_knowledge_base, check_type
from fhir_kb.validate.resources.structure_definitions.elements import Elements
from fhir_kb.validate.resources.structure_definitions.extensions import (
    check_contexts,
    check_invariants,
    check_url,
)
from fhir_kb.validate.resources.structure_definitions.profiles import check_profile
from fhir_kb.validate.resources.structure_definitions.slicing import without_slicing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Canonicals, Definitions
    from fhir_kb.validate.core.context import Checker, Context
    from fhir_kb.validate.core.issue import Findings


def structure_rule(definitions: Definitions) -> Checker:
    """A check of StructureDefinitions against the types of a release."""

    def check(value: Mapping[str, Any], context: Context) -> Findings:
        known = context.canonicals
        found = check_type(value, definitions, known)
        found += check_contexts(value, definitions)
        base = _base(value, known)
        for index, element in objects(value.get("differential"), "element"):
            bad = _types(element, definitions)
            if value.get("derivation") == "constraint" and "meaningWhenMissing" in element:
                bad += report(
                    NOT_IN_A_PROFILE,
                    "a profile cannot say what is meant where an element is missing",
                    "leave out 'meaningWhenMissing': only the type's own definition has it",
                )
            found += under(bad, "differential", "element", index)
        if base is not None and known is not None:
            found += check_knowledge_base(value, base)
            found += check_profile(value, base, known, definitions)
            found += Elements(value, base, definitions, known).check()
            if value.get("derivation") == "constraint":
                found += without_slicing(value, base)
            found += check_url(value) + check_invariants(value, definitions)
        return found or None

    return check


def _base(value: Mapping[str, Any], known: Canonicals | None) -> Mapping[str, Any] | None:
    base = value.get("baseDefinition")
    if known is None or not isinstance(base, str):
        return None
    return known.find(base, "StructureDefinition")


def _types(element: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    """Profiles that an element's types name, where they are types of FHIR."""
    found: list[Finding] = []
    for index, one in objects(element, "type"):
        profiles = one.get("profile")
        for number, url in enumerate(profiles if isinstance(profiles, list) else ()):
            if (wrong := _other_type(one.get("code"), url, definitions)) is None:
                continue
            bad = report(PROFILE_OF_OTHER_TYPE, f"{wrong} is no profile of {one['code']}")
            found += under(bad, "type", index, "profile", number)
    return found


def _other_type(code: object, url: object, definitions: Definitions) -> str | None:
    """The type that the url names, where it is another one than `code`."""
    if not isinstance(code, str) or not isinstance(url, str) or code not in definitions:
        return None
    name = url.partition("|")[0].removeprefix(TYPES)
    known = name in definitions.data_types or name in definitions.resource_types
    if not known or name == code or code in definitions.abstract_types:
        return None
    return name
