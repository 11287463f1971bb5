"""The profiles and extensions of FHIR itself, read from the files that ship with fhir-kb.

A file is NDJSON made by scripts/make_profiles.py and compressed by gzip in several members: the
first is an index, each other has some dozens of lines, so that a look-up unpacks only these.
`zcat` shows all.
"""

from __future__ import annotations

import zlib
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from fhir_kb.packages.core.definitions import CORE, supported_release
from fhir_kb.packages.index import Index, ResourceCache, newest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from fhir_kb.packages.index import IndexEntry

_GZIP = 31  # what zlib calls a stream with gzip's header
_MAX_BLOCKS = 8


@cache
def core_profiles(fhir_version: str) -> CoreProfiles:
    """The StructureDefinitions of a FHIR release: types, profiles and extensions.

    A `Canonicals`: `find` reads one resource, about 2 ms the first time. It has those of
    hl7.fhir.*.core and of hl7.fhir.uv.extensions; of a url that both have, the newer is found,
    which is that of the extension pack. They have snapshots (but for two examples of R4B and R5),
    and profiles and extensions also differentials. What is meant for readers (narrative,
    definitions, comments, mappings) is left out. Invariants are corrected as in `definitions`.

    Raises ValueError for a version that we do not support.
    """
    release = supported_release(fhir_version)
    names = (f"profiles-{release.name}", f"extensions-{release.extension_pack}")
    return CoreProfiles([_File(CORE / f"{name}.ndjson.gz") for name in names])


class CoreProfiles:
    """StructureDefinitions in several files of the wheel."""

    def __init__(self, files: list[_File]) -> None:
        self._files = {file.name: file for file in files}
        self._cache = ResourceCache(self._read)

    def find(self, canonical: str, resource_type: str = "") -> Mapping[str, Any] | None:
        """See Canonicals.find."""
        entry = newest(
            entry
            for file in self._files.values()
            for entry in file.index.matching(canonical, resource_type)
        )
        return None if entry is None else self._cache.get(entry)

    def entries(self) -> Iterator[IndexEntry]:
        """The entries of all files."""
        for file in self._files.values():
            yield from file.index

    def read(self, entry: IndexEntry) -> Mapping[str, Any]:
        """The resource of one of the entries."""
        return self._cache.get(entry)

    def _read(self, entry: IndexEntry) -> Mapping[str, Any]:
        name, block, line = entry.file.split(":")
        resource: dict[str, Any] = orjson.loads(self._files[name].line(int(block), int(line)))
        return resource


class _File:
    """One file: its index is read at once, its blocks when they are needed."""

    def __init__(self, path: Path) -> None:
        self.name = path.name.partition(".")[0]
        unpacker = zlib.decompressobj(_GZIP)
        header: dict[str, Any] = orjson.loads(unpacker.decompress(path.read_bytes()))
        self.index = Index(header["resources"])
        self._block_ranges: list[list[int]] = header["blocks"]
        self._packed = unpacker.unused_data
        self._blocks: dict[int, list[bytes]] = {}

    def line(self, block: int, line: int) -> bytes:
        """A line of a block; the blocks used last are kept unpacked."""
        lines = self._blocks.get(block)
        if lines is None:
            start, end = self._block_ranges[block]
            lines = zlib.decompress(self._packed[start:end], _GZIP).split(b"\n")
            if len(self._blocks) >= _MAX_BLOCKS:
                del self._blocks[next(iter(self._blocks))]
            self._blocks[block] = lines
        return lines[line]
