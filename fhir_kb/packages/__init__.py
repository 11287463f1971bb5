"""FHIR packages and the core definitions that ship with fhir-kb."""

from fhir_kb.packages.definitions import VERSIONS, Definitions, UnknownTypeError, definitions
from fhir_kb.packages.schema import (
    Binding,
    ElementDefinition,
    Invariant,
    Property,
    TypeDefinition,
    TypeRef,
    ValueSetCodes,
)

__all__ = [
    "VERSIONS",
    "Binding",
    "Definitions",
    "ElementDefinition",
    "Invariant",
    "Property",
    "TypeDefinition",
    "TypeRef",
    "UnknownTypeError",
    "ValueSetCodes",
    "definitions",
]
