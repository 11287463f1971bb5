"""What earlier builds made, kept so that only what changed is made again.

The cache is never needed: whatever is missing, stale or broken in it is made anew. A topic is
known by a key over everything it was made of: this program, the settings and concepts, its files,
and what it may know of the topics that it names.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

import fhir_kb
from fhir_kb.diagnostics import from_json, to_json
from fhir_kb.files import write_cache

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.diagnostics import Diagnostic

FORMAT: Final = "1"


def program() -> str:
    """A fingerprint of this program: its version and the sizes and times of its files."""
    root = Path(fhir_kb.__file__).parent
    found = [FORMAT, fhir_kb.__version__]
    for folder, inner, files in os.walk(root):
        inner.sort()
        for name in sorted(files):
            if not name.endswith(".pyc"):
                status = (Path(folder) / name).stat()
                found.append(f"{folder}/{name}:{status.st_size}:{status.st_mtime_ns}")
    return digest(*found)


def digest(*words: str) -> str:
    """A fingerprint of words."""
    whole = hashlib.sha256()
    for word in words:
        whole.update(word.encode() + b"\0")
    return whole.hexdigest()


class Cache:
    """A folder of what was made, one file a topic. `folder` None: nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @property
    def keeps(self) -> bool:
        """Whether anything is kept."""
        return self._folder is not None

    def get(self, name: str) -> bytes:
        """What was kept of the topic in folder `name`; b"" where there is nothing."""
        if self._folder is None:
            return b""
        try:
            return self._path(name).read_bytes()
        except OSError:
            return b""

    def put(self, name: str, content: bytes) -> None:
        """Keep what was made. A cache that can't be written is no reason to stop."""
        if self._folder is not None:
            write_cache(self._path(name), content)

    def note(self, name: str) -> dict[str, Any]:
        """A small JSON object that was kept under `name`; empty where there is none."""
        if self._folder is None:
            return {}
        try:
            found = orjson.loads((self._folder / f"{name}.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def put_note(self, name: str, note: Mapping[str, Any]) -> None:
        """Keep a small JSON object."""
        if self._folder is not None:
            write_cache(self._folder / f"{name}.json", orjson.dumps(note))

    @property
    def stamps(self) -> Path | None:
        """Where the output's stamps are kept."""
        return self._folder / "stamps" if self._folder is not None else None

    def _path(self, name: str) -> Path:
        assert self._folder is not None
        return self._folder / "topics" / hashlib.sha256(name.encode()).hexdigest()[:32]


def findings_json(findings: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Findings as JSON."""
    return [to_json(found) for found in findings]


def findings_from(records: Iterable[dict[str, Any]]) -> tuple[Diagnostic, ...]:
    """The findings that `findings_json` made `records` of."""
    return tuple(from_json(record) for record in records)
