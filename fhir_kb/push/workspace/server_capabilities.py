"""`profile.json`: what a server could do when it was last asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from fhir_kb.push.errors import PushError
from fhir_kb.push.workspace.files import read_json, write
from fhir_kb.servers.capabilities import capabilities_from_json, capabilities_to_json

if TYPE_CHECKING:
    from pathlib import Path

    from fhir_kb.servers.protocol import ServerCapabilities


def save_capabilities(folder: Path, profile: ServerCapabilities) -> None:
    """Remember what a server can do. Raises PushError."""
    content = orjson.dumps(capabilities_to_json(profile), option=orjson.OPT_APPEND_NEWLINE)
    write(folder / "profile.json", content)


def load_capabilities(folder: Path, base: str) -> ServerCapabilities | None:
    """What a server could do last time; None where nothing is remembered."""
    try:
        found = read_json(folder / "profile.json")
    except PushError:
        return None
    return capabilities_from_json(found, base) if found else None
