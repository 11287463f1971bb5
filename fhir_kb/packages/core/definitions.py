"""The core definitions of a FHIR release, read from the files that ship with fhir-kb.

A file is gzip'd NDJSON made by scripts/make_definitions.py: a header, then one line for each type
and each value set, so that only what is asked for is parsed.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from fhir_kb.model.fhir_release import BY_VERSION, releases_in_words
from fhir_kb.packages.core.schema import (
    Binding,
    ElementDefinition,
    Invariant,
    Property,
    TypeDefinition,
    TypeRef,
    ValueSetCodes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.model.fhir_release import FhirRelease

CORE = Path(__file__).parent
"""The folder of the files that ship."""


class UnknownTypeError(LookupError):
    """A type that the FHIR release does not have."""


@cache
def definitions(fhir_version: str) -> Definitions:
    """The core definitions of a FHIR release; read once, each type when first used.

    Args:
        fhir_version: The version of a release that we support: "5.0.0".

    Raises:
        ValueError: We do not support that version.
    """
    name = supported_release(fhir_version).name
    return Definitions(gzip.decompress((CORE / f"{name}.ndjson.gz").read_bytes()))


def supported_release(fhir_version: str) -> FhirRelease:
    """The release of a version. Raises ValueError where we do not support it."""
    release = BY_VERSION.get(fhir_version)
    if release is None:
        raise ValueError(
            f"no definitions for FHIR {fhir_version}; supported are {releases_in_words()}"
        )
    return release


class Definitions:
    """The types and value sets of one FHIR release."""

    def __init__(self, content: bytes) -> None:
        head, *self._lines = content.rstrip(b"\n").split(b"\n")
        header = orjson.loads(head)
        self.fhir_version: str = header["fhirVersion"]
        types: list[list[str]] = header["types"]
        self._type_line = {entry[0]: number for number, entry in enumerate(types)}
        self._base = {entry[0]: entry[2] for entry in types}
        self._value_set_line = {
            url: number for number, url in enumerate(header["valueSets"], len(types))
        }
        concrete = [entry for entry in types if not entry[3]]
        self.resource_types = frozenset(e[0] for e in concrete if e[1] == "resource")
        self.data_types = frozenset(e[0] for e in concrete if e[1] == "complex-type")
        self.primitive_types = frozenset(e[0] for e in concrete if e[1] == "primitive-type")
        self.abstract_types = frozenset(e[0] for e in types if e[3])
        self._types: dict[str, TypeDefinition] = {}
        self._value_sets: dict[str, ValueSetCodes] = {}
        self._properties: dict[str, dict[str, Property]] = {}
        self._orders: dict[str, dict[str, int]] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._type_line

    def type(self, name: str) -> TypeDefinition:
        """The type of that name. Raises UnknownTypeError where the release has none."""
        found = self._types.get(name)
        if found is None:
            if name not in self._type_line:
                raise UnknownTypeError(f"FHIR {self.fhir_version} has no type '{name}'")
            found = self._types[name] = _type(orjson.loads(self._lines[self._type_line[name]]))
        return found

    def ancestors(self, name: str) -> tuple[str, ...]:
        """What the type specialises, nearest first: Patient → DomainResource, Resource, …"""
        found = []
        while (name := self._base.get(name, "")) in self._type_line:
            found.append(name)
        return tuple(found)

    def invariants(self, name: str) -> tuple[Invariant, ...]:
        """All invariants that hold for a value of the type, its ancestors' included."""
        found: dict[str, Invariant] = {}
        for one in (name, *self.ancestors(name)):
            for invariant in self.type(one).invariants:
                found.setdefault(invariant.key, invariant)
        return tuple(found.values())

    def element(self, path: str) -> ElementDefinition | None:
        """The element at a path such as "PlanDefinition.action.code.coding.system", or None.

        The path may lead through data types and content references; a choice may be written as
        FHIRPath does ("value") or as JSON does ("valueCode").
        """
        type_path, *steps = path.split(".")
        found: ElementDefinition | None = None
        for step in steps:
            known = self.properties(type_path) if self._is_type_path(type_path) else {}
            here = known.get(step)
            if here is None:
                here = next(
                    (p for p in known.values() if p.element and p.element.name == step), None
                )
            if here is None or here.element is None:
                return None
            found, type_path = here.element, here.type_path
        return found

    def _is_type_path(self, type_path: str) -> bool:
        return type_path.partition(".")[0] in self._type_line

    def properties(self, type_path: str) -> Mapping[str, Property]:
        """The JSON properties of a type or of an inner element, in FHIR's order.

        type_path: "PlanDefinition", "PlanDefinition.action", "HumanName", … as Property.type_path
        gives it. Raises UnknownTypeError. A primitive type has those that `_x` objects have.
        """
        found = self._properties.get(type_path)
        if found is None:
            found = self._properties[type_path] = self._make_properties(type_path)
        return found

    def property_order(self, type_path: str) -> Mapping[str, int]:
        """The place of each JSON property in FHIR's order; see `properties`."""
        found = self._orders.get(type_path)
        if found is None:
            known = self.properties(type_path)
            found = self._orders[type_path] = {name: p.index for name, p in known.items()}
        return found

    def _make_properties(self, type_path: str) -> dict[str, Property]:
        owner = self.type(type_path.partition(".")[0])
        made: dict[str, Property] = {}
        if owner.kind == "resource" and type_path == owner.name:
            made["resourceType"] = Property(0, "code", is_array=False, element=None)
        for element in owner.children.get(type_path, ()):
            if owner.kind == "primitive-type" and element.name == "value":
                continue
            for name, type_ref in element.json_names():
                value_path = self._value_path(owner, element, type_ref)
                made[name] = Property(len(made), value_path, element.is_array, element)
                if (
                    value_path in self.primitive_types
                    and value_path != "xhtml"
                    and not element.is_attribute
                ):
                    made["_" + name] = Property(len(made), "Element", element.is_array, element)
        return made

    @staticmethod
    def _value_path(owner: TypeDefinition, element: ElementDefinition, ref: TypeRef | None) -> str:
        if ref is None:
            return element.content_reference
        return element.path if element.path in owner.children else ref.schema_name

    def value_set(self, canonical: str) -> ValueSetCodes | None:
        """The value set with that url (a "|version" is passed over) as far as it ships, or None."""
        url = canonical.partition("|")[0]
        found = self._value_sets.get(url)
        if found is None and url in self._value_set_line:
            line = orjson.loads(self._lines[self._value_set_line[url]])
            systems = {system: frozenset(codes) for system, codes in line["systems"].items()}
            found = self._value_sets[url] = ValueSetCodes(systems, line.get("checkers", {}))
        return found

    def codes(self, canonical: str) -> frozenset[str] | None:
        """The codes of a value set; None where it is unknown or cannot be listed."""
        found = self.value_set(canonical)
        return found.all_codes() if found is not None and found.is_complete else None


def _type(line: dict[str, Any]) -> TypeDefinition:
    name = line["name"]
    elements = tuple(_element(name, item) for item in line["elements"])
    children: dict[str, list[ElementDefinition]] = {name: []}
    for element in elements:
        children.setdefault(element.path.rpartition(".")[0], []).append(element)
    return TypeDefinition(
        name=name,
        kind=line["kind"],
        base=line.get("base", ""),
        abstract=line.get("abstract", False),
        elements=elements,
        invariants=_invariants(line),
        by_path={element.path: element for element in elements},
        children={path: tuple(items) for path, items in children.items()},
    )


def _element(owner: str, item: dict[str, Any]) -> ElementDefinition:
    binding = item.get("binding")
    highest = item.get("max", 1)
    return ElementDefinition(
        path=f"{owner}.{item['path']}",
        name=item["path"].rpartition(".")[2],
        min=item.get("min", 0),
        max=None if highest == "*" else highest,
        types=tuple(_type_ref(one) for one in item.get("types", ())),
        choice=item.get("choice", False),
        content_reference=item.get("content", ""),
        binding=Binding(*binding) if binding else None,
        invariants=_invariants(item),
        fixed=item.get("fixed"),
        pattern=item.get("pattern"),
        regex=item.get("regex", ""),
        is_modifier=item.get("modifier", False),
        is_summary=item.get("summary", False),
        is_array=item.get("array", False),
        is_attribute=item.get("attribute", False),
    )


def _type_ref(one: str | dict[str, Any]) -> TypeRef:
    if isinstance(one, str):
        return TypeRef(one)
    return TypeRef(one["code"], tuple(one.get("profiles", ())), tuple(one.get("targets", ())))


def _invariants(item: dict[str, Any]) -> tuple[Invariant, ...]:
    return tuple(Invariant(*one) for one in item.get("invariants", ()))
