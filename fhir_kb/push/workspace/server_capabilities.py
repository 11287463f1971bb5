"""`capabilities.json`: what a server can do, as it said last.

Only a copy: what cannot be read, or has another version, is asked for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.push.errors import PushError
from fhir_kb.push.workspace.files import read_json, remove, write_json
from fhir_kb.servers.capabilities import capabilities_from_json, capabilities_to_json

if TYPE_CHECKING:
    from pathlib import Path

    from fhir_kb.servers.protocol import ServerCapabilities

_VERSION: Final = 2
_NAME: Final = "capabilities.json"
_NAME_OF_VERSION_1: Final = "profile.json"


def save_capabilities(folder: Path, capabilities: ServerCapabilities) -> None:
    """Remember what a server can do. Raises PushError."""
    content = {"format": _VERSION, "capabilities": capabilities_to_json(capabilities)}
    write_json(folder / _NAME, content)
    if (folder / _NAME_OF_VERSION_1).exists():
        remove(folder / _NAME_OF_VERSION_1)


def load_capabilities(folder: Path, base: str) -> ServerCapabilities | None:
    """What a server could do when it was last asked; None where that is not remembered."""
    try:
        content = read_json(folder / _NAME)
    except PushError:
        return None
    capabilities = content.get("capabilities")
    if content.get("format") != _VERSION or not isinstance(capabilities, dict):
        return None
    return capabilities_from_json(capabilities, base)
