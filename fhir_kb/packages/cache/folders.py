"""Where packages are on this machine."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Places:
    """packages: the package cache that the tools of the FHIR world share; one folder a package,
        `<name>#<version>/package/`.
    own: what this program remembers about packages; it can be deleted at any time.
    """

    packages: Path
    own: Path


def places(environ: Mapping[str, str] = os.environ) -> Places:
    """As the environment says: FHIR_PACKAGE_CACHE or ~/.fhir/packages, on Windows too.

    Ours is FHIR_KB_CACHE, or fhir-kb in %LOCALAPPDATA%, in XDG_CACHE_HOME or in ~/.cache.
    """
    home = Path.home()
    shared = environ.get("FHIR_PACKAGE_CACHE")
    return Places(Path(shared) if shared else home / ".fhir" / "packages", _own(environ, home))


def _own(environ: Mapping[str, str], home: Path) -> Path:
    if said := environ.get("FHIR_KB_CACHE"):
        return Path(said)
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "fhir-kb" / "cache"
    return Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "fhir-kb"
