"""`profile.json`: what a server could do when it was last asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from fhir_kb.push.errors import PushError
from fhir_kb.push.workspace.files import read_json, write
from fhir_kb.servers.capabilities import profile_from, profile_json

if TYPE_CHECKING:
    from pathlib import Path

    from fhir_kb.servers.server import Profile


def save_capabilities(folder: Path, profile: Profile) -> None:
    """Remember what a server can do. Raises PushError."""
    content = orjson.dumps(profile_json(profile), option=orjson.OPT_APPEND_NEWLINE)
    write(folder / "profile.json", content)


def load_capabilities(folder: Path, base: str) -> Profile | None:
    """What a server could do last time; None where nothing is remembered."""
    try:
        found = read_json(folder / "profile.json")
    except PushError:
        return None
    return profile_from(found, base) if found else None
