"""What an ElementDefinition says, read without trusting its form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Element: TypeAlias = "dict[str, Any]"

#: Where FHIR's own types are defined.
TYPES: Final = "http://hl7.org/fhir/StructureDefinition/"
#: What stands before the type's name in the properties that hold a value of any type.
VALUED: Final = ("fixed", "pattern", "minValue", "maxValue", "defaultValue")


def types_of(element: Element) -> list[Element]:
    """The element's types, those that name one."""
    types = element.get("type")
    return [
        one
        for one in (types if isinstance(types, list) else ())
        if isinstance(one, dict) and isinstance(one.get("code"), str)
    ]


def codes_of(element: Element) -> list[str]:
    """The codes of the element's types."""
    return [str(one["code"]) for one in types_of(element)]


def profiles_of(reference: Mapping[str, Any], name: str = "profile") -> list[str]:
    """The profiles (or, by name, targetProfiles) that a type names."""
    given = reference.get(name)
    return [one for one in given if isinstance(one, str)] if isinstance(given, list) else []


def imposed_profiles(structure: Mapping[str, Any]) -> list[str]:
    """The profiles that hold besides one, as if it were derived from them.

    http://hl7.org/fhir/extensions/StructureDefinition-structuredefinition-imposeProfile.html
    """
    listed = structure.get("extension")
    return [
        str(one["valueCanonical"])
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict) and one.get("url") == _IMPOSES and "valueCanonical" in one
    ]


def least(element: Element) -> int:
    """The element's min."""
    given = element.get("min", 0)
    return given if isinstance(given, int) and not isinstance(given, bool) else 0


def most(element: Element) -> float:
    """The element's max; inf for * and for what is not a number."""
    given = element.get("max")
    return int(given) if isinstance(given, str) and given.isascii() and given.isdigit() else _MANY


def capital(code: str) -> str:
    """The code as it stands at the end of a choice's name."""
    return code[:1].upper() + code[1:]


def valued(element: Element, kinds: tuple[str, ...] = VALUED) -> list[str]:
    """The names of the element's properties that hold a value of any type: fixedCode, …"""
    return [
        name for name in element for kind in kinds if name.startswith(kind) and name[len(kind) :]
    ]


_MANY: Final = float("inf")
_IMPOSES: Final = f"{TYPES}structuredefinition-imposeProfile"
