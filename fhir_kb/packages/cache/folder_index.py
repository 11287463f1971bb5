"""The index of a folder of resources: made once, by reading every file, and then kept on disk.

In a folder that is no package, resources in Bundles are indexed too: the file "bundle.json//3"
stands for entry 3 (from 0 on) of bundle.json.

Of a package, the folders inside are indexed too, but for those with examples and tests.

A kept index is used while its key is the same, that is, while the folder is unchanged. For a
package, which nobody edits, the key is the modification time of its folders and of its
package.json; for any other folder, the size and modification time of every file.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from fhir_kb.files import write_cache
from fhir_kb.packages.errors import PackageError
from fhir_kb.packages.index import Index, IndexEntry, index_entry
from fhir_kb.packages.json_files import UnreadableError, read_object

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FILES = 200_000
BROKEN = "broken"
INSIDE = "//"
_FORMAT = 4
_JSON: Final = ".json"
_XML: Final = ".xml"
_NO_DEFINITIONS: Final = frozenset({"example", "examples", "test", "tests", "node_modules"})
"""Folders of a package whose resources define nothing: https://hl7.org/fhir/packages.html."""


@dataclass(frozen=True, slots=True)
class FolderIndex:
    """The resources of a folder."""

    entries: Index
    """All resources that have a url."""
    problems: tuple[str, ...] = ()
    """One sentence for each unreadable file."""


def index_of(folder: Path, own: Path, *, is_package: bool, rebuild: bool = False) -> FolderIndex:
    """The index of a folder, from the cache below `own` if that is up to date.

    Args:
        folder: The folder, or a file that is named instead of one.
        own: The cache of fhir-kb.
        is_package: Whether it is a package, whose bundles are examples.
        rebuild: Whether to make the index even if the cache has one.

    Raises:
        PackageError: The folder cannot be listed.
    """
    try:
        files = None if is_package else _files_below(folder)
        key = _package_key(folder) if files is None else _files_key(files)
        name = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:32]
        cache_file = own / "indexes" / f"{name}.json"
        index = None if rebuild else _read_cache(cache_file, key)
        if index is None:
            names = package_files(folder) if files is None else sorted(files)
            index = _build(folder, names, is_package=is_package)
            _write_cache(cache_file, key, index)
    except OSError as error:
        raise PackageError(
            f"'{folder}' cannot be read: {error.strerror or error}",
            "Fix the permissions of that folder",
        ) from error
    return index


def _package_key(folder: Path) -> str:
    parts = [inner.stat().st_mtime_ns for inner in _package_folders(folder)]
    for name in ("package.json", ".index.json"):
        with contextlib.suppress(FileNotFoundError):
            status = (folder / name).stat()
            parts += [status.st_size, status.st_mtime_ns]
    return "-".join(map(str, parts))


def package_files(folder: Path, suffix: str = _JSON) -> list[str]:
    """The files of a package that may define something, in order; without package.json.

    Args:
        folder: The folder of its package.json.
        suffix: ".json" or ".xml".

    Returns:
        Their paths below the folder: "ValueSet-a.json", "profiles/StructureDefinition-b.json".

    Raises:
        OSError: A folder cannot be listed.
        PackageError: There are too many.
    """
    names: list[str] = []
    for inner in _package_folders(folder):
        prefix = "" if inner == folder else f"{inner.relative_to(folder).as_posix()}/"
        with os.scandir(inner) as entries:
            names += [
                prefix + entry.name
                for entry in entries
                if entry.name.lower().endswith(suffix) and entry.name[0] != "."
            ]
    return _not_too_many(folder, sorted(set(names) - {"package.json"}))


def _package_folders(folder: Path) -> Iterator[Path]:
    """The folder of a package and those inside that may define something, in order."""
    todo = [folder]
    while todo:
        current = todo.pop()
        yield current
        with os.scandir(current) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
                and entry.name[0] != "."
                and entry.name.lower() not in _NO_DEFINITIONS
            )
        todo += [current / name for name in reversed(names)]


def _unreadable(error: OSError) -> None:
    """A folder that cannot be read is not an empty one."""
    raise error


def _files_below(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and modification time of each JSON file in the folder and below, but for hidden ones.

    If a file is named instead of a folder, it has the name "".
    """
    files: dict[str, tuple[int, int]] = {}
    if folder.is_file():
        status = folder.stat()
        return {"": (status.st_size, status.st_mtime_ns)}
    for parent, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.lower().endswith(".json") and not name.startswith("."):
                path = Path(parent, name)
                with contextlib.suppress(FileNotFoundError):
                    status = path.stat()
                    files[path.relative_to(folder).as_posix()] = (
                        status.st_size,
                        status.st_mtime_ns,
                    )
        _not_too_many(folder, list(files))
    return files


def _not_too_many(folder: Path, names: list[str]) -> list[str]:
    if len(names) > MAX_FILES:
        raise PackageError(
            f"'{folder}' has more than {MAX_FILES} files", "Name a folder with fewer files"
        )
    return names


def _files_key(files: dict[str, tuple[int, int]]) -> str:
    return hashlib.sha256(orjson.dumps(sorted(files.items()))).hexdigest()


def _build(folder: Path, names: list[str], *, is_package: bool) -> FolderIndex:
    entries: list[IndexEntry] = []
    problems: list[str] = []
    listed: dict[str, dict[str, Any]] | None = None
    for name in names:
        try:
            resource = read_object(folder / name)
        except UnreadableError as error:
            problems.append(f"'{name or folder.name}' cannot be used: {error}")
            listed = _package_index(folder) if listed is None else listed
            resource = {**listed.get(name, {}), "kind": BROKEN}
        if (entry := index_entry(resource, name)) is not None:
            entries.append(entry)
        elif not is_package and resource.get("resourceType") == "Bundle":
            entries += _in_bundle(resource, name)
    return FolderIndex(Index.of(entries), tuple(problems))


def resource_in(folder: Path, file: str) -> dict[str, Any]:
    """The resource that an entry's `file` names. Raises UnreadableError."""
    name, _, number = file.partition(INSIDE)
    resource = read_object(folder / name)
    if not number:
        return resource
    inside = dict(_resources_of(resource)).get(int(number))
    if inside is None:
        raise UnreadableError("the file has changed since it was indexed")
    return inside


def _in_bundle(bundle: dict[str, Any], name: str) -> Iterator[IndexEntry]:
    for number, resource in _resources_of(bundle):
        if (entry := index_entry(resource, f"{name}{INSIDE}{number}")) is not None:
            yield entry


def _resources_of(bundle: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    entries = bundle.get("entry")
    for number, item in enumerate(entries if isinstance(entries, list) else ()):
        resource = item.get("resource") if isinstance(item, dict) else None
        if isinstance(resource, dict):
            yield number, resource


def _package_index(folder: Path) -> dict[str, dict[str, Any]]:
    """The entries of a package's own .index.json by file, for files that cannot be read.

    https://hl7.org/fhir/packages.html
    """
    try:
        files = read_object(folder / ".index.json").get("files")
    except UnreadableError:
        return {}
    items = files if isinstance(files, list) else []
    return {
        item["filename"]: item
        for item in items
        if isinstance(item, dict) and isinstance(item.get("filename"), str)
    }


def _read_cache(path: Path, key: str) -> FolderIndex | None:
    try:
        content = orjson.loads(path.read_bytes())
        if content["format"] != _FORMAT or content["key"] != key:
            return None
        rows, problems = content["entries"], content["problems"]
        if not _are_rows(rows) or not _are_strings(problems):
            return None
        return FolderIndex(Index(rows), tuple(problems))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _are_rows(rows: object) -> bool:
    return isinstance(rows, dict) and all(
        isinstance(entries, list)
        and all(_are_strings(row) and 1 < len(row) < len(IndexEntry._fields) for row in entries)
        for entries in rows.values()
    )


def _are_strings(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _write_cache(path: Path, key: str, index: FolderIndex) -> None:
    content = {
        "format": _FORMAT,
        "key": key,
        "entries": index.entries.rows,
        "problems": index.problems,
    }
    write_cache(path, orjson.dumps(content))
