"""FHIR packages and the core definitions that ship with fhir-kb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.packages.cache.folders import CacheFolders, cache_folders
from fhir_kb.packages.canonicals import CanonicalChain, Canonicals, InMemoryCanonicals
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
from fhir_kb.packages.index import IndexEntry

if TYPE_CHECKING:
    from fhir_kb.packages.cache.store import (
        Package,
        PackageSet,
        installed_packages,
        open_installed,
        open_package,
    )
    from fhir_kb.packages.core.profiles import CoreProfiles, core_profiles

__all__ = [
    "Binding",
    "CacheFolders",
    "CanonicalChain",
    "Canonicals",
    "CoreProfiles",
    "Definitions",
    "ElementDefinition",
    "InMemoryCanonicals",
    "IndexEntry",
    "Invariant",
    "Package",
    "PackageError",
    "PackageSet",
    "Property",
    "TypeDefinition",
    "TypeRef",
    "UnknownTypeError",
    "ValueSetCodes",
    "cache_folders",
    "core_profiles",
    "definitions",
    "installed_packages",
    "open_installed",
    "open_package",
]

_MODULES = {
    "CoreProfiles": "fhir_kb.packages.core.profiles",
    "core_profiles": "fhir_kb.packages.core.profiles",
    "Package": "fhir_kb.packages.cache.store",
    "PackageSet": "fhir_kb.packages.cache.store",
    "installed_packages": "fhir_kb.packages.cache.store",
    "open_installed": "fhir_kb.packages.cache.store",
    "open_package": "fhir_kb.packages.cache.store",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: most runs need no package."""
    if name not in _MODULES:
        msg = f"module 'fhir_kb.packages' has no attribute '{name}'"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module(_MODULES[name]), name)
