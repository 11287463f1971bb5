"""HL7's code systems and value sets, read from the files that ship with fhir-kb.

A file is made by scripts/make_code_systems.py: the length of the index in 4 bytes, the index, then
blocks of lines, each compressed by itself, so that only those in use are read.
"""

from __future__ import annotations

import zlib
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from fhir_kb.packages.core.definitions import CORE, supported_release

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: For all releases: hl7.terminology and the code systems of the extensions package.
COMMON = "common"


class CodeSystem(NamedTuple):
    """A code system with all its codes."""

    url: str
    version: str
    codes: Mapping[str, tuple[str, ...]]
    """Code -> its displays, the preferred one first; none where it has no display."""
    any_case: bool = False
    """Whether upper and lower case make no difference in its codes."""
    parents: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """Code -> the codes directly above it."""
    properties: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType({})
    """Code -> property -> values, as text."""
    declared: tuple[str, ...] = ()
    """The properties that it declares."""
    value_set: str = ""
    """The url of the value set of all its codes."""


def path_of(name: str) -> Path:
    """The file of a release ("r5") or of COMMON."""
    return CORE / f"codes-{name}.bin"


@cache
def code_systems(fhir_version: str) -> CodeSystems:
    """The code systems of a FHIR release. Raises ValueError for a version we do not support."""
    return CodeSystems((_file(COMMON), _file(supported_release(fhir_version).name)))


def sets_path(name: str) -> Path:
    """The file with the value sets of a release ("r5") or of COMMON."""
    return CORE / f"sets-{name}.bin"


@cache
def value_sets(fhir_version: str) -> ValueSets:
    """The value sets of a FHIR release. Raises ValueError for a version that we do not support."""
    # the release's own go first: the extension packs have some of later releases
    return ValueSets((_sets(supported_release(fhir_version).name), _sets(COMMON)))


class ValueSets:
    """The value sets of one release; each is read when it is used."""

    def __init__(self, files: tuple[_File, ...]) -> None:
        self._files = files

    def __contains__(self, url: str) -> bool:
        return any(url in file.index for file in self._files)

    def get(self, url: str) -> dict[str, Any] | None:
        """The version and compose of the ValueSet with that url (without version), or None."""
        for file in self._files:
            if url in file.index:
                return {"resourceType": "ValueSet", "url": url, **file.line(url)}
        return None


class CodeSystems:
    """The code systems of one release; each is read when it is first used."""

    def __init__(self, files: tuple[_File, ...]) -> None:
        self._files = files
        self._code_systems: dict[str, CodeSystem] = {}

    def get(self, url: str) -> CodeSystem | None:
        """The code system with that url (without version), or None where it does not ship."""
        if url not in self._code_systems:
            file = next((file for file in self._files if url in file.index), None)
            if file is None:
                return None
            self._code_systems[url] = file.read(url)
        return self._code_systems[url]


class _File:
    def __init__(self, path: Path) -> None:
        content = path.read_bytes()
        start = 4 + int.from_bytes(content[:4], "big")
        self.index: dict[str, list[int]] = orjson.loads(zlib.decompress(content[4:start]))
        self._body = memoryview(content)[start:]

    def line(self, url: str) -> dict[str, Any]:
        start, length, number = self.index[url]
        lines = zlib.decompress(self._body[start : start + length]).split(b"\n")
        line: dict[str, Any] = orjson.loads(lines[number])
        return line

    def read(self, url: str) -> CodeSystem:
        line = self.line(url)
        return CodeSystem(
            url,
            line["version"],
            {code: tuple(names) for code, names in line["codes"].items()},
            line.get("anyCase", False),
            {code: tuple(parents) for code, parents in line.get("parents", {}).items()},
            line.get("properties", {}),
            tuple(line.get("declared", ())),
            line.get("valueSet", ""),
        )


@cache
def _file(name: str) -> _File:
    return _File(path_of(name))


@cache
def _sets(name: str) -> _File:
    return _File(sets_path(name))
