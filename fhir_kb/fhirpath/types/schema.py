"""The types of one FHIR release as the engine uses them: made from a model when first needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.fhirpath.types.model import Model

_SYSTEM_TYPES = """
Any Boolean Integer Long Decimal String Date DateTime Time Quantity
"""
SYSTEM_TYPES = frozenset(_SYSTEM_TYPES.split())

_SYSTEM_OF = {
    "boolean": "Boolean",
    "integer": "Integer",
    "unsignedInt": "Integer",
    "positiveInt": "Integer",
    "integer64": "Long",
    "decimal": "Decimal",
    "date": "Date",
    "dateTime": "DateTime",
    "instant": "DateTime",
    "time": "Time",
}


class Slot(NamedTuple):
    """A JSON property that may hold an element."""

    key: str
    """The name of the property: "valueQuantity"."""
    extra_key: str
    """The name of the property with id and extensions of a primitive: "_status"; else ""."""
    type: FhirType | None
    """The type of the value; None where its resourceType says it."""
    is_array: bool
    """Whether JSON has a list here."""
    name: str
    """The name of the element: "value"."""


@dataclass(frozen=True, eq=False)
class FhirType:
    """A FHIR type, or the type of an inner element."""

    name: str
    """As `type()` gives it: "HumanName", "BackboneElement"."""
    path: str
    """As the definitions name it: "HumanName", "Patient.contact"."""
    system: str
    """The System type of its value; "" where it is not primitive."""
    names: frozenset[str]
    """Its own name and those of all its supertypes."""
    base: str
    """The type that it specialises; "" where there is none."""
    schema: Schema
    is_resource: bool = False
    is_open: bool = False
    """Whether its elements are not known: it may have any."""

    @property
    def slots(self) -> Mapping[str, tuple[Slot, ...]]:
        """Element name -> the JSON properties that may hold it."""
        slots: Mapping[str, tuple[Slot, ...]] | None = self.__dict__.get("_slots")
        if slots is None:
            slots = self.__dict__["_slots"] = self.schema.slots(self)
        return slots


def slots_by_key(fhir_type: FhirType) -> Mapping[str, Slot]:
    """JSON property -> its slot, `_x` included."""
    by_key: dict[str, Slot] | None = fhir_type.__dict__.get("_by_key")
    if by_key is None:
        slots = [slot for element_slots in fhir_type.slots.values() for slot in element_slots]
        by_key = {slot.extra_key: slot for slot in slots if slot.extra_key}
        by_key |= {slot.key: slot for slot in slots}
        fhir_type.__dict__["_by_key"] = by_key
    return by_key


class Schema:
    """The types of a model, each made when first used."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._types: dict[str, FhirType] = {}
        profiles = set(model.data_types) | set(model.primitive_types) | set(model.abstract_types)
        self._concrete = profiles | set(model.resource_types)

    def knows(self, name: str) -> bool:
        """Whether the model has a type of that name."""
        return name in self.model

    def type(self, path: str) -> FhirType:
        """The type at a path such as "HumanName" or "Patient.contact"; unknown ones are open."""
        fhir_type = self._types.get(path)
        if fhir_type is None:
            fhir_type = self._types[path] = self._make(path, ("BackboneElement",))
        return fhir_type

    def inner(self, path: str, type_codes: tuple[str, ...]) -> FhirType:
        """The type of an inner element; `type_codes` are those of its definition."""
        fhir_type = self._types.get(path)
        if fhir_type is None:
            fhir_type = self._types[path] = self._make(path, type_codes)
        return fhir_type

    def _make(self, path: str, type_codes: tuple[str, ...]) -> FhirType:
        if "." in path:
            if path.partition(".")[0] not in self.model:
                return self._open(path)
            base = type_codes[0] if type_codes and type_codes[0] in self.model else "Element"
            names = frozenset((path, base, *self.model.ancestors(base)))
            return FhirType(base, path, "", names, base, self)
        if path not in self.model:
            return self._open(path)
        ancestors = self.model.ancestors(path)
        name = path if path in self._concrete or not ancestors else ancestors[0]
        system = _SYSTEM_OF.get(path, "String") if path in self.model.primitive_types else ""
        names = frozenset((path, *ancestors))
        is_resource = path in self.model.resource_types or "Resource" in names
        base = ancestors[0] if ancestors else ""
        return FhirType(name, path, system, names, base, self, is_resource)

    def _open(self, path: str) -> FhirType:
        return FhirType(path, path, "", frozenset((path,)), "", self, is_open=True)

    def of_value(self, value: object) -> FhirType:
        """The type of a JSON value, as far as the value alone tells."""
        if isinstance(value, dict):
            name = value.get("resourceType")
            return self.type(name) if isinstance(name, str) else self.type("Element?")
        if isinstance(value, bool):
            return self.type("boolean")
        if isinstance(value, int):
            return self.type("integer")
        return self.type("string" if isinstance(value, str) else "decimal")

    def slots(self, of: FhirType) -> dict[str, tuple[Slot, ...]]:
        """Element name -> its slots, in FHIR's order."""
        by_name: dict[str, list[Slot]] = {}
        if of.is_open:
            return {}
        properties = self.model.properties(of.path)
        for key, definition in properties.items():
            element = definition.element
            if element is None or (key.startswith("_") and key[1:] in properties):
                continue
            extra_key = "_" + key if "_" + key in properties else ""
            value_type = None
            if definition.type_path != "Resource":
                value_type = self.inner(definition.type_path, element.type_codes)
            by_name.setdefault(element.name, []).append(
                Slot(key, extra_key, value_type, definition.is_array, element.name)
            )
        return {name: tuple(slots) for name, slots in by_name.items()}


@lru_cache(maxsize=16)
def schema_of(model: Model) -> Schema:
    """The one schema of a model."""
    return Schema(model)
