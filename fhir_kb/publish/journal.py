"""Atomic changes of an output folder: staged aside, committed by a journal, carried out.

Until the journal is committed nothing of the old output is touched. From then on the change is
certain: the next run carries out what is left of it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from fhir_kb.files import replace_durably, sync_file, sync_folder, write_aside
from fhir_kb.publish.errors import REBUILD, OutputError, check_format
from fhir_kb.publish.finding_codes import DAMAGED
from fhir_kb.publish.paths import OWN_PREFIX, is_safe
from fhir_kb.publish.writing import write_all_new

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from fhir_kb.publish.file_content import FileContent
    from fhir_kb.publish.writing import StagedFile

STAGE = f"{OWN_PREFIX}.stage"
_JOURNAL = "journal.json"
_FORMAT = 1
_STAGED = re.compile(r"f?[0-9]{1,9}")
_FEW = 32  # up to here, each file is brought to the disk by itself


class StagingArea:
    """The folder where a change is prepared; a context manager.

    What is not committed by the end of it is removed. A folder that does not exist yet is prepared
    as a whole, so that it needs one renaming and not one for each file.

    names: Of all files that may be added.
    """

    def __init__(self, folder: Path, names: Collection[str] = ()) -> None:
        self._folder = folder
        self._total_files = len(names)
        self._aside = folder / STAGE
        self._folders = {name: f"f{at}" for at, name in enumerate(_new_folders(folder, names))}
        self._singles: dict[str, str] = {}
        self._unsynced: list[str] = []
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
            self._unsynced += places.values()
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
            return f"{self._aside}{os.sep}{self._folders[top]}{os.sep}{rest}"
        number = str(next(self._numbers))
        self._singles[number] = name
        return f"{self._aside}{os.sep}{number}"

    def drop(self, staged: StagedFile) -> None:
        """Forget a file: what is there already is the same."""
        del self._singles[staged.path.rpartition(os.sep)[2]]
        Path(staged.path).unlink()
        if staged.path in self._unsynced:
            self._unsynced.remove(staged.path)

    def commit(self, removals: Sequence[str]) -> None:
        """Make the change certain, then carry it out: files in place, `removals` gone."""
        self._sync()
        folders = ((staged, name) for name, staged in self._folders.items())
        renames = [*folders, *self._singles.items()]
        journal = orjson.dumps({"format": _FORMAT, "renames": renames, "removals": removals})
        aside = self._aside / f"{_JOURNAL}.new"
        write_aside(aside, journal)
        self._committed = True  # before it is true: from here on nothing may be thrown away
        replace_durably(aside, self._aside / _JOURNAL)
        _carry_out(self._folder, renames, removals)

    def _sync(self) -> None:
        if len(self._unsynced) <= _FEW or sys.platform == "win32":
            for path in self._unsynced:
                sync_file(path)
        else:
            os.sync()
        for staged in self._folders.values():
            sync_folder(self._aside / staged)
        sync_folder(self._aside)


def _new_folders(folder: Path, names: Iterable[str]) -> list[str]:
    """Folders that are not there yet and will hold nothing but files."""
    files: dict[str, bool] = {}
    for name in names:
        top, slash, rest = name.partition("/")
        if slash:
            files[top] = files.get(top, True) and "/" not in rest
    return [
        top for top, flat in sorted(files.items()) if flat and not os.path.lexists(folder / top)
    ]


def recover(folder: Path) -> bool:
    """Finish a change that was committed, remove one that was not; True if one was finished."""
    aside = folder / STAGE
    if not os.path.lexists(aside):
        return False
    try:
        journal = orjson.loads((aside / _JOURNAL).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        journal = None
    except ValueError as error:
        raise _damaged(aside) from error
    if journal is None:
        shutil.rmtree(aside)
        return False
    try:
        check_format(aside / _JOURNAL, journal.get("format", _FORMAT), _FORMAT)
        renames = [(str(staged), str(name)) for staged, name in journal["renames"]]
        removals = [str(name) for name in journal["removals"]]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(aside) from error
    safe = all(_STAGED.fullmatch(staged) for staged, _ in renames)
    if not safe or not all(is_safe(name) for name in [*removals, *(name for _, name in renames)]):
        raise _damaged(aside)
    _carry_out(folder, renames, removals)
    return True


def _damaged(aside: Path) -> OutputError:
    return OutputError(
        DAMAGED,
        f"the journal in '{aside}' is damaged",
        REBUILD,
    )


def _carry_out(folder: Path, renames: Sequence[tuple[str, str]], removals: Sequence[str]) -> None:
    """Do what the journal says, as far as it is not done yet; then the journal goes."""
    aside = folder / STAGE
    for name in removals:
        (folder / name).unlink(missing_ok=True)
    _remove_emptied(folder, removals)
    parents = sorted({name.rpartition("/")[0] for _, name in renames} - {""})
    for parent in parents:
        (folder / parent).mkdir(parents=True, exist_ok=True)
    _rename(aside, folder, renames)
    for parent in ("", *parents):
        sync_folder(folder / parent)
    (aside / _JOURNAL).unlink()
    shutil.rmtree(aside)


def _rename(aside: Path, folder: Path, renames: Sequence[tuple[str, str]]) -> None:
    for staged, name in renames:
        # Strings, because Path objects take longer than the renaming: 30 µs of 12,000 times.
        old, new = f"{aside}{os.sep}{staged}", f"{folder}{os.sep}{name}"
        with contextlib.suppress(FileNotFoundError):  # it is in place already
            os.replace(old, new)  # noqa: PTH105


def _remove_emptied(folder: Path, removals: Sequence[str]) -> None:
    """Folders that a removal left empty go too; rmdir refuses all others."""
    emptied = {name.rpartition("/")[0] for name in removals} - {""}
    for directory in sorted(emptied, key=lambda path: (-path.count("/"), path)):
        with contextlib.suppress(OSError):
            (folder / directory).rmdir()
