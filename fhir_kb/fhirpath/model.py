"""What the engine needs to know of FHIR: a narrow view of the definitions, and a cache over it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class ModelElement(Protocol):
    """An element of a type."""

    @property
    def name(self) -> str:
        """Its name in FHIRPath: "value" for value[x]."""

    @property
    def type_codes(self) -> tuple[str, ...]:
        """The names of the types it may have."""


class ModelProperty(Protocol):
    """A JSON property of a type."""

    @property
    def type_path(self) -> str:
        """The type of its value: "HumanName", "Patient.contact", or "Resource" for any."""

    @property
    def is_array(self) -> bool:
        """Whether JSON has a list here."""

    @property
    def element(self) -> ModelElement | None:
        """The element it holds; None for resourceType."""


class Model(Protocol):
    """The types of one FHIR release; fhir_kb.packages.Definitions is one."""

    @property
    def fhir_version(self) -> str:
        """For example "5.0.0"."""

    @property
    def resource_types(self) -> Collection[str]:
        """The resources that can be instantiated."""

    @property
    def data_types(self) -> Collection[str]:
        """The complex data types that can be instantiated."""

    @property
    def primitive_types(self) -> Collection[str]:
        """The primitive types."""

    @property
    def abstract_types(self) -> Collection[str]:
        """Element, Resource, …"""

    def __hash__(self) -> int:
        """It is one object that does not change."""

    def __contains__(self, name: object, /) -> bool:
        """Whether there is a type of that name."""

    def ancestors(self, name: str, /) -> tuple[str, ...]:
        """What a type specialises, nearest first."""

    def properties(self, type_path: str, /) -> Mapping[str, ModelProperty]:
        """The JSON properties of a type, `_x` among them, in FHIR's order."""


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
    """One JSON property that may hold an element.

    name: the element's, "value" for valueQuantity. type: None where the value's own resourceType
    tells.
    """

    key: str
    extra_key: str
    type: FhirType | None
    is_array: bool
    name: str


@dataclass(frozen=True, eq=False)
class FhirType:
    """A FHIR type or an inner element, with what the engine asks of it often.

    name: as `type()` gives it ("HumanName", "BackboneElement"); path: as definitions name it.
    system: the FHIRPath type that its value has; "" for what is not primitive.
    names: itself and all its supertypes. is_open: nothing is known of its elements.
    """

    name: str
    path: str
    system: str
    names: frozenset[str]
    base: str
    schema: Schema
    is_resource: bool = False
    is_open: bool = False

    @property
    def slots(self) -> Mapping[str, tuple[Slot, ...]]:
        """Element name -> where JSON may hold it."""
        found = self.__dict__.get("_slots")
        if found is None:
            found = self.__dict__["_slots"] = self.schema.slots(self)
        slots: Mapping[str, tuple[Slot, ...]] = found
        return slots


def slots_by_key(kind: FhirType) -> Mapping[str, Slot]:
    """JSON property -> its slot, `_x` included."""
    found = kind.__dict__.get("_by_key")
    if found is None:
        slots = [slot for many in kind.slots.values() for slot in many]
        found = {slot.extra_key: slot for slot in slots if slot.extra_key}
        found |= {slot.key: slot for slot in slots}
        kind.__dict__["_by_key"] = found
    known: Mapping[str, Slot] = found
    return known


class Schema:
    """The types of a model, made when first asked for."""

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
        found = self._types.get(path)
        if found is None:
            found = self._types[path] = self._make(path, ("BackboneElement",))
        return found

    def inner(self, path: str, type_codes: tuple[str, ...]) -> FhirType:
        """The type of an inner element, which its definition calls by `type_codes`."""
        found = self._types.get(path)
        if found is None:
            found = self._types[path] = self._make(path, type_codes)
        return found

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
        """The type of a JSON value of which nothing else is known."""
        if isinstance(value, dict):
            kind = value.get("resourceType")
            return self.type(kind) if isinstance(kind, str) else self.type("Element?")
        if isinstance(value, bool):
            return self.type("boolean")
        if isinstance(value, int):
            return self.type("integer")
        return self.type("string" if isinstance(value, str) else "decimal")

    def slots(self, of: FhirType) -> dict[str, tuple[Slot, ...]]:
        """Element name -> its slots, in FHIR's order."""
        found: dict[str, list[Slot]] = {}
        if of.is_open:
            return {}
        properties = self.model.properties(of.path)
        for key, known in properties.items():
            element = known.element
            if element is None or (key.startswith("_") and key[1:] in properties):
                continue
            extra = "_" + key if "_" + key in properties else ""
            kind = None
            if known.type_path != "Resource":
                kind = self.inner(known.type_path, element.type_codes)
            found.setdefault(element.name, []).append(
                Slot(key, extra, kind, known.is_array, element.name)
            )
        return {name: tuple(slots) for name, slots in found.items()}


@lru_cache(maxsize=16)
def schema_of(model: Model) -> Schema:
    """The one schema of a model."""
    return Schema(model)
