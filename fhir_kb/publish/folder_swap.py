"""Giving a folder of the output its new content in one step.

The whole new content is staged in a folder of its own, with what stays of the old one, and the two
folders are exchanged. A file in the staged folder, the mark, says which of the two it is: as long
as it is there, the exchange is still to be done.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from fhir_kb.files import copy_aside, exchange, replace_durably
from fhir_kb.publish.paths import OWN_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK: Final = f"{OWN_PREFIX}.new"
_MOUNTED: Final = frozenset({errno.EXDEV, errno.EBUSY})


class FolderSwap(NamedTuple):
    """A folder of the output that gets a new content."""

    staged: str
    """Its name in the staging area."""
    name: str
    """Its name in the output folder."""
    own: list[str]
    """The files of ours that the old content has."""
    files: list[str]
    """The files of ours that the new content has."""
    removed: list[str]
    """The files of ours that go."""
    by_file: bool = False
    """Whether the folder cannot be exchanged, so that file after file is put in place."""


def stage_rest(old: Path, staged: Path, own: Iterable[str], unchanged: Iterable[str]) -> list[str]:
    """Add to a staged folder what stays of the old one: unchanged files, and files of others.

    Nothing of the old folder is touched: a file that stays has both names until the old folder is
    removed. Where a file system knows no second names, our files are copied, and those of others
    are moved later.

    Args:
        old: The folder as it is.
        staged: The folder with the new files.
        own: The names of our files in the old folder.
        unchanged: Those of them that stay.

    Returns:
        The paths of copies, which are not on the disk yet.

    Raises:
        OSError: A file cannot be read or written.
    """
    copies = []
    for name in unchanged:
        before, after = f"{old}{os.sep}{name}", f"{staged}{os.sep}{name}"
        try:
            os.link(before, after)
        except OSError:
            shutil.copy2(before, after)
            copies.append(after)
    known = {*own, MARK}
    with os.scandir(old) as entries:
        for entry in entries:
            if entry.name not in known and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    os.link(entry.path, staged / entry.name)
    (staged / MARK).write_bytes(b"")
    with contextlib.suppress(OSError):
        status = old.stat()
        shutil.copystat(old, staged)
        if sys.platform != "win32":
            os.chown(staged, status.st_uid, status.st_gid)
    return copies


def holds_mount(folder: Path) -> bool:
    """Whether a folder, or one in it, cannot be renamed: another file system, or no permission."""
    device = folder.parent.stat().st_dev
    with os.scandir(folder) as entries:
        folders = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    return folder.stat().st_dev != device or any(
        os.lstat(inner).st_dev != device or not os.access(inner, os.W_OK) for inner in folders
    )


def is_done(aside: Path, change: FolderSwap) -> bool:
    """Whether the folder has its new content already."""
    return not os.path.lexists(aside / change.staged / MARK)


def swap(aside: Path, folder: Path, change: FolderSwap) -> bool:
    """Give the folder its new content in one step.

    Returns False, and does nothing, where folders cannot be exchanged.

    Raises:
        OSError: The folder has its old content.
    """
    if change.by_file or sys.platform == "win32":  # there, not while a file in it is open
        return False
    try:
        _exchange(aside / change.staged, folder / change.name)
    except OSError as error:
        if error.errno in _MOUNTED:
            return False
        raise
    return True


def swap_back(aside: Path, folder: Path, change: FolderSwap) -> None:
    """Give the folder its old content again. Raises OSError."""
    staged, target = aside / change.staged, folder / change.name
    _settle(staged)
    if not os.path.lexists(staged / MARK):
        _exchange(staged, target)


def place_files(aside: Path, folder: Path, change: FolderSwap) -> None:
    """Put file after file in place: on mount points, and where folders cannot be exchanged.

    Raises OSError; then the folder has some files of each content.
    """
    staged, target = aside / change.staged, folder / change.name
    for name in change.files:
        old, new = staged / name, target / name
        if os.path.lexists(old):
            try:
                old.replace(new)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                beside = target / f"{OWN_PREFIX}.part"
                copy_aside(old, beside)
                replace_durably(beside, new)
    for name in change.removed:
        (target / name).unlink(missing_ok=True)
    with os.scandir(staged) as entries:
        left = sorted(entry.path for entry in entries if entry.name != MARK)
    for path in left:  # second names of files that are in place
        Path(path).unlink()
    (staged / MARK).unlink()


def finish(aside: Path, folder: Path, change: FolderSwap) -> None:
    """Remove our files of the old content, and let nobody else's go with it. Raises OSError."""
    staged, target = aside / change.staged, folder / change.name
    _settle(staged)
    own, files = frozenset(change.own), frozenset(change.files)
    if os.path.lexists(staged):
        with os.scandir(staged) as entries:
            for entry in list(entries):
                is_own = entry.name in own and entry.is_file(follow_symlinks=False)
                if is_own or _is_same(entry.path, target / entry.name):
                    os.unlink(entry.path)  # noqa: PTH108  Path objects take longer
                else:
                    _keep(Path(entry.path), target / entry.name, is_taken=entry.name in files)
        staged.rmdir()
    if os.path.lexists(target / MARK):
        (target / MARK).unlink()
    if not files:
        with contextlib.suppress(OSError):  # it has files of others
            target.rmdir()


def _exchange(staged: Path, target: Path) -> None:
    """Exchange two folders, in one step or in three that can be told from each other."""
    second = _second(staged)
    if not os.path.lexists(second):
        if exchange(staged, target):
            return
        target.rename(second)
    try:
        staged.rename(target)
    except OSError:
        second.rename(target)
        raise
    second.rename(staged)


def _settle(staged: Path) -> None:
    """Take the last of the three steps of an exchange, if it is left."""
    if not os.path.lexists(staged) and os.path.lexists(_second(staged)):
        _second(staged).rename(staged)


def _second(staged: Path) -> Path:
    return staged.with_name(f"{staged.name}-old")


def _keep(path: Path, place: Path, *, is_taken: bool) -> None:
    """Put what is not ours back where it was; beside it where a file of ours has its name now."""
    while is_taken and os.path.lexists(place):
        place = place.with_name(f"{place.name}.kept")
    path.replace(place)


def _is_same(path: str, other: Path) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.lstat(other))
    except FileNotFoundError:
        return False
