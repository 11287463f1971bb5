"""What an output folder holds of ours: the manifest, the same on every machine.

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
from fhir_kb.publish.codes import DAMAGED
from fhir_kb.publish.errors import OutputError
from fhir_kb.publish.paths import OWN_PREFIX, is_safe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANIFEST = f"{OWN_PREFIX}.json"
_FORMAT = 1

Stamp = tuple[int, int]
"""Size in bytes, time of the last change in nanoseconds."""


class FileEntry(NamedTuple):
    """A file of ours. key: FileContent.key of what it holds; sha256: of its bytes."""

    size: int
    sha256: str
    key: str


class OutputManifest(NamedTuple):
    """files: by path. digest: of the manifest's own bytes; "" where there is none yet."""

    files: Mapping[str, FileEntry]
    digest: str = ""


def read_manifest(folder: Path) -> OutputManifest:
    """The folder's manifest; an empty one where there is none. Raises OutputError if damaged."""
    try:
        content = (folder / MANIFEST).read_bytes()
    except FileNotFoundError:
        return OutputManifest({})
    try:
        files = _entries(orjson.loads(content))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutputError(
            DAMAGED,
            f"the list of files in '{folder / MANIFEST}' is damaged or of a newer fhir-kb",
            "Empty the folder and build again: everything in it can be made anew",
        ) from error
    return OutputManifest(files, hashlib.sha256(content).hexdigest())


def _entries(stated: dict[str, Any]) -> dict[str, FileEntry]:
    if stated["format"] != _FORMAT:
        raise ValueError(stated["format"])
    return {path: _entry(path, fields) for path, fields in stated["files"].items()}


def _entry(path: str, fields: list[Any]) -> FileEntry:
    size, sha256, *key = fields
    if not (is_safe(path) and isinstance(size, int) and isinstance(sha256, str)):
        raise ValueError(path)
    return FileEntry(size, sha256, key[0] if key else sha256)


def manifest_bytes(files: Mapping[str, FileEntry]) -> bytes:
    """The manifest as it is written: one line a file, by path."""
    lines = b",\n".join(_line(path, files[path]) for path in sorted(files))
    return (
        b'{"about":"Files written by fhir-kb. Whatever is not listed here is left alone.",\n'
        b'"format":%d,\n"files":{\n%s\n}}\n' % (_FORMAT, lines)
    )


def _line(path: str, entry: FileEntry) -> bytes:
    fields: list[Any] = [entry.size, entry.sha256]
    if entry.key != entry.sha256:
        fields.append(entry.key)
    return orjson.dumps(path) + b":" + orjson.dumps(fields)


def read_stamps(path: Path | None, digest: str) -> dict[str, Stamp]:
    """The stamps noted for the manifest of that digest; none where they are missing or odd."""
    if path is None or not digest:
        return {}
    try:
        stated = orjson.loads(path.read_bytes())
        if stated["manifest"] != digest:
            return {}
        return {name: (size, time) for name, (size, time) in stated["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_stamps(path: Path | None, digest: str, stamps: Mapping[str, Stamp]) -> None:
    """Note the stamps; a cache that cannot be written is not worth an error."""
    if path is None:
        return
    write_cache(path, orjson.dumps({"manifest": digest, "files": stamps}))


def stamps_below(folder: Path, directories: set[str]) -> dict[str, Stamp | None]:
    """What stands in the folder and in these directories of it, by path: the stamps of plain files,
    None for directories, links and whatever else. A missing directory holds nothing.
    """
    found: dict[str, Stamp | None] = {}
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
                found[prefix + entry.name] = stamp
    return found
