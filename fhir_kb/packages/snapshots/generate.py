"""A profile's snapshot: the elements of its base, changed by its differential.

http://hl7.org/fhir/profiling.html#snapshot. Base and differential are trees, so elements are found
by their names. The elements of types and profiles are added where the differential changes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.packages.snapshots.builder import SnapshotBuilder
from fhir_kb.packages.snapshots.differential import DifferentialNode, read_differential
from fhir_kb.packages.snapshots.errors import SnapshotError
from fhir_kb.packages.snapshots.lookup import StructureLookup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages.canonicals import Canonicals
    from fhir_kb.packages.snapshots.contradictions import Contradiction
    from fhir_kb.packages.snapshots.tree import SnapshotNode


def snapshot(
    structure_definition: Mapping[str, Any],
    canonicals: Canonicals,
    *,
    strict: bool = False,
    lenient: bool = False,
) -> dict[str, Any]:
    """The StructureDefinition with a snapshot; the argument is not changed.

    Args:
        structure_definition: The definition; its elements are shared with the result.
        canonicals: Where its base and the types and profiles of its elements are found; those
            without a snapshot get one too. Their elements are shared: don't change them.
        strict: Whether profiles of types have to be available; otherwise the missing ones are
            ignored.
        lenient: Whether elements that the base does not have, and values of a type that the
            element does not have, are ignored, as by HL7's validator.

    Raises:
        SnapshotError: A definition is not available, the differential contradicts the base, or
            bases form a circle.
    """
    structures = StructureLookup(canonicals, _snapshot, strict=strict, lenient=lenient)
    return _guarded(structure_definition, structures)


def contradictions(
    structure_definition: Mapping[str, Any], canonicals: Canonicals
) -> list[Contradiction]:
    """Where the differential allows what the base does not; in the order of the base's elements.

    SnapshotError: no snapshot can be made.
    """
    contradicting: list[Contradiction] = []
    _guarded(structure_definition, StructureLookup(canonicals, _snapshot), contradicting)
    return contradicting


def _guarded(
    definition: Mapping[str, Any],
    structures: StructureLookup,
    contradicting: list[Contradiction] | None = None,
) -> dict[str, Any]:
    try:
        return _snapshot(definition, structures, contradicting)
    except RecursionError:
        raise SnapshotError("profiles nest too deeply", "", "split them") from None


def _snapshot(
    definition: Mapping[str, Any],
    structures: StructureLookup,
    contradicting: list[Contradiction] | None = None,
) -> dict[str, Any]:
    url = str(definition.get("url", ""))
    structures.enter(definition)
    try:
        differential = read_differential(definition)
        base = definition.get("baseDefinition")
        if not isinstance(base, str):
            raise SnapshotError("it has no baseDefinition", "", "name what it is a profile of")
        root = _root(definition, structures.tree(base).copy(), differential)
        if differential is not None:
            is_specialization = definition.get("derivation") == "specialization"
            builder = SnapshotBuilder(root, structures, url, is_specialization=is_specialization)
            builder.apply(root, differential)
            if contradicting is not None:
                contradicting += builder.contradictions
        return {**definition, "snapshot": {"element": list(root.elements())}}
    finally:
        structures.leave()


def _root(
    definition: Mapping[str, Any], root: SnapshotNode, differential: DifferentialNode | None
) -> SnapshotNode:
    """The base's tree; that of a new type gets the type's own name."""
    if differential is None or differential.name == root.name:
        return root
    if definition.get("derivation") != "specialization":
        raise SnapshotError(
            f"it is not an element of {root.name}",
            differential.name,
            f"begin its path with {root.name}",
            certain=True,
        )
    root.name = differential.name
    return root
