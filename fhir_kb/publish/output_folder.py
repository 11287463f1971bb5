"""Making an output folder hold given files, as a whole or not at all.

The folder is ours when it holds our manifest, or nothing that matters. Only files in the manifest
are ever replaced or removed. docs/adr/0004-output.md says how a crash is survived.
"""

from __future__ import annotations

import hashlib
import stat
from typing import TYPE_CHECKING, NamedTuple

from fhir_kb.diagnostics import has_errors
from fhir_kb.publish.comparison import FolderState, compare, unsafe_names
from fhir_kb.publish.errors import OutputError, cannot_complete, cannot_write
from fhir_kb.publish.file_content import fixed_content
from fhir_kb.publish.finding_codes import CANNOT_WRITE, NOT_OURS
from fhir_kb.publish.journal import STAGE, is_interrupted, recover
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
from fhir_kb.publish.staging import StagingArea

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fhir_kb.diagnostics import Diagnostic
    from fhir_kb.publish.comparison import FolderChange
    from fhir_kb.publish.file_content import FileContent
    from fhir_kb.publish.output_manifest import Stamp
    from fhir_kb.publish.writing import StagedFile

_IGNORED = {"README.md", ".gitignore", ".gitkeep", ".DS_Store", "Thumbs.db", "desktop.ini"}
"""What may be in a folder that is to become ours: for version control, or left by a desktop."""


_PATIENCE = 30.0


class WriteResult(NamedTuple):
    """What a write did, by path; with an error among the findings, nothing at all was done."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    digest: str = ""
    """Of the manifest: two folders with the same digest hold the same files of ours."""


def write(
    folder: Path,
    files: Mapping[str, FileContent],
    *,
    stamps: Path | None = None,
    purpose: str = "",
) -> WriteResult:
    """Make the folder hold exactly `files` of ours, and touch nothing else.

    Args:
        folder: Is created where it is missing.
        files: By path below the folder, with "/".
        stamps: A cache file outside the folder, so that unchanged files need not be read; see
            output_manifest.py.
        purpose: What makes the files: "" for a build, whose folder holds nothing else at first;
            "pull". Files of another purpose are not ours.

    Returns:
        What was done; findings where a file that is not ours is in the way, or names collide.

    Raises:
        OutputError: The folder is not ours, busy, or cannot be written.
    """
    if findings := tuple(unsafe_names(folder, files)):
        return WriteResult(diagnostics=findings)
    try:
        _check_ours(folder, purpose, is_locked=False)
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            recover(folder)
            _check_ours(folder, purpose, is_locked=True)
            state = _state(folder, files, stamps)
            change = compare(state, files)
            if has_errors(change.findings):
                return WriteResult(diagnostics=tuple(change.findings))
            result, new_stamps = _apply(state, files, change, purpose)
            write_stamps(stamps, result.digest, new_stamps)
            return result
    except OSError as error:
        raise cannot_write(folder, error) from error


def complete(folder: Path) -> bool:
    """Complete a change of an output folder that was interrupted; True if there was one.

    Waits for a build that is running.

    Raises:
        OutputError: It cannot be completed: the folder has files of two builds.
    """
    if not is_interrupted(folder):
        return False
    try:
        with locked(folder, patience=_PATIENCE):
            return recover(folder)
    except OSError as error:
        raise cannot_complete(folder, error) from error


def unchanged_digest(folder: Path, *, stamps: Path) -> str:
    """The digest that `write` returned, if nothing of ours in the folder was touched since.

    "" otherwise. Looks at sizes and times only, so it is fast; a change that was interrupted
    counts as touched.
    """
    try:
        digest = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
        written = read_stamps(stamps, digest)
        current = stamps_below(folder, _directories(written))
    except OSError:
        return ""
    is_same = STAGE not in current and all(current.get(path) == written[path] for path in written)
    return digest if written and is_same else ""


def _check_ours(folder: Path, purpose: str, *, is_locked: bool) -> None:
    """Raises OutputError for a folder with files of somebody else, or of another purpose."""
    try:  # once, as another run may just be creating it
        is_folder = stat.S_ISDIR(folder.stat().st_mode)
    except OSError:
        if not folder.is_symlink():
            return
        is_folder = False
    if not is_folder:
        raise OutputError(
            CANNOT_WRITE,
            f"cannot write the output folder '{folder}': it is a file or a broken link",
            "Choose another folder",
        )
    names = {entry.name for entry in folder.iterdir()}
    if MANIFEST in names and (other := read_manifest(folder).purpose) != purpose:
        raise OutputError(
            NOT_OURS,
            f"the folder '{folder}' has the files of a {other or 'build'}",
            "Choose another folder",
        )
    if purpose or MANIFEST in names or (STAGE in names and not (folder / STAGE).is_file()):
        return
    if not is_locked and LOCK in names:
        return  # another run is at it: what it is about to leave is looked at once it is done
    if foreign := sorted(names - _IGNORED - {LOCK}):
        raise OutputError(
            NOT_OURS,
            f"the folder '{folder}' was not created by fhir-kb: it contains '{foreign[0]}'",
            "Choose an empty or a new folder",
        )


def _state(folder: Path, files: Iterable[str], stamps: Path | None) -> FolderState:
    manifest = read_manifest(folder)
    directories = _directories(files)
    current = stamps_below(folder, directories | _directories(manifest.files))
    for directory in sorted(directories | _directories(manifest.files)):
        if (folder / directory).is_symlink():
            raise OutputError(
                CANNOT_WRITE,
                f"cannot write the output folder '{folder}': '{directory}' in it is a link",
                "Remove the link, or choose another folder",
            )
    plain_files = {path for path, stamp in current.items() if stamp is not None}
    blocked = frozenset(
        directory
        for directory in directories
        if not plain_files.isdisjoint({directory, *_parents(directory)})
    )
    return FolderState(folder, manifest, read_stamps(stamps, manifest.digest), current, blocked)


def _directories(paths: Iterable[str]) -> set[str]:
    """All directories that the paths go through, but for the folder itself."""
    direct = {path.rpartition("/")[0] for path in paths}
    return direct.union(*map(_parents, direct)) - {""}


def _parents(path: str) -> set[str]:
    parts = path.split("/")
    return {"/".join(parts[:count]) for count in range(1, len(parts))}


def _apply(
    state: FolderState, files: Mapping[str, FileContent], change: FolderChange, purpose: str
) -> tuple[WriteResult, dict[str, Stamp]]:
    """Carry out the change; also returns the stamps that our files have now."""
    entries = dict(change.unchanged)
    stamps = {path: stamp for path in entries if (stamp := state.stamps[path]) is not None}
    if not change.write and not change.remove and entries == state.manifest.files:
        return WriteResult(unchanged=tuple(entries), digest=state.manifest.digest), stamps
    written: dict[str, StagedFile] = {}
    with StagingArea(state.folder, files, state.manifest.files) as staging:
        for path, staged in staging.add({path: files[path] for path in change.write}).items():
            entries[path] = FileEntry(staged.size, staged.sha256, files[path].key)
            if state.has_content(path, staged.size, staged.sha256):  # another key, the same bytes
                staging.drop(path, staged)
                stamps[path] = state.stamps[path] or staged.stamp
            else:
                written[path] = staged
        content = manifest_bytes(entries, purpose)
        manifest = staging.add({MANIFEST: fixed_content(content)})[MANIFEST]
        staging.commit([path for path in entries if path not in written], change.remove)
    stamps.update((path, staged.stamp) for path, staged in written.items())
    result = WriteResult(
        created=tuple(path for path in written if path not in state.stamps),
        changed=tuple(path for path in written if path in state.stamps),
        unchanged=tuple(path for path in sorted(files) if path not in written),
        removed=tuple(change.remove),
        diagnostics=tuple(change.findings),
        digest=manifest.sha256,
    )
    return result, stamps
