"""FHIR packages and the core definitions that ship with fhir-kb."""

from fhir_kb.packages.canonicals import Canonicals, Chain, Loaded
from fhir_kb.packages.definitions import VERSIONS, Definitions, UnknownTypeError, definitions
from fhir_kb.packages.entries import Entry
from fhir_kb.packages.errors import PackageError
from fhir_kb.packages.places import Places, places
from fhir_kb.packages.schema import (
    Binding,
    ElementDefinition,
    Invariant,
    Property,
    TypeDefinition,
    TypeRef,
    ValueSetCodes,
)
from fhir_kb.packages.shipped import Shipped, core_profiles
from fhir_kb.packages.store import Package, PackageSet, installed, open_installed, open_package

__all__ = [
    "VERSIONS",
    "Binding",
    "Canonicals",
    "Chain",
    "Definitions",
    "ElementDefinition",
    "Entry",
    "Invariant",
    "Loaded",
    "Package",
    "PackageError",
    "PackageSet",
    "Places",
    "Property",
    "Shipped",
    "TypeDefinition",
    "TypeRef",
    "UnknownTypeError",
    "ValueSetCodes",
    "core_profiles",
    "definitions",
    "installed",
    "open_installed",
    "open_package",
    "places",
]
