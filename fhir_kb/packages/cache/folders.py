"""The folders of packages on this machine."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class CacheFolders:
    """The folders in which packages are kept."""

    packages: Path
    """The package cache that FHIR tools share: `<name>#<version>/package/` for each package."""
    own: Path
    """The cache of fhir-kb itself: indexes, unpacked archives, downloads. It can be deleted at any
    time."""


def cache_folders(environ: Mapping[str, str] = os.environ) -> CacheFolders:
    """The folders that the environment names, or their defaults.

    The package cache is FHIR_PACKAGE_CACHE or ~/.fhir/packages, on Windows too. Our own is
    FHIR_KB_CACHE, or fhir-kb in %LOCALAPPDATA%, in XDG_CACHE_HOME or in ~/.cache.
    """
    home = Path.home()
    shared = environ.get("FHIR_PACKAGE_CACHE")
    return CacheFolders(
        Path(shared) if shared else home / ".fhir" / "packages", _own(environ, home)
    )


def _own(environ: Mapping[str, str], home: Path) -> Path:
    if path := environ.get("FHIR_KB_CACHE"):
        return Path(path)
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "fhir-kb" / "cache"
    return Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "fhir-kb"
