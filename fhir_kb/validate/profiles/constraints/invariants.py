"""The invariants that a profile adds to those of the type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fhir_kb.fhirpath.types.schema import FhirType
    from fhir_kb.packages import Definitions
    from fhir_kb.validate.profiles.repository import ProfileRepository
    from fhir_kb.validate.profiles.tree import ProfileNode


def own_invariants(
    repository: ProfileRepository, node: ProfileNode, type_: FhirType
) -> list[Mapping[str, Any]]:
    """ElementDefinition.constraint without those of the type itself, which are checked anyway."""
    key = ("own invariants", type_.path)
    invariants: list[Mapping[str, Any]] | None = node.cache.get(key)
    if invariants is None:
        invariants = node.cache[key] = list(_own_invariants(repository, node, type_))
    return invariants


def _own_invariants(
    repository: ProfileRepository, node: ProfileNode, type_: FhirType
) -> Iterator[Mapping[str, Any]]:
    listed = node.definition.get("constraint")
    if not isinstance(listed, list) or not listed:
        return
    type_keys = _type_keys(repository.definitions, node, type_)
    for invariant in listed:
        if not isinstance(invariant, dict):
            continue
        source = invariant.get("source")
        is_core = isinstance(source, str) and repository.is_core_type(source)
        is_of_type = isinstance(key := invariant.get("key"), str) and key in type_keys
        if not is_core and not is_of_type and isinstance(invariant.get("expression"), str):
            yield invariant


def _type_keys(definitions: Definitions, node: ProfileNode, type_: FhirType) -> set[str]:
    """The keys of the invariants of the value's type and of the element in the type."""
    name = type_.path.partition(".")[0]
    keys = {"ele-1", "ext-1"}
    if name in definitions:
        keys |= {invariant.key for invariant in definitions.invariants(name)}
    path = str(node.definition.get("path", "")).removesuffix("[x]")
    if path.partition(".")[0] in definitions and (own := definitions.element(path)) is not None:
        keys |= {invariant.key for invariant in own.invariants}
    return keys
