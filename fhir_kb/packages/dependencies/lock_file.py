"""fhir-packages.lock: the packages that a knowledge base was checked with, with their digests.

The file is JSON, beside kb.yaml and in version control with it: everybody gets the same packages.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from fhir_kb.packages.cache.folder_index import package_files
from fhir_kb.packages.cache.manifest import is_name, is_version_name
from fhir_kb.packages.errors import PackageError
from fhir_kb.packages.json_files import UnreadableError, read_object

if TYPE_CHECKING:
    from pathlib import Path

LOCK_FILE = "fhir-packages.lock"
_FORMAT = 1
_ABOUT = "Made by 'fhir-kb packages lock'; keep it with kb.yaml"
_RENEW = "Write it again: fhir-kb packages lock"


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """A package in the lock file."""

    name: str
    version: str
    content: str
    """The digest of its resources; see content_digest."""
    sha256: str = ""
    """The digest of the file that it was unpacked from; "" where that is not known."""
    url: str = ""
    """Where that file came from; "" where that is not known."""


def read_lock_file(path: Path) -> tuple[LockedPackage, ...]:
    """The packages in a lock file; none where there is no file. Raises PackageError."""
    if not path.exists():
        return ()
    try:
        content = read_object(path)
        if content.get("format") != _FORMAT:
            raise UnreadableError("it was written by another version of fhir-kb")  # noqa: TRY301
        return tuple(map(_locked, content["packages"]))
    except UnreadableError as error:
        raise PackageError(f"'{path}' cannot be used: {error}", _RENEW) from error
    except (KeyError, TypeError, AttributeError) as error:
        raise PackageError(f"'{path}' cannot be used: it is damaged", _RENEW) from error


def _locked(item: dict[str, Any]) -> LockedPackage:
    package = LockedPackage(**item)
    if not (
        all(isinstance(value, str) for value in asdict(package).values())
        and is_name(package.name)
        and is_version_name(package.version)
    ):
        raise TypeError(package)
    return package


def lock_file_bytes(packages: tuple[LockedPackage, ...]) -> bytes:
    """The content of the lock file; the order of the packages does not matter."""
    items = [
        {key: value for key, value in asdict(package).items() if value}
        for package in sorted(packages, key=lambda package: (package.name, package.version))
    ]
    content = {"about": _ABOUT, "format": _FORMAT, "packages": items}
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()


def content_digest(folder: Path) -> str:
    """A SHA-256 over the files of an unpacked package that may define something; all are read.

    package.json and hidden files are left out, as tools rewrite them: so the digest does not depend
    on the tool that unpacked the package. Raises PackageError.
    """
    digest = hashlib.sha256()
    try:
        for name in sorted([*package_files(folder), *package_files(folder, ".xml")]):
            content = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            digest.update(f"{name} {content}\n".encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise PackageError(
            f"'{folder}' cannot be read: {reason}", "Fix the permissions of the folder"
        ) from error
    return digest.hexdigest()
