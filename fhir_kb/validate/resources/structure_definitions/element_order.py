"""Elements of a profile's differential that nothing in its base matches.

http://hl7.org/fhir/profiling.html#snapshot: a snapshot is made by going through the base once, so
the differential has the base's order; what comes too late is not met any more.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from fhir_kb.validate.core.json_values import objects, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.packages import Definitions


class _Node:
    """An element of the differential, or a step on the way to some; number: -1 for a step."""

    def __init__(self, path: str, number: int = -1) -> None:
        self.path = path
        self.number = number
        self.inner: list[_Node] = []

    def numbers(self) -> list[int]:
        """The elements here and below."""
        own = [self.number] if self.number >= 0 else []
        return own + [number for one in self.inner for number in one.numbers()]


def unmatched(definition: Mapping[str, Any], definitions: Definitions) -> list[int]:
    """The numbers of the differential's elements that the base has not, or not there."""
    name = text(definition, "type")
    if name not in definitions:
        return []
    root = _Node(name)
    way = [root]
    for number, one in objects(definition.get("differential"), "element"):
        path = text(one, "path")
        if path == name:
            continue
        if not path.startswith(name + "."):
            return []  # told elsewhere; the rest would be guessing
        _put(way, path, number)
    return sorted(_lost(root, name, definitions))


def _put(way: list[_Node], path: str, number: int) -> None:
    while not path.startswith(way[-1].path + "."):
        way.pop()
    steps = path[len(way[-1].path) + 1 :].split(".")
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        node = _Node(f"{way[-1].path}.{step}", number if last else -1)
        way[-1].inner.append(node)
        way.append(node)


def _lost(node: _Node, type_path: str, definitions: Definitions) -> list[int]:
    order = _order(definitions, type_path)
    if order is None:
        return []
    found: list[int] = []
    cursor = 0
    nodes = node.inner
    ranks = [order.get(one.path.rpartition(".")[2], (-1, "")) for one in nodes]
    for rank in sorted({rank for rank, _ in ranks if rank >= 0}):
        there = [n for n in range(cursor, len(nodes)) if ranks[n][0] == rank]
        told = [n for n in there if nodes[n].number >= 0]
        if not told:
            # Steps that only inner elements tell of are met where they are looked for.
            end = cursor
            while end < len(nodes) and ranks[end][0] == rank:
                end += 1
            told = list(range(cursor, end))
        if not told:
            continue
        for number in range(cursor, told[-1] + 1):
            if ranks[number][0] != rank:
                found += nodes[number].numbers()
            else:
                found += _lost(nodes[number], ranks[number][1], definitions)
        cursor = told[-1] + 1
        while cursor < len(nodes) and ranks[cursor][0] == rank:
            cursor += 1  # what is inside of it, under another name of the same choice
    for number in range(cursor, len(nodes)):
        found += nodes[number].numbers()
    return found


@cache
def _order(definitions: Definitions, type_path: str) -> dict[str, tuple[int, str]] | None:
    """The elements of a type, as paths name them: place, and the type path of what is inside."""
    if not type_path or type_path in definitions.abstract_types:
        return None  # what stands there may have more
    if type_path in definitions.primitive_types:
        return None
    try:
        properties = definitions.properties(type_path)
    except LookupError:
        return None
    found: dict[str, tuple[int, str]] = {}
    for name, one in properties.items():
        element = one.element
        if element is None or name.startswith("_"):
            continue
        rank = found.get(f"{element.name}[x]", (one.index, ""))[0]
        if element.choice:
            found[f"{element.name}[x]"] = (rank, "")
            found.setdefault(element.name, (rank, ""))
        found[name] = (rank, one.type_path)
    return found
