"""What the engine needs of the definitions of a FHIR release, as protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

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
        """The types that no element has by itself: Element, Resource and others."""

    def __hash__(self) -> int:
        """It is one object that does not change."""

    def __contains__(self, name: object, /) -> bool:
        """Whether there is a type of that name."""

    def ancestors(self, name: str, /) -> tuple[str, ...]:
        """What a type specialises, nearest first."""

    def properties(self, type_path: str, /) -> Mapping[str, ModelProperty]:
        """The JSON properties of a type, `_x` among them, in FHIR's order."""
