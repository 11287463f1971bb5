"""Whether files that are pushed are for the FHIR release of the server, as far as they say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.model.fhir_release import FHIR_RELEASES, release_of_version
from fhir_kb.pipeline.release_statements import folder_release

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fhir_kb.model.fhir_release import FhirRelease
    from fhir_kb.packages import Package
    from fhir_kb.pipeline.resource_entries import GivenResource

_STATING: Final = ("StructureDefinition", "CapabilityStatement")
"""Types with an element `fhirVersion` that says the release of their content."""


def versions_of_package(package: Package) -> tuple[str, ...]:
    """The FHIR versions that a package is for: stated, or those of the core package it needs."""
    return package.fhir_versions or tuple(
        release.version for release in FHIR_RELEASES if release.core_package in package.dependencies
    )


def package_conflict(package: Package, release: FhirRelease) -> str:
    """Why a package is not for a server of this release; "" where it is, or does not say."""
    versions = versions_of_package(package)
    if not versions or release in map(release_of_version, versions):
        return ""
    return f"package {package.label} is for FHIR {', '.join(versions)}, and {_server(release)}"


def file_conflict(path: Path, release: FhirRelease) -> str:
    """The same of a single file that lies in the folder of a package."""
    stated = folder_release(path.parent)
    if stated is None or stated.release is release:
        return ""
    if stated.release is None:
        return f"{stated.source}, and {_server(release)}"
    other = f"FHIR {stated.release.version} ({stated.release.label})"
    return f"it is for {other} by {stated.source.removeprefix('from ')}, and {_server(release)}"


def is_of_other_release(item: GivenResource, release: FhirRelease) -> bool:
    """Whether a resource states another release than the server's by its fhirVersion."""
    stated = _stated(item)
    return bool(stated) and release_of_version(stated) is not release


def resources_conflict(items: Sequence[GivenResource], release: FhirRelease) -> str:
    """Why these resources, of which `is_of_other_release` holds, are not for the server."""
    first = items[0]
    more = f", as are {len(items) - 1} more" if len(items) > 1 else ""
    stated = f"{first.name} is for FHIR {_stated(first)} by its fhirVersion"
    return f"{stated}{more}, and {_server(release)}"


def _server(release: FhirRelease) -> str:
    return f"the server has FHIR {release.version} ({release.label})"


def _stated(item: GivenResource) -> str:
    version = item.resource.get("fhirVersion")
    is_stating = item.resource.get("resourceType") in _STATING
    return version if is_stating and isinstance(version, str) else ""
