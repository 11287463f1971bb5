"""FHIR packages and the core definitions that ship with fhir-kb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.packages.cache.folders import Places, places
from fhir_kb.packages.canonicals import Canonicals, Chain, Loaded
from fhir_kb.packages.core.definitions import Definitions, UnknownTypeError, definitions
from fhir_kb.packages.core.schema import (
    Binding,
    ElementDefinition,
    Invariant,
    Property,
    TypeDefinition,
    TypeRef,
    ValueSetCodes,
)
from fhir_kb.packages.errors import PackageError
from fhir_kb.packages.index import Entry

if TYPE_CHECKING:
    from fhir_kb.packages.cache.store import (
        Package,
        PackageSet,
        installed,
        open_installed,
        open_package,
    )
    from fhir_kb.packages.core.profiles import Shipped, core_profiles

__all__ = [
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

_HOMES = {
    "Shipped": "fhir_kb.packages.core.profiles",
    "core_profiles": "fhir_kb.packages.core.profiles",
    "Package": "fhir_kb.packages.cache.store",
    "PackageSet": "fhir_kb.packages.cache.store",
    "installed": "fhir_kb.packages.cache.store",
    "open_installed": "fhir_kb.packages.cache.store",
    "open_package": "fhir_kb.packages.cache.store",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: most files need no package."""
    if name not in _HOMES:
        msg = f"module 'fhir_kb.packages' has no attribute '{name}'"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
