"""The library's face: everything that the command line can do, as functions.

from pathlib import Path
from fhir_kb.pipeline import build

result = build(Path("definitions"), output=Path("output"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.pipeline.environment import EnvironmentFailure

if TYPE_CHECKING:
    from fhir_kb.diagnostics.progress import Progress
    from fhir_kb.pipeline.building import Build, FileCounts, ReleaseOutput, build
    from fhir_kb.pipeline.bundling import BundleResult, bundle
    from fhir_kb.pipeline.fhir_files import validate_files
    from fhir_kb.pipeline.file_checks import FileReport, LikelierRelease
    from fhir_kb.pipeline.finding_codes import catalogue
    from fhir_kb.pipeline.input_files import SkippedFile
    from fhir_kb.pipeline.packages import (
        get_packages,
        list_packages,
        lock_packages,
        show_package,
    )
    from fhir_kb.read.schema import schema

__all__ = [
    "Build",
    "BundleResult",
    "EnvironmentFailure",
    "FileCounts",
    "FileReport",
    "LikelierRelease",
    "Progress",
    "ReleaseOutput",
    "SkippedFile",
    "build",
    "bundle",
    "catalogue",
    "get_packages",
    "list_packages",
    "lock_packages",
    "schema",
    "show_package",
    "validate_files",
]

_HOMES = {
    "Build": "fhir_kb.pipeline.building",
    "FileCounts": "fhir_kb.pipeline.building",
    "ReleaseOutput": "fhir_kb.pipeline.building",
    "build": "fhir_kb.pipeline.building",
    "BundleResult": "fhir_kb.pipeline.bundling",
    "bundle": "fhir_kb.pipeline.bundling",
    "FileReport": "fhir_kb.pipeline.file_checks",
    "LikelierRelease": "fhir_kb.pipeline.file_checks",
    "validate_files": "fhir_kb.pipeline.fhir_files",
    "catalogue": "fhir_kb.pipeline.finding_codes",
    "SkippedFile": "fhir_kb.pipeline.input_files",
    "get_packages": "fhir_kb.pipeline.packages",
    "list_packages": "fhir_kb.pipeline.packages",
    "lock_packages": "fhir_kb.pipeline.packages",
    "show_package": "fhir_kb.pipeline.packages",
    "Progress": "fhir_kb.diagnostics.progress",
    "schema": "fhir_kb.read.schema",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: a schema needs no compiler."""
    if name not in _HOMES:
        msg = f"module 'fhir_kb.pipeline' has no attribute '{name}'"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
