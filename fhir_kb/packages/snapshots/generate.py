"""A profile's snapshot: its base's elements with what its differential says on top.

http://hl7.org/fhir/profiling.html#snapshot. Base and differential are trees, so elements are found
by their names, and what types and profiles say is joined to them where the differential goes there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.packages.snapshots.builder import Making
from fhir_kb.packages.snapshots.differential import Change, read_differential
from fhir_kb.packages.snapshots.errors import SnapshotError
from fhir_kb.packages.snapshots.lookup import Sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages.canonicals import Canonicals
    from fhir_kb.packages.snapshots.contradictions import Contradiction
    from fhir_kb.packages.snapshots.tree import Node


def snapshot(
    structure_definition: Mapping[str, Any],
    find: Canonicals,
    *,
    strict: bool = False,
    forgiving: bool = False,
) -> dict[str, Any]:
    """The StructureDefinition with a snapshot; the argument is not changed.

    find: where its base and the types and profiles of its elements are looked up; those without a
    snapshot get one too. strict: profiles of types must be known, too; otherwise those that are
    not add nothing. forgiving: elements that the base does not have, and values of a type that the
    element has not, are passed over, as HL7's validator does. The elements are shared with the
    definitions found: don't change them.
    SnapshotError: something is not known, contradicts the base, or bases lead in a circle.
    """
    try:
        return _made(structure_definition, Sources(find, _made, strict=strict, forgiving=forgiving))
    except RecursionError:
        raise SnapshotError("profiles go too deep into each other", "", "split them") from None


def contradictions(
    structure_definition: Mapping[str, Any], find: Canonicals
) -> list[Contradiction]:
    """Where the differential allows what the base does not; in the order of the base's elements.

    SnapshotError: it is such that no snapshot can be made.
    """
    noted: list[Contradiction] = []
    try:
        _made(structure_definition, Sources(find, _made), noted)
    except RecursionError:
        raise SnapshotError("profiles go too deep into each other", "", "split them") from None
    return noted


def _made(
    definition: Mapping[str, Any], sources: Sources, noted: list[Contradiction] | None = None
) -> dict[str, Any]:
    url = str(definition.get("url", ""))
    sources.enter(definition)
    try:
        changes = read_differential(definition)
        base = definition.get("baseDefinition")
        if not isinstance(base, str):
            raise SnapshotError("it has no baseDefinition", "", "name what it is a profile of")
        root = _root(definition, sources.definition(base)[1].copy(), changes)
        if changes is not None:
            special = definition.get("derivation") == "specialization"
            making = Making(root, sources, url, special=special)
            making.apply(root, changes)
            if noted is not None:
                noted += making.noted
        return {**definition, "snapshot": {"element": list(root.listed())}}
    finally:
        sources.leave()


def _root(definition: Mapping[str, Any], root: Node, changes: Change | None) -> Node:
    """The base's tree; a new type's begins with its own name."""
    if changes is None or changes.name == root.name:
        return root
    if definition.get("derivation") != "specialization":
        advice = f"begin its path with {root.name}"
        raise SnapshotError(
            f"it is not an element of {root.name}", changes.name, advice, certain=True
        )
    root.name = changes.name
    return root
