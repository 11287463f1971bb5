"""Where a change of an output folder is prepared, before anything of the old output is touched."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from fhir_kb.files import sync_file, sync_folder
from fhir_kb.publish.folder_swap import FolderSwap, holds_mount, stage_rest
from fhir_kb.publish.journal import STAGE, Journal, carry_out, commit
from fhir_kb.publish.output_manifest import MANIFEST
from fhir_kb.publish.writing import write_all_new

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from fhir_kb.publish.file_content import FileContent
    from fhir_kb.publish.writing import StagedFile

_FEW = 32  # up to here, each file is brought to the disk by itself


class StagingArea:
    """The folder where a change is prepared; a context manager.

    What is not committed by the end of it is removed. A folder of the output that holds nothing but
    files is prepared as a whole, so that it changes in one step.

    names: Of all files that may be added.
    own: Of our files that are in the output folder.
    """

    def __init__(
        self, folder: Path, names: Collection[str] = (), own: Collection[str] = ()
    ) -> None:
        self._folder = folder
        self._total_files = len(names)
        self._aside = folder / STAGE
        self._own = own
        flat = _flat_folders((*names, *own))
        self._folders = {name: f"f{at}" for at, name in enumerate(flat)}
        self._added: dict[str, set[str]] = {name: set() for name in flat}
        self._singles: dict[str, str] = {}
        self._unsynced: dict[str, None] = {}
        self._committed = False
        self._numbers = count()

    def __enter__(self) -> StagingArea:
        self._aside.mkdir()
        for staged in self._folders.values():
            (self._aside / staged).mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._committed:
            shutil.rmtree(self._aside, ignore_errors=True)

    def add(self, files: Mapping[str, FileContent]) -> dict[str, StagedFile]:
        """Write files aside, each to become the one of its name."""
        places = {name: self._place(name) for name in files}
        few = len(files) <= _FEW
        if not few:
            self._unsynced.update(dict.fromkeys(places.values()))
        staged = write_all_new(
            [(places[name], content) for name, content in files.items()],
            self._total_files,
            durable=few,
        )
        by_place = {file.path: file for file in staged}
        return {name: by_place[place] for name, place in places.items()}

    def _place(self, name: str) -> str:
        """Where a file is staged; strings, because Path objects take longer than the rest."""
        top, _, rest = name.partition("/")
        if top in self._folders:
            self._added[top].add(rest)
            return f"{self._aside}{os.sep}{self._folders[top]}{os.sep}{rest}"
        number = str(next(self._numbers))
        self._singles[number] = name
        return f"{self._aside}{os.sep}{number}"

    def drop(self, name: str, staged: StagedFile) -> None:
        """Forget a file: what is there already is the same."""
        top, _, rest = name.partition("/")
        if top in self._folders:
            self._added[top].remove(rest)
        else:
            del self._singles[staged.path.rpartition(os.sep)[2]]
        Path(staged.path).unlink()
        self._unsynced.pop(staged.path, None)

    def commit(self, unchanged: Iterable[str], removals: Sequence[str]) -> None:
        """Make the change certain, then carry it out: files in place, `removals` gone.

        Raises OutputError or OSError; what is not permitted, before anything is touched.
        """
        staying = _by_folder(unchanged)
        swaps, new = self._folder_changes(staying, _by_folder(removals))
        nested = [name for name in removals if name.partition("/")[0] not in self._folders]
        for parent in {name.rpartition("/")[0] for name in [*nested, *self._singles.values()]}:
            if (self._folder / parent).is_dir():
                _check_permitted(self._folder / parent)
        for change in swaps:
            old, staged = self._folder / change.name, self._aside / change.staged
            copies = stage_rest(old, staged, change.own, staying.get(change.name, []))
            self._unsynced.update(dict.fromkeys(copies))
        self._sync([*(change.staged for change in swaps), *(staged for staged, _ in new)])
        singles = sorted(self._singles.items(), key=lambda item: item[1] != MANIFEST)
        journal = Journal(swaps, [*new, *singles], nested)
        self._committed = True  # before it is true: from here on nothing may be thrown away
        commit(self._folder, journal)
        carry_out(self._folder, journal, may_go_back=True)

    def _folder_changes(
        self, staying: Mapping[str, list[str]], removed: Mapping[str, list[str]]
    ) -> tuple[list[FolderSwap], list[tuple[str, str]]]:
        """Folders that get another content; and new ones, with where they are staged."""
        swaps, new = [], []
        own = _by_folder(self._own)
        for name, staged in self._folders.items():
            folder, gone = self._folder / name, removed.get(name, [])
            if not self._added[name] and not gone:
                (self._aside / staged).rmdir()
            elif not os.path.lexists(folder):
                new.append((staged, name))
            else:
                _check_permitted(folder)
                unchanged = staying.get(name, [])
                files = sorted([*self._added[name], *unchanged])
                old = sorted({*own.get(name, []), *unchanged})
                swaps.append(
                    FolderSwap(staged, name, old, files, sorted(gone), holds_mount(folder))
                )
        return swaps, new

    def _sync(self, folders: Iterable[str]) -> None:
        if len(self._unsynced) <= _FEW or sys.platform == "win32":
            for path in self._unsynced:
                sync_file(path)
        else:
            os.sync()
        for staged in folders:
            sync_folder(self._aside / staged)
        sync_folder(self._aside)


def _check_permitted(folder: Path) -> None:
    """Raises PermissionError where names in a folder, or its own, cannot be changed."""
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


def _flat_folders(names: Iterable[str]) -> list[str]:
    """The folders that hold, of ours, nothing but files."""
    files: dict[str, bool] = {}
    for name in names:
        top, slash, rest = name.partition("/")
        if slash:
            files[top] = files.get(top, True) and "/" not in rest
    return [top for top, is_flat in sorted(files.items()) if is_flat]


def _by_folder(names: Iterable[str]) -> dict[str, list[str]]:
    folders: dict[str, list[str]] = {}
    for name in names:
        top, slash, rest = name.partition("/")
        if slash:
            folders.setdefault(top, []).append(rest)
    return folders
