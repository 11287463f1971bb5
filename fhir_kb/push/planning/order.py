"""In what order changes are sent, and which together.

What a resource refers to is there before it or comes with it; resources that refer to each other in
a circle come together; what depends on nothing of another chunk can be sent beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fhir_kb.servers.content import references, references_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import ChangeRequest, Ref


_BESIDE: Final = 200
"""Bytes of an entry beside its resource, about."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Changes that have to be made together: one, or a circle."""

    changes: tuple[ChangeRequest, ...]
    size: int


@dataclass(slots=True)
class Chunk:
    """What is sent together. needs: the numbers of the chunks that have to be done before."""

    number: int
    units: list[Unit] = field(default_factory=list)
    needs: set[int] = field(default_factory=set)

    @property
    def changes(self) -> list[ChangeRequest]:
        """All of its changes, what others refer to first."""
        return [change for unit in self.units for change in unit.changes]


def chunks(
    changes: Sequence[ChangeRequest],
    *,
    entries: int,
    bytes_: int,
    alone: bool = False,
    before: Mapping[str, Resource] | None = None,
) -> list[Chunk]:
    """The changes in chunks of at most so many entries and bytes; a circle is never parted.

    alone: nothing in a chunk may refer to something else in it (a batch: each entry for itself).
    before: what stands at the places of deletions; there, what refers goes before what it refers
    to. Deletions come after everything else.
    """
    writes = [change for change in changes if change.action != "delete"]
    deletions = [change for change in changes if change.action == "delete"]
    sizes, needs = {}, {}
    for change in changes:
        content = change.content
        sizes[change.ref] = _BESIDE + len(content)
        if change.action != "delete":
            needs[str(change.ref)] = list(references_in(content))
    gone = {str(change.ref): (before or {}).get(str(change.ref), {}) for change in deletions}
    gone_needs = {name: list(references(body)) for name, body in gone.items()}
    targets, sources = _targets(needs), _turned(_targets(gone_needs))
    limits = (entries, bytes_)
    made = _packed(_sorted(writes, targets, sizes), targets, limits, 0, alone=alone)
    first = len(made)
    made += _packed(_sorted(deletions, sources, sizes), sources, limits, first, alone=alone)
    for chunk in made[first:]:
        chunk.needs |= set(range(first))
    _depend(made[:first], targets)
    _depend(made[first:], sources)
    return made


def _targets(needs: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """What each refers to among them."""
    return {
        name: [one for one in dict.fromkeys(others) if one in needs and one != name]
        for name, others in needs.items()
    }


def _turned(targets: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    turned: dict[str, list[str]] = {name: [] for name in targets}
    for name, others in targets.items():
        for other in others:
            turned[other].append(name)
    return turned


def _sorted(
    changes: Sequence[ChangeRequest],
    targets: Mapping[str, Sequence[str]],
    sizes: Mapping[Ref, int],
) -> list[list[Unit]]:
    """Groups that have nothing to do with each other, each in the order of its needs."""
    by_name = {str(change.ref): change for change in changes}
    units: list[Unit] = []
    number: dict[str, int] = {}
    for circle in _circles(list(by_name), targets):
        for name in circle:
            number[name] = len(units)
        members = tuple(by_name[name] for name in sorted(circle))
        units.append(Unit(members, sum(sizes[one.ref] for one in members)))
    group = list(range(len(units)))

    def top(one: int) -> int:
        while group[one] != one:
            group[one] = group[group[one]]
            one = group[one]
        return one

    for name, others in targets.items():
        for other in others:
            group[top(number[name])] = top(number[other])
    groups: dict[int, list[Unit]] = {}
    for one, unit in enumerate(units):
        groups.setdefault(top(one), []).append(unit)
    return list(groups.values())


def _circles(names: Sequence[str], targets: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """The strongly connected parts, what is referred to first (Tarjan 1972, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    for root in names:
        if root in index:
            continue
        work: list[tuple[str, Iterator[str]]] = [(root, iter(targets[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            name, others = work[-1]
            for other in others:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(targets[other])))
                    break
                if other in on_stack:
                    low[name] = min(low[name], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    circle: list[str] = []
                    while not circle or circle[-1] != name:
                        circle.append(stack.pop())
                        on_stack.discard(circle[-1])
                    yield circle


def _packed(
    groups: Sequence[Sequence[Unit]],
    targets: Mapping[str, Sequence[str]],
    limits: tuple[int, int],
    first: int,
    *,
    alone: bool,
) -> list[Chunk]:
    made: list[Chunk] = []
    filled: dict[int, tuple[int, int]] = {}
    for layer in _layers(groups, targets) if alone else [groups]:
        current: Chunk | None = None
        for group in layer:
            count = sum(len(unit.changes) for unit in group)
            size = sum(unit.size for unit in group)
            if current is not None and (
                filled[current.number][0] >= limits[0] // 2
                or (count <= limits[0] and not _fits(filled[current.number], count, size, limits))
            ):
                current = None  # full enough; or a chunk of its own keeps the group together
            for unit in group:
                if current is None or not _fits(
                    filled[current.number], len(unit.changes), unit.size, limits
                ):
                    current = Chunk(first + len(made))
                    made.append(current)
                    filled[current.number] = (0, 0)
                current.units.append(unit)
                had, had_size = filled[current.number]
                filled[current.number] = (had + len(unit.changes), had_size + unit.size)
    return made


def _fits(filled: tuple[int, int], count: int, size: int, limits: tuple[int, int]) -> bool:
    """Whether more goes in; the first always does."""
    return not filled[0] or (filled[0] + count <= limits[0] and filled[1] + size <= limits[1])


def _layers(
    groups: Sequence[Sequence[Unit]], targets: Mapping[str, Sequence[str]]
) -> list[list[list[Unit]]]:
    """The same by depth: nothing in a layer refers to anything else in it, circles excepted."""
    layers: list[list[list[Unit]]] = []
    for group in groups:
        depth: dict[str, int] = {}
        for unit in group:
            names = [str(change.ref) for change in unit.changes]
            needed = [depth[one] for name in names for one in targets.get(name, ()) if one in depth]
            level = max(needed, default=-1) + 1
            depth.update(dict.fromkeys(names, level))
            while len(layers) <= level:
                layers.append([])
            layers[level].append([unit])
    return layers


def _depend(made: Sequence[Chunk], targets: Mapping[str, Sequence[str]]) -> None:
    where = {str(change.ref): chunk for chunk in made for change in chunk.changes}
    for name, others in targets.items():
        for other in others:
            if where[other] is not where[name]:
                where[name].needs.add(where[other].number)
