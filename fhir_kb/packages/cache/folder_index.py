"""The index of a folder of resources: made once, by reading every file, and then kept on disk.

In a folder that is no package, the resources in Bundles count too: a file that is named
"bundle.json//3" is what stands in entry 3 (from 0 on) of bundle.json.

A kept index is used while its key is the same: what the folder looked like when it was made. For a
package, which nobody edits, that is the folder's time and its package.json's; for any other
folder, every file's size and time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from fhir_kb.files import write_cache
from fhir_kb.packages.errors import PackageError
from fhir_kb.packages.index import Entry, Index, entry_of
from fhir_kb.packages.json_files import UnreadableError, read_object

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FILES = 200_000
BROKEN = "broken"
INSIDE = "//"
_FORMAT = 3


@dataclass(frozen=True, slots=True)
class FolderIndex:
    """entries: all resources that have a url. problems: one sentence for each unreadable file."""

    entries: Index
    problems: tuple[str, ...] = ()


def index_of(folder: Path, own: Path, *, is_package: bool, anew: bool = False) -> FolderIndex:
    """The index of a folder, from below `own` if a fitting one is kept there.

    A package is one folder; any other is looked at with all that is in it. anew: pass over what is
    kept. Raises PackageError where the folder cannot be listed.
    """
    try:
        files = None if is_package else _files_below(folder)
        key = _package_key(folder) if files is None else _files_key(files)
        name = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:32]
        kept = own / "indexes" / f"{name}.json"
        found = None if anew else _kept(kept, key)
        if found is None:
            names = _files_in(folder) if files is None else sorted(files)
            found = _made(folder, names, is_package=is_package)
            _keep(kept, key, found)
    except OSError as error:
        raise PackageError(
            f"'{folder}' cannot be read: {error.strerror or error}", "Allow reading it"
        ) from error
    return found


def _package_key(folder: Path) -> str:
    seen = [folder.stat().st_mtime_ns]
    for name in ("package.json", ".index.json"):
        with contextlib.suppress(FileNotFoundError):
            status = (folder / name).stat()
            seen += [status.st_size, status.st_mtime_ns]
    return "-".join(map(str, seen))


def _files_in(folder: Path) -> list[str]:
    """The names of the JSON files of a package."""
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if e.name.endswith(".json") and e.name[0] != "."]
    return _not_too_many(folder, sorted(set(names) - {"package.json"}))


def _files_below(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of each JSON file in the folder and below; hidden ones are passed over.

    Of a file that is named instead of a folder, its own, under the name "".
    """
    found: dict[str, tuple[int, int]] = {}
    if folder.is_file():
        status = folder.stat()
        return {"": (status.st_size, status.st_mtime_ns)}
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(".json") and not name.startswith("."):
                path = Path(place, name)
                with contextlib.suppress(FileNotFoundError):
                    status = path.stat()
                    found[path.relative_to(folder).as_posix()] = (
                        status.st_size,
                        status.st_mtime_ns,
                    )
        _not_too_many(folder, list(found))
    return found


def _not_too_many(folder: Path, names: list[str]) -> list[str]:
    if len(names) > MAX_FILES:
        raise PackageError(
            f"'{folder}' has more than {MAX_FILES} files", "Name a folder with fewer files"
        )
    return names


def _files_key(files: dict[str, tuple[int, int]]) -> str:
    return hashlib.sha256(orjson.dumps(sorted(files.items()))).hexdigest()


def _made(folder: Path, names: list[str], *, is_package: bool) -> FolderIndex:
    entries: list[Entry] = []
    problems: list[str] = []
    stated: dict[str, dict[str, Any]] | None = None
    for name in names:
        try:
            resource = read_object(folder / name)
        except UnreadableError as error:
            problems.append(f"'{name or folder.name}' cannot be used: {error}")
            stated = _stated(folder) if stated is None else stated
            resource = {**stated.get(name, {}), "kind": BROKEN}
        if (entry := entry_of(resource, name)) is not None:
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
        raise UnreadableError("the file has changed meanwhile")
    return inside


def _in_bundle(bundle: dict[str, Any], name: str) -> Iterator[Entry]:
    for number, resource in _resources_of(bundle):
        if (entry := entry_of(resource, f"{name}{INSIDE}{number}")) is not None:
            yield entry


def _resources_of(bundle: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    entries = bundle.get("entry")
    for number, item in enumerate(entries if isinstance(entries, list) else ()):
        resource = item.get("resource") if isinstance(item, dict) else None
        if isinstance(resource, dict):
            yield number, resource


def _stated(folder: Path) -> dict[str, dict[str, Any]]:
    """What a package's own .index.json says of each file, for files that do not say it themselves.

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


def _kept(path: Path, key: str) -> FolderIndex | None:
    try:
        found = orjson.loads(path.read_bytes())
        if found["format"] != _FORMAT or found["key"] != key:
            return None
        if not isinstance(found["entries"], dict):
            return None
        return FolderIndex(Index(found["entries"]), tuple(found["problems"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, key: str, index: FolderIndex) -> None:
    """Keep an index; a cache that can't be written is no reason to stop."""
    content = {
        "format": _FORMAT,
        "key": key,
        "entries": index.entries.rows,
        "problems": index.problems,
    }
    write_cache(path, orjson.dumps(content))
