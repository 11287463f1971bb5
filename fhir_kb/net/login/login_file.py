"""Where the user's file of logins is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def login_file_path(environ: Mapping[str, str], platform: str = os.name) -> Path:
    """The file that FHIR_KB_LOGINS names, or logins.yaml in the user's folder for settings.

    platform: "nt" for Windows. The file need not be there. Raises NetError where there is no home.
    """
    if named := environ.get("FHIR_KB_LOGINS"):
        return Path(named)
    if platform == "nt":
        folder = Path(environ.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    else:
        folder = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return folder / "fhir-kb" / "logins.yaml"
