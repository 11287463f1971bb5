"""Reading the JSON of an ElementDefinition, which may be malformed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

ElementJson: TypeAlias = "dict[str, Any]"
"""The JSON of an ElementDefinition, or of a part of it."""

#: The base of the urls of FHIR's own StructureDefinitions.
CORE_URL: Final = "http://hl7.org/fhir/StructureDefinition/"
#: The names of the properties with a value of any type, without the type's name.
VALUE_PROPERTIES: Final = ("fixed", "pattern", "minValue", "maxValue", "defaultValue")

_UNLIMITED: Final = float("inf")
_IMPOSES: Final = f"{CORE_URL}structuredefinition-imposeProfile"


def types_of(element: ElementJson) -> list[ElementJson]:
    """The element's types that have a code."""
    types = element.get("type")
    return [
        type_
        for type_ in (types if isinstance(types, list) else ())
        if isinstance(type_, dict) and isinstance(type_.get("code"), str)
    ]


def codes_of(element: ElementJson) -> list[str]:
    """The codes of the element's types."""
    return [str(type_["code"]) for type_ in types_of(element)]


def profiles_of(type_: Mapping[str, Any], name: str = "profile") -> list[str]:
    """The profiles (or, by name, targetProfiles) of one of the element's types."""
    profiles = type_.get(name)
    if not isinstance(profiles, list):
        return []
    return [profile for profile in profiles if isinstance(profile, str)]


def imposed_profiles(structure: Mapping[str, Any]) -> list[str]:
    """The profiles that apply besides a profile, as if it were derived from them, too.

    http://hl7.org/fhir/extensions/StructureDefinition-structuredefinition-imposeProfile.html
    """
    extensions = structure.get("extension")
    return [
        str(extension["valueCanonical"])
        for extension in (extensions if isinstance(extensions, list) else ())
        if isinstance(extension, dict)
        and extension.get("url") == _IMPOSES
        and "valueCanonical" in extension
    ]


def min_of(element: ElementJson) -> int:
    """The element's min; 0 where it has none."""
    value = element.get("min", 0)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def max_of(element: ElementJson) -> float:
    """The element's max; infinite for "*", and where it has no number."""
    value = element.get("max")
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return _UNLIMITED


def capitalized(code: str) -> str:
    """A type's code as it ends the name of a choice: "Quantity" in valueQuantity."""
    return code[:1].upper() + code[1:]


def value_properties(
    element: ElementJson, prefixes: tuple[str, ...] = VALUE_PROPERTIES
) -> list[str]:
    """The names of the element's properties with a value of any type, such as fixedCode."""
    return [
        name
        for name in element
        for prefix in prefixes
        if name.startswith(prefix) and name[len(prefix) :]
    ]
