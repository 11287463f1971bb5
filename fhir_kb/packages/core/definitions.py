"""The core definitions of a FHIR release, read from the files that ship with fhir-kb.

A file is gzip'd NDJSON made by scripts/make_definitions.py: a header, then one line for each type
and each value set, so that only those in use are parsed.
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
        definition = self._types.get(name)
        if definition is None:
            if name not in self._type_line:
                raise UnknownTypeError(f"FHIR {self.fhir_version} has no type '{name}'")
            line = orjson.loads(self._lines[self._type_line[name]])
            definition = self._types[name] = _type(line)
        return definition

    def ancestors(self, name: str) -> tuple[str, ...]:
        """What the type specialises, nearest first: Patient → DomainResource, Resource."""
        ancestors = []
        while (name := self._base.get(name, "")) in self._type_line:
            ancestors.append(name)
        return tuple(ancestors)

    def invariants(self, name: str) -> tuple[Invariant, ...]:
        """All invariants of the type, those of its ancestors included."""
        by_key: dict[str, Invariant] = {}
        for type_name in (name, *self.ancestors(name)):
            for invariant in self.type(type_name).invariants:
                by_key.setdefault(invariant.key, invariant)
        return tuple(by_key.values())

    def element(self, path: str) -> ElementDefinition | None:
        """The element at a path such as "PlanDefinition.action.code.coding.system", or None.

        The path may lead through data types and content references; a choice may be written as
        FHIRPath does ("value") or as JSON does ("valueCode").
        """
        type_path, *names = path.split(".")
        element: ElementDefinition | None = None
        for name in names:
            properties = self.properties(type_path) if self._is_type_path(type_path) else {}
            prop = properties.get(name)
            if prop is None:
                prop = next(
                    (p for p in properties.values() if p.element and p.element.name == name), None
                )
            if prop is None or prop.element is None:
                return None
            element, type_path = prop.element, prop.type_path
        return element

    def _is_type_path(self, type_path: str) -> bool:
        return type_path.partition(".")[0] in self._type_line

    def properties(self, type_path: str) -> Mapping[str, Property]:
        """The JSON properties of a type or of an inner element, in FHIR's order.

        A primitive type has those of `_x` objects.

        Args:
            type_path: "PlanDefinition", "PlanDefinition.action", "HumanName", … as
                Property.type_path gives it.

        Raises:
            UnknownTypeError: The release has no such type.
        """
        properties = self._properties.get(type_path)
        if properties is None:
            properties = self._properties[type_path] = self._make_properties(type_path)
        return properties

    def property_order(self, type_path: str) -> Mapping[str, int]:
        """The position of each JSON property in FHIR's order; see `properties`."""
        order = self._orders.get(type_path)
        if order is None:
            properties = self.properties(type_path)
            order = self._orders[type_path] = {name: p.index for name, p in properties.items()}
        return order

    def _make_properties(self, type_path: str) -> dict[str, Property]:
        owner = self.type(type_path.partition(".")[0])
        properties: dict[str, Property] = {}
        if owner.kind == "resource" and type_path == owner.name:
            properties["resourceType"] = Property(0, "code", is_array=False, element=None)
        for element in owner.children.get(type_path, ()):
            if owner.kind == "primitive-type" and element.name == "value":
                continue
            for name, type_ref in element.json_names():
                value_path = self._value_path(owner, element, type_ref)
                properties[name] = Property(len(properties), value_path, element.is_array, element)
                if (
                    value_path in self.primitive_types
                    and value_path != "xhtml"
                    and not element.is_attribute
                ):
                    properties["_" + name] = Property(
                        len(properties), "Element", element.is_array, element
                    )
        return properties

    @staticmethod
    def _value_path(owner: TypeDefinition, element: ElementDefinition, ref: TypeRef | None) -> str:
        if ref is None:
            return element.content_reference
        return element.path if element.path in owner.children else ref.schema_name

    def value_set(self, canonical: str) -> ValueSetCodes | None:
        """The codes of a value set that ships, or None; a version in the canonical is ignored."""
        url = canonical.partition("|")[0]
        value_set = self._value_sets.get(url)
        if value_set is None and url in self._value_set_line:
            line = orjson.loads(self._lines[self._value_set_line[url]])
            systems = {system: frozenset(codes) for system, codes in line["systems"].items()}
            value_set = self._value_sets[url] = ValueSetCodes(systems, line.get("checkers", {}))
        return value_set

    def codes(self, canonical: str) -> frozenset[str] | None:
        """The codes of a value set; None where it is unknown or cannot be listed."""
        value_set = self.value_set(canonical)
        return value_set.all_codes() if value_set is not None and value_set.is_complete else None


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
    max_items = item.get("max", 1)
    return ElementDefinition(
        path=f"{owner}.{item['path']}",
        name=item["path"].rpartition(".")[2],
        min=item.get("min", 0),
        max=None if max_items == "*" else max_items,
        types=tuple(_type_ref(ref) for ref in item.get("types", ())),
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


def _type_ref(ref: str | dict[str, Any]) -> TypeRef:
    if isinstance(ref, str):
        return TypeRef(ref)
    return TypeRef(ref["code"], tuple(ref.get("profiles", ())), tuple(ref.get("targets", ())))


def _invariants(item: dict[str, Any]) -> tuple[Invariant, ...]:
    return tuple(Invariant(*fields) for fields in item.get("invariants", ()))
