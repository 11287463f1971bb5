"""package.json: what a package says of itself (https://hl7.org/fhir/packages.html)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fhir_kb.packages.errors import PackageError
from fhir_kb.packages.json_files import UnreadableError, read_object

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9+_-]*(\.[A-Za-z0-9+_-]+)*")
MAX_WORD = 128
AGAIN = "Get the package again, or ask whoever made it"


@dataclass(frozen=True, slots=True)
class Manifest:
    """dependencies: name -> version or range, as written, in the order of the names."""

    name: str
    version: str
    fhir_versions: tuple[str, ...] = ()
    dependencies: Mapping[str, str] = field(default_factory=dict)
    canonical: str = ""
    title: str = ""


def is_name(word: str) -> bool:
    """Whether a package can be called that; safe as the name of a folder too."""
    return len(word) <= MAX_WORD and NAME.fullmatch(word) is not None


def is_version_name(word: str) -> bool:
    """Whether a version can be called that; safe as the name of a folder too."""
    return len(word) <= MAX_WORD and VERSION.fullmatch(word) is not None


def read_manifest(path: Path) -> Manifest:
    """The manifest in a package.json. Raises PackageError."""
    try:
        return manifest_of(read_object(path))
    except UnreadableError as error:
        raise PackageError(f"'{path}' is no package: {error}", AGAIN) from error
    except PackageError as error:
        raise PackageError(f"'{path}' is no package: {error.message}", AGAIN) from error


def manifest_of(stated: Mapping[str, Any]) -> Manifest:
    """The manifest that a JSON object states. Raises PackageError."""
    name, version = stated.get("name"), stated.get("version")
    if not isinstance(name, str) or not is_name(name):
        raise PackageError(f"it has no usable name, but {_shown(name)}", AGAIN)
    if not isinstance(version, str) or not is_version_name(version):
        raise PackageError(f"it has no usable version, but {_shown(version)}", AGAIN)
    versions = stated.get("fhirVersions") or stated.get("fhir-version-list") or ()
    dependencies = stated.get("dependencies") or {}
    if not isinstance(dependencies, dict) or not all(
        is_name(key) and isinstance(value, str) for key, value in dependencies.items()
    ):
        raise PackageError("its dependencies are not names with versions", AGAIN)
    return Manifest(
        name,
        version,
        tuple(v for v in versions if isinstance(v, str)) if isinstance(versions, list) else (),
        dict(sorted(dependencies.items())),
        _text(stated, "canonical"),
        _text(stated, "title"),
    )


def _text(stated: Mapping[str, Any], key: str) -> str:
    value = stated.get(key)
    return value if isinstance(value, str) else ""


def _shown(value: object) -> str:
    return repr(value)[:80]
