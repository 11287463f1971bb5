"""package.json: name, version and dependencies of a package (https://hl7.org/fhir/packages.html)."""

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
MAX_LENGTH = 128
GET_AGAIN = "Get the package again, or ask its publisher"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of a package."""

    name: str
    version: str
    fhir_versions: tuple[str, ...] = ()
    dependencies: Mapping[str, str] = field(default_factory=dict)
    """Name -> version or range, both as written, sorted by name; see `dependency_requirement`."""
    canonical: str = ""
    title: str = ""


def is_name(text: str) -> bool:
    """Whether a text is a valid package name, which is also safe as the name of a folder."""
    return len(text) <= MAX_LENGTH and NAME.fullmatch(text) is not None


def is_version_name(text: str) -> bool:
    """Whether a text is a valid version, which is also safe as the name of a folder."""
    return len(text) <= MAX_LENGTH and VERSION.fullmatch(text) is not None


def is_dependency_name(text: str) -> bool:
    """Whether a text is a package name, or one with an alias before it: "alias@npm:name"."""
    return all(map(is_name, text.split("@npm:", 1)))


def read_manifest(path: Path) -> Manifest:
    """The manifest in a package.json. Raises PackageError."""
    try:
        return parse_manifest(read_object(path))
    except UnreadableError as error:
        raise PackageError(f"'{path}' is not a FHIR package: {error}", GET_AGAIN) from error
    except PackageError as error:
        raise PackageError(f"'{path}' is not a FHIR package: {error.message}", GET_AGAIN) from error


def parse_manifest(content: Mapping[str, Any]) -> Manifest:
    """The manifest in the content of a package.json. Raises PackageError."""
    name, version = content.get("name"), content.get("version")
    if not isinstance(name, str) or not is_name(name):
        raise PackageError(f"its name is not valid: {_shown(name)}", GET_AGAIN)
    if not isinstance(version, str) or not is_version_name(version):
        raise PackageError(f"its version is not valid: {_shown(version)}", GET_AGAIN)
    versions = content.get("fhirVersions") or content.get("fhir-version-list") or ()
    dependencies = content.get("dependencies") or {}
    if not isinstance(dependencies, dict) or not all(
        is_dependency_name(key) and isinstance(value, str) for key, value in dependencies.items()
    ):
        raise PackageError("its dependencies are not names with versions", GET_AGAIN)
    return Manifest(
        name,
        version,
        tuple(v for v in versions if isinstance(v, str)) if isinstance(versions, list) else (),
        dict(sorted(dependencies.items())),
        _text(content, "canonical"),
        _text(content, "title"),
    )


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key)
    return value if isinstance(value, str) else ""


def _shown(value: object) -> str:
    return repr(value)[:80]
