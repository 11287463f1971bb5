"""In what order changes are sent, and which of them in one request.

What a resource refers to is sent before it or with it; resources that refer to each other in a
cycle are sent together; chunks that do not depend on each other can be sent at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from fhir_kb.push.planning.reference_graph import (
    connected_components,
    inner_references,
    reversed_references,
    strongly_connected_components,
)
from fhir_kb.servers.references import references, references_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import ChangeRequest, Ref


_ENTRY_OVERHEAD: Final = 200
"""Bytes of a bundle entry beside its resource, about."""


class _Limits(NamedTuple):
    """What one chunk may have at most."""

    entries: int
    size: int
    """In bytes."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Changes that have to be made together: one, or a cycle of references."""

    changes: tuple[ChangeRequest, ...]
    size: int
    """In bytes."""


@dataclass(slots=True)
class Chunk:
    """What is sent in one request."""

    number: int
    units: list[Unit] = field(default_factory=list)
    depends_on: set[int] = field(default_factory=set)
    """The numbers of the chunks that have to be done before."""
    entries: int = 0
    size: int = 0
    """In bytes."""

    @property
    def changes(self) -> list[ChangeRequest]:
        """All of its changes, what others refer to first."""
        return [change for unit in self.units for change in unit.changes]

    def add(self, unit: Unit) -> None:
        """Put a unit into it."""
        self.units.append(unit)
        self.entries += len(unit.changes)
        self.size += unit.size

    def has_room(self, entries: int, size: int, limits: _Limits) -> bool:
        """Whether more fits in; the first unit always does."""
        fits = self.entries + entries <= limits.entries and self.size + size <= limits.size
        return fits or not self.entries


def chunks(
    changes: Sequence[ChangeRequest],
    *,
    max_entries: int,
    max_bytes: int,
    independent_entries: bool = False,
    before: Mapping[str, Resource] | None = None,
    release: str,
) -> list[Chunk]:
    """The changes in chunks; a cycle is never split, deletions come last.

    Args:
        changes: What is to be sent.
        max_entries: Of one chunk; half as many are enough.
        max_bytes: Of one chunk.
        independent_entries: Whether nothing in a chunk may refer to something else in it: in a
            batch each entry is done for itself.
        before: What the server holds where something is deleted: a resource is deleted before
            what it refers to.
        release: The FHIR release by name, whose definitions say what refers to something.
    """
    writes = [change for change in changes if change.action != "delete"]
    deletions = [change for change in changes if change.action == "delete"]
    sizes, written = {}, {}
    for change in changes:
        content = change.content
        sizes[change.ref] = _ENTRY_OVERHEAD + len(content)
        if change.action != "delete":
            written[str(change.ref)] = list(references_in(content, release))
    deleted = {
        name: list(references((before or {}).get(name, {}), release))
        for name in (str(change.ref) for change in deletions)
    }
    targets = inner_references(written)
    sources = reversed_references(inner_references(deleted))
    limits = _Limits(max_entries, max_bytes)
    packed: list[Chunk] = []
    for part, graph in ((writes, targets), (deletions, sources)):
        groups = _groups(part, graph, sizes)
        layers = _layers(groups, graph) if independent_entries else [groups]
        first = len(packed)
        for layer in layers:
            packed += _packed(layer, limits, len(packed))
        for chunk in packed[first:]:
            chunk.depends_on |= set(range(first))
        _add_dependencies(packed[first:], graph)
    return packed


def _groups(
    changes: Sequence[ChangeRequest],
    graph: Mapping[str, Sequence[str]],
    sizes: Mapping[Ref, int],
) -> list[list[Unit]]:
    """Groups without references from one to another, each in the order in which it is sent."""
    by_name = {str(change.ref): change for change in changes}
    units: list[Unit] = []
    unit_of: dict[str, int] = {}
    for component in strongly_connected_components(list(by_name), graph):
        unit_of.update(dict.fromkeys(component, len(units)))
        members = tuple(by_name[name] for name in sorted(component))
        units.append(Unit(members, sum(sizes[change.ref] for change in members)))
    groups = connected_components(unit_of, graph, len(units))
    return [[units[number] for number in group] for group in groups]


def _layers(
    groups: Sequence[Sequence[Unit]], graph: Mapping[str, Sequence[str]]
) -> list[list[list[Unit]]]:
    """The units by depth: nothing in a layer refers to anything else in it, cycles excepted."""
    layers: list[list[list[Unit]]] = []
    for group in groups:
        depth_of: dict[str, int] = {}
        for unit in group:
            names = [str(change.ref) for change in unit.changes]
            targets = (target for name in names for target in graph.get(name, ()))
            depth = max((depth_of[name] for name in targets if name in depth_of), default=-1) + 1
            depth_of.update(dict.fromkeys(names, depth))
            while len(layers) <= depth:
                layers.append([])
            layers[depth].append([unit])
    return layers


def _packed(groups: Sequence[Sequence[Unit]], limits: _Limits, first: int) -> list[Chunk]:
    """The groups in chunks, numbered from `first`; a group stays together where it can."""
    packed: list[Chunk] = []
    current: Chunk | None = None
    for group in groups:
        entries = sum(len(unit.changes) for unit in group)
        size = sum(unit.size for unit in group)
        if current is not None and (
            current.entries >= limits.entries // 2
            or (entries <= limits.entries and not current.has_room(entries, size, limits))
        ):
            current = None  # full enough; or a chunk of its own keeps the group together
        for unit in group:
            if current is None or not current.has_room(len(unit.changes), unit.size, limits):
                current = Chunk(first + len(packed))
                packed.append(current)
            current.add(unit)
    return packed


def _add_dependencies(packed: Sequence[Chunk], graph: Mapping[str, Sequence[str]]) -> None:
    chunk_of = {str(change.ref): chunk for chunk in packed for change in chunk.changes}
    for name, targets in graph.items():
        for target in targets:
            if chunk_of[target] is not chunk_of[name]:
                chunk_of[name].depends_on.add(chunk_of[target].number)
