"""The change of an output folder that is certain: written down, carried out, completed later.

Until the journal is committed nothing of the old output is touched. From then on the change is
certain: whatever command comes next carries out what is left of it.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from fhir_kb.files import remove, replace_durably, sync_folder, write_aside
from fhir_kb.publish.errors import REBUILD, OutputError, check_format
from fhir_kb.publish.finding_codes import DAMAGED
from fhir_kb.publish.folder_swap import (
    FolderSwap,
    finish,
    is_done,
    place_files,
    swap,
    swap_back,
)
from fhir_kb.publish.paths import OWN_PREFIX, is_safe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

STAGE = f"{OWN_PREFIX}.stage"
JOURNAL = "journal.json"
_FORMAT = 2
_WITHOUT_SWAPS = 1
"""The format that knew single files and new folders only."""
_STAGED = re.compile(r"f?[0-9]{1,9}")


class Journal(NamedTuple):
    """What is to be done, in this order."""

    swaps: Sequence[FolderSwap]
    renames: Sequence[tuple[str, str]]
    """From a name in the staging area to one in the output folder."""
    removals: Sequence[str]


def commit(folder: Path, journal: Journal) -> None:
    """Make the change certain. Raises OSError."""
    content = {
        "format": _FORMAT,
        "swaps": [change._asdict() for change in journal.swaps],
        "renames": journal.renames,
        "removals": journal.removals,
    }
    aside = folder / STAGE / f"{JOURNAL}.new"
    write_aside(aside, orjson.dumps(content))
    replace_durably(aside, folder / STAGE / JOURNAL)


def is_interrupted(folder: Path) -> bool:
    """Whether a change of an output folder was committed and is not complete."""
    return os.path.lexists(folder / STAGE / JOURNAL)


def recover(folder: Path) -> bool:
    """Finish a change that was committed, remove one that was not; True if one was finished.

    Raises OutputError or OSError.
    """
    aside = folder / STAGE
    if not os.path.lexists(aside):
        return False
    try:
        content = orjson.loads((aside / JOURNAL).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        shutil.rmtree(aside)
        return False
    except ValueError as error:
        raise _damaged(aside) from error
    try:
        journal = _journal(aside, content)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(aside) from error
    carry_out(folder, journal, may_go_back=False)
    return True


def _journal(aside: Path, content: Any) -> Journal:
    """The journal as it was read; raises many errors where it is damaged."""
    format_ = content.get("format", _FORMAT)
    if format_ != _WITHOUT_SWAPS:
        check_format(aside / JOURNAL, format_, _FORMAT)
    swaps = [FolderSwap(**fields) for fields in content.get("swaps", [])]
    renames = [(str(staged), str(name)) for staged, name in content["renames"]]
    removals = [str(name) for name in content["removals"]]
    staged_names = [*(change.staged for change in swaps), *(staged for staged, _ in renames)]
    names = [*removals, *(name for _, name in renames)]
    for change in swaps:
        inner = (*change.own, *change.files, *change.removed)
        names += [f"{change.name}/{name}" for name in inner]
        names.append(change.name)
    if not all(_STAGED.fullmatch(staged) for staged in staged_names):
        raise ValueError(staged_names)
    if not all(is_safe(name) for name in names):
        raise ValueError(names)
    return Journal(swaps, renames, removals)


def _damaged(aside: Path) -> OutputError:
    return OutputError(
        DAMAGED,
        f"the journal in '{aside}' is damaged",
        REBUILD,
    )


def carry_out(folder: Path, journal: Journal, *, may_go_back: bool) -> None:
    """Do what the journal says, as far as it is not done yet; then the journal goes.

    Args:
        folder: The output folder.
        journal: What is to be done.
        may_go_back: Whether all folders get their old content again where one of them cannot be
            exchanged.

    Raises:
        OSError: Something cannot be done. The output is as it was, or the next run completes it.
    """
    aside = folder / STAGE
    _swap_all(folder, journal, may_go_back=may_go_back)
    for name in journal.removals:
        (folder / name).unlink(missing_ok=True)
    _remove_emptied(folder, journal.removals)
    parents = sorted({name.rpartition("/")[0] for _, name in journal.renames} - {""})
    for parent in parents:
        (folder / parent).mkdir(parents=True, exist_ok=True)
    _rename(aside, folder, journal.renames)
    sync_folder(aside)
    sync_folder(folder)
    for change in journal.swaps:
        finish(aside, folder, change)
    existing = [change.name for change in journal.swaps if (folder / change.name).is_dir()]
    for parent in ("", *parents, *existing):
        sync_folder(folder / parent)
    (aside / JOURNAL).unlink()
    shutil.rmtree(aside)


def _swap_all(folder: Path, journal: Journal, *, may_go_back: bool) -> None:
    """Give folders their new content; what cannot be exchanged, last."""
    aside = folder / STAGE
    exchanged: list[FolderSwap] = []
    by_file: list[FolderSwap] = []
    try:
        for change in journal.swaps:
            if not is_done(aside, change):
                (exchanged if swap(aside, folder, change) else by_file).append(change)
    except OSError:
        if may_go_back:
            for change in reversed(exchanged):
                swap_back(aside, folder, change)
            remove(aside / JOURNAL)
            shutil.rmtree(aside, ignore_errors=True)
        raise
    for change in by_file:
        place_files(aside, folder, change)


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
