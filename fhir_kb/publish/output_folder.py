"""Bring an output folder to a wanted state, as a whole or not at all.

The folder is ours when it holds our manifest, or nothing that matters. Only files in the manifest
are ever replaced or removed. docs/adr/0004-output.md says how a crash is survived.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.diagnostics import has_errors
from fhir_kb.publish.codes import CANNOT_WRITE, NOT_OURS
from fhir_kb.publish.comparison import FolderState, compare, unsafe_names
from fhir_kb.publish.errors import OutputError, cannot_write
from fhir_kb.publish.file_content import fixed_content
from fhir_kb.publish.journal import STAGE, StagingArea, recover
from fhir_kb.publish.lock import LOCK, locked
from fhir_kb.publish.output_manifest import (
    MANIFEST,
    FileEntry,
    manifest_bytes,
    read_manifest,
    read_stamps,
    stamps_below,
    write_stamps,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fhir_kb.diagnostics import Diagnostic
    from fhir_kb.publish.comparison import FolderChange
    from fhir_kb.publish.file_content import FileContent
    from fhir_kb.publish.output_manifest import Stamp
    from fhir_kb.publish.writing import StagedFile

# What may stand in a folder that is to become ours: kept in version control, or left by a desktop.
_HARMLESS = {"README.md", ".gitignore", ".gitkeep", ".DS_Store", "Thumbs.db", "desktop.ini"}


class WriteResult(NamedTuple):
    """What a write did, by path; with an error among the findings, nothing at all was done.

    digest: of the manifest: two folders with the same digest hold the same files of ours.
    """

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    digest: str = ""


def write(
    folder: Path, files: Mapping[str, FileContent], *, stamps: Path | None = None
) -> WriteResult:
    """Make the folder hold exactly `files` of ours, and touch nothing else.

    files: by path below the folder, with "/". stamps: a cache file outside the folder, so that
    unchanged files need not be read (see manifest.py).

    Returns findings instead of writing where a file that is not ours is in the way, or names
    collide. Raises OutputError where the folder is not ours, busy, or cannot be written.
    """
    if refused := tuple(unsafe_names(folder, files)):
        return WriteResult(diagnostics=refused)
    try:
        _must_be_ours(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            recover(folder)
            _must_be_ours(folder)
            present = _look(folder, files, stamps)
            change = compare(present, files)
            if has_errors(change.findings):
                return WriteResult(diagnostics=tuple(change.findings))
            written, seen = _apply(present, files, change)
            write_stamps(stamps, written.digest, seen)
            return written
    except OSError as error:
        raise cannot_write(folder, error) from error


def unchanged_digest(folder: Path, *, stamps: Path) -> str:
    """The digest that `write` returned, if nothing of ours in the folder was touched since.

    "" otherwise. Looks at sizes and times only, so it is fast; a change that was interrupted
    counts as touched.
    """
    try:
        digest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
        noted = read_stamps(stamps, digest)
        found = stamps_below(folder, _directories(noted))
    except OSError:
        return ""
    whole = STAGE not in found and all(found.get(path) == noted[path] for path in noted)
    return digest if noted and whole else ""


def _must_be_ours(folder: Path) -> None:
    if not folder.is_dir():
        if folder.exists() or folder.is_symlink():
            raise OutputError(
                CANNOT_WRITE,
                f"cannot write the output folder '{folder}': it is a file or a broken link",
                "Choose another folder",
            )
        return
    names = {entry.name for entry in folder.iterdir()}
    if MANIFEST in names or (folder / STAGE).is_dir():
        return
    if strange := sorted(names - _HARMLESS - {LOCK}):
        raise OutputError(
            NOT_OURS,
            f"the folder '{folder}' was not made by fhir-kb: it holds '{strange[0]}'",
            "Choose an empty or a new folder",
        )


def _look(folder: Path, files: Iterable[str], stamps: Path | None) -> FolderState:
    old = read_manifest(folder)
    wanted = _directories(files)
    found = stamps_below(folder, wanted | _directories(old.files))
    for directory in sorted(wanted):
        if (folder / directory).is_symlink():
            raise OutputError(
                CANNOT_WRITE,
                f"cannot write the output folder '{folder}': '{directory}' in it is a link",
                "Remove the link, or choose another folder",
            )
    files_there = {path for path, stamp in found.items() if stamp is not None}
    blocked = (one for one in wanted if not files_there.isdisjoint({one, *_above(one)}))
    return FolderState(folder, old, read_stamps(stamps, old.digest), found, frozenset(blocked))


def _directories(paths: Iterable[str]) -> set[str]:
    """All directories that the paths go through, but for the folder itself."""
    direct = {path.rpartition("/")[0] for path in paths}
    return direct.union(*map(_above, direct)) - {""}


def _above(path: str) -> set[str]:
    parts = path.split("/")
    return {"/".join(parts[:count]) for count in range(1, len(parts))}


def _apply(
    present: FolderState, files: Mapping[str, FileContent], change: FolderChange
) -> tuple[WriteResult, dict[str, Stamp]]:
    """Carry out the change; also returns the stamps that our files have now."""
    entries = dict(change.kept)
    seen = {path: stamp for path in entries if (stamp := present.found[path]) is not None}
    if not change.write and not change.remove and entries == present.old.files:
        return WriteResult(unchanged=tuple(entries), digest=present.old.digest), seen
    made: dict[str, StagedFile] = {}
    with StagingArea(present.folder, files) as stage:
        for path, staged in stage.add({path: files[path] for path in change.write}).items():
            entries[path] = FileEntry(staged.size, staged.sha256, files[path].key)
            if present.holds(path, staged.size, staged.sha256):  # another key, the same bytes
                stage.drop(staged)
                seen[path] = present.found[path] or staged.stamp
            else:
                made[path] = staged
        manifest = stage.add({MANIFEST: fixed_content(manifest_bytes(entries))})[MANIFEST]
        stage.commit(change.remove)
    seen.update((path, staged.stamp) for path, staged in made.items())
    written = WriteResult(
        created=tuple(path for path in made if path not in present.found),
        changed=tuple(path for path in made if path in present.found),
        unchanged=tuple(path for path in sorted(files) if path not in made),
        removed=tuple(change.remove),
        diagnostics=tuple(change.findings),
        digest=manifest.sha256,
    )
    return written, seen
