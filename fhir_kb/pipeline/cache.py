"""The build cache: compiled topics of earlier builds, so that only what changed is compiled.

The cache is never needed: what is missing, stale, damaged or of another format in it is compiled
again. A topic's key covers everything that it was made of: this program, the settings and
concepts, its files, and what it may know of the topics that it names.
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

FORMAT: Final = 2
"""The format of the cache's files; a file with another one, or with none, is ignored."""


def program_fingerprint() -> str:
    """A fingerprint of this program: its version and the sizes and times of its files."""
    root = Path(fhir_kb.__file__).parent
    parts = [fhir_kb.__version__]
    for folder, subfolders, files in os.walk(root):
        subfolders.sort()
        for name in sorted(files):
            if not name.endswith(".pyc"):
                status = (Path(folder) / name).stat()
                parts.append(f"{folder}/{name}:{status.st_size}:{status.st_mtime_ns}")
    return fingerprint(*parts)


def fingerprint(*parts: str) -> str:
    """A SHA-256 over texts, each ended."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


class Cache:
    """A folder with a file for each topic, and a few JSON files about all of them.

    folder: None for no cache: then nothing is found and nothing is written.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @property
    def is_enabled(self) -> bool:
        """Whether anything is cached."""
        return self._folder is not None

    def read_topic(self, name: str) -> bytes:
        """The cached topic of the folder `name`; b"" where there is none."""
        if self._folder is None:
            return b""
        try:
            return self._path(name).read_bytes()
        except OSError:
            return b""

    def write_topic(self, name: str, content: bytes) -> None:
        """Cache a topic. A cache that cannot be written is no reason to stop."""
        if self._folder is not None:
            write_cache(self._path(name), content)

    def read_json(self, name: str) -> dict[str, Any]:
        """The JSON object that was cached under `name`; empty where there is none to use."""
        if self._folder is None:
            return {}
        try:
            content = orjson.loads((self._folder / f"{name}.json").read_bytes())
        except (OSError, ValueError):
            return {}
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            return {}
        return content

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Cache a JSON object."""
        if self._folder is not None:
            write_cache(self._folder / f"{name}.json", orjson.dumps({"format": FORMAT, **content}))

    @property
    def stamps(self) -> Path | None:
        """The file for the stamps of the output folder; see fhir_kb.publish.output_manifest."""
        return self._folder / "stamps" if self._folder is not None else None

    def _path(self, name: str) -> Path:
        assert self._folder is not None
        return self._folder / "topics" / hashlib.sha256(name.encode()).hexdigest()[:32]


def findings_json(findings: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Findings as JSON."""
    return [to_json(finding) for finding in findings]


def findings_from(records: Iterable[dict[str, Any]]) -> tuple[Diagnostic, ...]:
    """The findings that `findings_json` made `records` of."""
    return tuple(from_json(record) for record in records)
