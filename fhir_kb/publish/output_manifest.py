"""The manifest of an output folder: our files in it. It is the same on every machine.

Beside it, outside the folder, stamps: size and time of each file as last seen on this machine, so
that an unchanged folder is known without reading it. Stamps are a cache; without them the files
are read.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from fhir_kb.files import write_cache
from fhir_kb.publish.errors import REBUILD, OutputError, check_format
from fhir_kb.publish.finding_codes import DAMAGED
from fhir_kb.publish.paths import OWN_PREFIX, is_safe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANIFEST = f"{OWN_PREFIX}.json"
FORMAT = 1
"""The format of the manifest; the key "format" in it."""
_STAMPS_FORMAT = 1

Stamp = tuple[int, int]
"""Size in bytes, time of the last change in nanoseconds."""


class FileEntry(NamedTuple):
    """A file of ours."""

    size: int
    sha256: str
    key: str
    """The key of its FileContent."""


class OutputManifest(NamedTuple):
    """The files of ours in an output folder."""

    files: Mapping[str, FileEntry]
    """By path."""
    digest: str = ""
    """Of the manifest's own bytes; "" where there is none yet."""
    purpose: str = ""
    """What made the files: "" for a build, "pull"."""


def read_manifest(folder: Path) -> OutputManifest:
    """The folder's manifest; an empty one where there is none.

    Raises OutputError if it is damaged, or has the format of another version of fhir-kb.
    """
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return OutputManifest({})
    try:
        manifest = orjson.loads(content)
        check_format(path, manifest["format"], FORMAT)
        files = {name: _entry(name, fields) for name, fields in manifest["files"].items()}
        purpose = str(manifest.get("purpose", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutputError(DAMAGED, f"the list of files '{path}' is damaged", REBUILD) from error
    return OutputManifest(files, hashlib.sha256(content).hexdigest(), purpose)


def _entry(path: str, fields: list[Any]) -> FileEntry:
    size, sha256, *key = fields
    if not (is_safe(path) and isinstance(size, int) and isinstance(sha256, str)):
        raise ValueError(path)
    return FileEntry(size, sha256, key[0] if key else sha256)


def manifest_bytes(files: Mapping[str, FileEntry], purpose: str = "") -> bytes:
    """The manifest as it is written: one line a file, by path."""
    stated = b'"purpose":%s,\n' % orjson.dumps(purpose) if purpose else b""
    lines = b",\n".join(_line(path, files[path]) for path in sorted(files))
    return (
        b'{"about":"Files written by fhir-kb. Whatever is not listed here is left alone.",\n'
        b'"format":%d,\n%s"files":{\n%s\n}}\n' % (FORMAT, stated, lines)
    )


def _line(path: str, entry: FileEntry) -> bytes:
    fields: list[Any] = [entry.size, entry.sha256]
    if entry.key != entry.sha256:
        fields.append(entry.key)
    return orjson.dumps(path) + b":" + orjson.dumps(fields)


def read_stamps(path: Path | None, digest: str) -> dict[str, Stamp]:
    """The stamps written for the manifest of that digest; none where they cannot be used."""
    if path is None or not digest:
        return {}
    try:
        content = orjson.loads(path.read_bytes())
        if content["format"] != _STAMPS_FORMAT or content["manifest"] != digest:
            return {}
        return {name: (size, time) for name, (size, time) in content["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_stamps(path: Path | None, digest: str, stamps: Mapping[str, Stamp]) -> None:
    """Note the stamps; a cache that cannot be written is not worth an error."""
    if path is None:
        return
    write_cache(path, orjson.dumps({"format": _STAMPS_FORMAT, "manifest": digest, "files": stamps}))


def stamps_below(folder: Path, directories: set[str]) -> dict[str, Stamp | None]:
    """What is in the folder and in these directories of it, by path.

    The stamps of plain files, None for directories, links and whatever else. A missing directory
    holds nothing.
    """
    stamps: dict[str, Stamp | None] = {}
    for directory in sorted(directories | {""}):
        prefix = f"{directory}/" if directory else ""
        try:
            entries = os.scandir(folder / directory)
        except (FileNotFoundError, NotADirectoryError):
            continue
        with entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                plain = entry.is_file(follow_symlinks=False)
                stamp = (status.st_size, status.st_mtime_ns) if plain else None
                stamps[prefix + entry.name] = stamp
    return stamps
