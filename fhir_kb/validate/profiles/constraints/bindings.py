"""The bindings of an element that are not those of the type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhir_kb.fhirpath.types.schema import FhirType
    from fhir_kb.packages import Definitions
    from fhir_kb.validate.profiles.tree import ProfileNode

_MAX_VALUE_SET: Final = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
_OWN_BINDINGS: Final = ("own bindings", "")
_CODED_TYPES: Final = frozenset(
    {"code", "string", "uri", "Coding", "CodeableConcept", "CodeableReference", "Quantity"}
)


def own_bindings(
    definitions: Definitions, node: ProfileNode, type_: FhirType
) -> list[tuple[str, bool]]:
    """The value sets that the profile adds for values of a type, and whether they are required."""
    if not isinstance(node.definition.get("binding"), dict) or _CODED_TYPES.isdisjoint(type_.names):
        return []
    own: list[tuple[str, bool]] | None = node.cache.get(_OWN_BINDINGS)
    if own is None:
        own = node.cache[_OWN_BINDINGS] = [
            (url, is_required)
            for url, is_required in _bindings(node.definition["binding"])
            if not _is_of_type(definitions, node, url, is_required=is_required)
        ]
    return own


def required_value_sets(node: ProfileNode) -> list[str]:
    """The value sets that a code has to be in."""
    binding = node.definition.get("binding")
    if not isinstance(binding, dict):
        return []
    return [url for url, is_required in _bindings(binding) if is_required]


def lacks_code(type_: FhirType, coded: dict[str, Any]) -> bool:
    """Whether a value has no code to check and needs none."""
    if "CodeableReference" in type_.names:
        return "concept" not in coded
    return "Quantity" in type_.names and "code" not in coded


def _bindings(binding: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """Value sets, and whether a code has to be in them."""
    strength, value_set = binding.get("strength"), binding.get("valueSet")
    if isinstance(value_set, str) and strength in ("required", "extensible"):
        yield value_set, strength == "required"
    for extension in _listed(binding, "extension"):
        if isinstance(extension, dict) and extension.get("url") == _MAX_VALUE_SET:
            url = extension.get("valueCanonical") or extension.get("valueUri")
            if isinstance(url, str):
                yield url, True
    for additional in _listed(binding, "additional"):
        if not isinstance(additional, dict) or additional.get("usage"):
            continue
        is_required = additional.get("purpose") in ("required", "maximum")
        if is_required and isinstance(url := additional.get("valueSet"), str):
            yield url, True


def _listed(binding: dict[str, Any], name: str) -> list[Any]:
    listed = binding.get(name)
    return listed if isinstance(listed, list) else []


def _is_of_type(
    definitions: Definitions, node: ProfileNode, value_set: str, *, is_required: bool
) -> bool:
    """Whether the type itself has the binding, which is checked anyway."""
    path = str(node.definition.get("path", "")).removesuffix("[x]")
    element = definitions.element(path) if path.partition(".")[0] in definitions else None
    if element is None or element.binding is None:
        return False
    url, own = value_set.partition("|")[0], element.binding
    if own.max_value_set.partition("|")[0] == url:
        return True
    strengths = ("required",) if is_required else ("required", "extensible")
    return own.value_set.partition("|")[0] == url and own.strength in strengths
