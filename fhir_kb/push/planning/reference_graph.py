"""Graphs of references: by name, the names that each node refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def inner_references(references: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The references that stay within the graph, each once, none to itself."""
    return {
        name: [
            target for target in dict.fromkeys(targets) if target in references and target != name
        ]
        for name, targets in references.items()
    }


def reversed_references(references: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """By name, the names that refer to it."""
    sources: dict[str, list[str]] = {name: [] for name in references}
    for name, targets in references.items():
        for target in targets:
            sources[target].append(name)
    return sources


def connected_components(
    component_of: Mapping[str, int], references: Mapping[str, Sequence[str]], count: int
) -> list[list[int]]:
    """Groups of `count` numbered parts that have no reference from one group to another.

    component_of: The number of the part to which a name belongs.
    """
    parents = list(range(count))

    def root(number: int) -> int:
        while parents[number] != number:
            parents[number] = parents[parents[number]]
            number = parents[number]
        return number

    for name, targets in references.items():
        for target in targets:
            parents[root(component_of[name])] = root(component_of[target])
    groups: dict[int, list[int]] = {}
    for number in range(count):
        groups.setdefault(root(number), []).append(number)
    return list(groups.values())


def strongly_connected_components(
    names: Sequence[str], references: Mapping[str, Sequence[str]]
) -> Iterator[list[str]]:
    """The cycles, and the names that are in none; what is referred to comes first.

    Tarjan's algorithm (1972), without recursion.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()

    def enter(name: str) -> tuple[str, Iterator[str]]:
        index[name] = low[name] = len(index)
        stack.append(name)
        on_stack.add(name)
        return name, iter(references[name])

    for start in names:
        if start in index:
            continue
        path = [enter(start)]
        while path:
            name, targets = path[-1]
            for target in targets:
                if target not in index:
                    path.append(enter(target))
                    break
                if target in on_stack:
                    low[name] = min(low[name], index[target])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[name])
                if low[name] == index[name]:
                    component: list[str] = []
                    while not component or component[-1] != name:
                        component.append(stack.pop())
                        on_stack.discard(component[-1])
                    yield component
