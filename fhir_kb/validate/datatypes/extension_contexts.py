"""Where an extension may be used: http://hl7.org/fhir/defining-extensions.html#context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.validate.core.json_values import objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Definitions

VERSION_SPECIFIC_USE: Final = "http://hl7.org/fhir/StructureDefinition/version-specific-use"
"""The extension that limits a definition, or one of its contexts, to some releases."""
INTERFACES: Final = frozenset({"CanonicalResource", "MetadataResource"})
"""What contexts name although it is no type of FHIR before R5."""
_REGEX: Final = "http://hl7.org/fhir/StructureDefinition/regex"
_ELEMENT_DEFINITION_TYPE: Final = {"type": "element", "expression": "ElementDefinition.type"}


def contexts(extension: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """StructureDefinition.context of an extension's definition."""
    listed: list[Mapping[str, Any]] = [context for _, context in objects(extension, "context")]
    # FHIR's own types have it there, which its definition forgets.
    return [*listed, _ELEMENT_DEFINITION_TYPE] if extension.get("url") == _REGEX else listed


def interfaces(definitions: Definitions, type_name: str) -> frozenset[str]:
    """CanonicalResource and MetadataResource, if a resource type implements them."""
    if type_name not in definitions.resource_types:
        return frozenset()
    is_canonical = "url" in definitions.properties(type_name) or type_name == "NamingSystem"
    return INTERFACES if is_canonical else frozenset()


def is_for_release(definition: Mapping[str, Any], fhir_version: str) -> bool:
    """Whether a definition, or one of its contexts, is for a release."""
    release = _major_minor(fhir_version)
    for _, extension in objects(definition, "extension"):
        if extension.get("url") != VERSION_SPECIFIC_USE:
            continue
        limits = {
            str(part.get("url")): str(part.get("valueCode"))
            for _, part in objects(extension, "extension")
        }
        start, end = limits.get("startFhirVersion", ""), limits.get("endFhirVersion", "")
        if (start and release < _major_minor(start)) or (end and release > _major_minor(end)):
            return False
    return True


def _major_minor(version: str) -> tuple[int, ...]:
    """The version without its patch: that is what tells releases apart."""
    parts = version.split(".")[:2]
    return tuple(int(part) if part.isdecimal() else 0 for part in (*parts, "0")[:2])
