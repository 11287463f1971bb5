"""Expanding value sets from given code systems, without a terminology server.

http://hl7.org/fhir/valueset.html#compositions defines include, exclude and filters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from fhir_kb.packages.core.schema import ValueSetCodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Resource: TypeAlias = dict[str, Any]

#: Systems whose codes follow a grammar: no list of them can be complete.
GRAMMARS = {
    "urn:ietf:bcp:47": "bcp47",
    "urn:ietf:bcp:13": "mime",
    "urn:iso:std:iso:4217": "currency",
    "http://unitsofmeasure.org": "ucum",
    "http://hl7.org/fhir/color-rgb": "rgb",
}
UNKNOWN = "unknown"
_MAX_DEPTH = 32
_SUBSUMPTION = frozenset({"is-a", "descendent-of", "child-of", "descendent-leaf"})


class Expander:
    """Expands value sets, using only the resources that it is constructed with."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._value_sets: dict[str, Resource] = {}
        self._systems: dict[str, _CodeSystem] = {}
        for resource in resources:
            url = resource.get("url")
            if url and resource["resourceType"] == "ValueSet":
                self._value_sets.setdefault(url, resource)
            elif url and resource["resourceType"] == "CodeSystem":
                self._systems.setdefault(url, _CodeSystem(resource))

    def expand(self, canonical: str, depth: int = 0) -> ValueSetCodes | None:
        """The codes of a value set as far as they can be listed; None for an unknown value set."""
        value_set = self._value_sets.get(canonical.partition("|")[0])
        if value_set is None or depth > _MAX_DEPTH:
            return None
        systems: dict[str, set[str]] = {}
        checkers: dict[str, str] = {}
        compose = value_set.get("compose", {})
        for include in compose.get("include", ()):
            part = self._part(include, depth)
            checkers.update(part.checkers)
            for system, codes in part.systems.items():
                systems.setdefault(system, set()).update(codes)
        for exclude in compose.get("exclude", ()):
            part = self._part(exclude, depth)
            checkers.update(dict.fromkeys(part.checkers, UNKNOWN))
            for system, codes in part.systems.items():
                systems.get(system, set()).difference_update(codes)
        return ValueSetCodes({s: frozenset(codes) for s, codes in systems.items()}, checkers)

    def _part(self, include: Resource, depth: int) -> ValueSetCodes:
        """The codes of an include or exclude: those in its system and in all its value sets."""
        parts = [self.expand(url, depth + 1) for url in include.get("valueSet", ())]
        if "system" in include:
            parts.append(self._of_system(include))
        if not parts or None in parts:
            return ValueSetCodes({}, {include.get("system", ""): UNKNOWN})
        codes, *others = [part for part in parts if part is not None]
        for other in others:
            codes = _overlap(codes, other)
        return codes

    def _of_system(self, include: Resource) -> ValueSetCodes:
        system: str = include["system"]
        if "concept" in include:
            return ValueSetCodes({system: frozenset(c["code"] for c in include["concept"])}, {})
        code_system = self._systems.get(system)
        filters = include.get("filter", ())
        if system in GRAMMARS:
            return ValueSetCodes({}, {system: UNKNOWN if filters else GRAMMARS[system]})
        if code_system is None or not code_system.is_complete:
            return ValueSetCodes({}, {system: UNKNOWN})
        codes = code_system.codes()
        for condition in filters:
            passing = code_system.filtered(
                condition["property"], condition["op"], str(condition["value"])
            )
            if passing is None:
                return ValueSetCodes({}, {system: UNKNOWN})
            codes &= passing
        return ValueSetCodes({system: codes}, {})


def _overlap(left: ValueSetCodes, right: ValueSetCodes) -> ValueSetCodes:
    systems = {
        system: left.systems[system] & right.systems[system]
        for system in left.systems
        if system in right.systems
    }
    open_systems = {s for s in (*left.checkers, *right.checkers) if s not in systems}
    return ValueSetCodes(systems, dict.fromkeys(sorted(open_systems), UNKNOWN))


class _CodeSystem:
    """The concepts of a code system, with their parents."""

    def __init__(self, resource: Resource) -> None:
        self.is_complete = resource.get("content") == "complete"
        self._concepts: dict[str, Resource] = {}
        self._parents: dict[str, set[str]] = {}
        self._walk(resource.get("concept", ()), None)
        for code, concept in self._concepts.items():
            for prop in concept.get("property", ()):
                if prop.get("code") in ("subsumedBy", "parent"):
                    self._parents[code].update(_values(prop))
                elif prop.get("code") == "child":
                    for child in _values(prop):
                        self._parents.setdefault(child, set()).add(code)

    def _walk(self, concepts: Iterable[Resource], parent: str | None) -> None:
        for concept in concepts:
            code = concept["code"]
            self._concepts[code] = concept
            self._parents.setdefault(code, set())
            if parent is not None:
                self._parents[code].add(parent)
            self._walk(concept.get("concept", ()), code)

    def codes(self) -> frozenset[str]:
        return frozenset(self._concepts)

    def filtered(self, prop: str, operation: str, value: str) -> frozenset[str] | None:
        """The codes that pass a filter; None for an unknown operation."""
        if prop in ("concept", "code") and operation in _SUBSUMPTION:
            return self._below(operation, value)
        if operation == "is-not-a":
            return self.codes() - self._descendants(value) - {value}
        if operation == "generalizes":
            return frozenset(self._ancestors(value) | {value})
        if operation in ("in", "not-in"):
            listed = {word.strip() for word in value.split(",")}
            inside = frozenset(c for c in self._concepts if listed & set(self._property(c, prop)))
            return inside if operation == "in" else self.codes() - inside
        if operation == "exists":
            having = frozenset(c for c in self._concepts if any(self._property(c, prop)))
            return having if value == "true" else self.codes() - having
        if operation == "=":
            return frozenset(c for c in self._concepts if value in self._property(c, prop))
        if operation == "regex":
            return self._matching(prop, value)
        return None

    def _below(self, operation: str, value: str) -> frozenset[str]:
        if operation == "child-of":
            return frozenset(c for c, parents in self._parents.items() if value in parents)
        below = self._descendants(value)
        if operation == "is-a" and value in self._concepts:
            return frozenset(below | {value})
        if operation == "descendent-leaf":
            inner = {parent for parents in self._parents.values() for parent in parents}
            return frozenset(below - inner)
        return frozenset(below)

    def _matching(self, prop: str, pattern: str) -> frozenset[str] | None:
        try:
            compiled = re.compile(pattern)
        except re.error:
            return None
        return frozenset(
            code
            for code in self._concepts
            if any(map(compiled.fullmatch, self._property(code, prop)))
        )

    def _property(self, code: str, prop: str) -> Iterator[str]:
        concept = self._concepts[code]
        if prop in ("code", "concept"):
            yield code
        elif prop == "display":
            yield concept.get("display", "")
        elif prop in ("parent", "subsumedBy"):
            yield from sorted(self._parents[code])
        for item in concept.get("property", ()):
            if item.get("code") == prop:
                yield from _values(item)

    def _descendants(self, value: str) -> set[str]:
        children: dict[str, set[str]] = {}
        for code, parents in self._parents.items():
            for parent in parents:
                children.setdefault(parent, set()).add(code)
        return _reach(value, children)

    def _ancestors(self, value: str) -> set[str]:
        return _reach(value, self._parents)


def _reach(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    queue = [start]
    while queue:
        for code in edges.get(queue.pop(), ()):
            if code not in reached:
                reached.add(code)
                queue.append(code)
    return reached


def _values(prop: Resource) -> Iterator[str]:
    for key, value in prop.items():
        if key.startswith("value"):
            if isinstance(value, dict):
                yield str(value.get("code", ""))
            elif isinstance(value, bool):
                yield "true" if value else "false"
            else:
                yield str(value)
