"""What a StructureDefinition says of its type: http://hl7.org/fhir/structuredefinition.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.fhir.issue import Context, Finding, below, fail, within
from fhir_kb.validate.fhir.kinds_conformance import (
    NOT_IN_A_PROFILE,
    PROFILE_OF_OTHER_TYPE,
    TYPE_OF_ITS_OWN,
)
from fhir_kb.validate.fhir.profile_definitions import check_profile
from fhir_kb.validate.fhir.walking import objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Definitions
    from fhir_kb.validate.fhir.issue import Checker, Findings

_FHIR: Final = "http://hl7.org/fhir/StructureDefinition/"


def structure_rule(definitions: Definitions) -> Checker:
    """A check of StructureDefinitions against the types of a release."""

    def check(value: Mapping[str, Any], context: Context) -> Findings:
        found = _specialised(value, definitions) + check_profile(value, context)
        for index, element in objects(value.get("differential"), "element"):
            bad = _types(element, definitions)
            if value.get("derivation") == "constraint" and "meaningWhenMissing" in element:
                bad += fail(
                    NOT_IN_A_PROFILE,
                    "a profile cannot say what is meant where an element is missing",
                    "leave out 'meaningWhenMissing': only the type's own definition has it",
                )
            found += within(bad, "differential", "element", index)
        return found or None

    return check


def _specialised(value: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    """A new type has a name of its own."""
    name, base = value.get("type"), value.get("baseDefinition")
    if value.get("derivation") != "specialization" or not isinstance(name, str):
        return []
    if name not in definitions or value.get("url") == _FHIR + name:
        return []
    found = fail(
        TYPE_OF_ITS_OWN,
        f"{name} is a type of FHIR, and this definition makes a new type of that name",
        "a profile has the derivation 'constraint'",
    )
    below(found, "type")
    if base == _FHIR + name:
        found += fail(
            TYPE_OF_ITS_OWN,
            f"the new type has the same name as the type that it specialises: {name}",
            message_id="SD_SPECIALIZED_TYPE_MATCHES",
        )
    return found


def _types(element: Mapping[str, Any], definitions: Definitions) -> list[Finding]:
    """Profiles that an element's types name, where they are types of FHIR."""
    found: list[Finding] = []
    for index, one in objects(element, "type"):
        profiles = one.get("profile")
        for number, url in enumerate(profiles if isinstance(profiles, list) else ()):
            if (wrong := _other_type(one.get("code"), url, definitions)) is None:
                continue
            bad = fail(PROFILE_OF_OTHER_TYPE, f"{wrong} is no profile of {one['code']}")
            found += within(bad, "type", index, "profile", number)
    return found


def _other_type(code: object, url: object, definitions: Definitions) -> str | None:
    """The type that the url names, where it is another one than `code`."""
    if not isinstance(code, str) or not isinstance(url, str) or code not in definitions:
        return None
    name = url.partition("|")[0].removeprefix(_FHIR)
    known = name in definitions.data_types or name in definitions.resource_types
    if not known or name == code or code in definitions.abstract_types:
        return None
    return name
