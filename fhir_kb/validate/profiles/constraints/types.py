"""Types, profiles of types, content references and cardinalities of an element."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.packages.snapshots.elements import profiles_of

if TYPE_CHECKING:
    from fhir_kb.fhirpath.types.schema import FhirType
    from fhir_kb.packages import Definitions
    from fhir_kb.validate.profiles.repository import ProfileRepository
    from fhir_kb.validate.profiles.tree import ProfileNode


def type_cardinality(
    definitions: Definitions, node: ProfileNode, parent: FhirType
) -> tuple[int, int | None]:
    """Minimum and maximum of the element by the type itself; None for "*"."""
    key = ("cardinality", parent.path)
    cardinality: tuple[int, int | None] | None = node.cache.get(key)
    if cardinality is None:
        cardinality = node.cache[key] = _type_cardinality(definitions, node.name, parent)
    return cardinality


def _type_cardinality(
    definitions: Definitions, name: str, parent: FhirType
) -> tuple[int, int | None]:
    if parent.is_open or (parent.path.partition(".")[0] not in definitions):
        return 0, None
    for slot in definitions.properties(parent.path).values():
        if slot.element is not None and slot.element.name == name:
            return slot.element.min, slot.element.max
    return 0, None


def content_node(node: ProfileNode) -> ProfileNode:
    """The element whose content this one repeats (contentReference), or itself."""
    reference = node.definition.get("contentReference")
    if not isinstance(reference, str) or node.children:
        return node
    return node.tree.node_at(reference.rpartition("#")[2]) or node


def type_profiles(repository: ProfileRepository, node: ProfileNode, type_: FhirType) -> list[str]:
    """The profiles of which a value of the type has to conform to one; none: any value may."""
    key = ("profiles", type_.path)
    urls: list[str] | None = node.cache.get(key)
    if urls is None:
        urls = node.cache[key] = _type_profiles(repository, node, type_)
    return urls


def _type_profiles(repository: ProfileRepository, node: ProfileNode, type_: FhirType) -> list[str]:
    listed = [
        profiles_of(entry) for entry in node.types if allows_type(str(entry.get("code")), type_)
    ]
    if not all(listed):
        return []
    urls = [repository.canonical_in(node.tree, url) for profiles in listed for url in profiles]
    # The value is checked against its FHIR type anyway.
    return [
        url
        for url in urls
        if not (repository.is_core_type(url) and repository.type_of(url) in type_.names)
    ]


def allows_type(code: str, type_: FhirType) -> bool:
    """Whether a type code of a definition allows values of a type.

    Data types have to be equal (a code is no string here); a resource may be of a subtype.
    """
    name = code.rpartition("/")[2]
    if name in (type_.name, type_.path) or name in ("Element", "BackboneElement", "*"):
        return True
    is_polymorphic = type_.is_resource or name in type_.schema.model.abstract_types
    return name in type_.names and is_polymorphic
