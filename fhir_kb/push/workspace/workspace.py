"""The workspace of one server: a folder that one process at a time may write to."""

from __future__ import annotations

import contextlib
import hashlib
import re
from typing import TYPE_CHECKING, Final

from fhir_kb.files import FileLock, LockedError
from fhir_kb.push.errors import PushError
from fhir_kb.push.workspace.files import read_json, unwritable
from fhir_kb.push.workspace.history import History
from fhir_kb.push.workspace.journal import (
    InterruptedPush,
    Journal,
    interrupted_push,
    remove_journal,
)
from fhir_kb.push.workspace.push_log import PushLog
from fhir_kb.push.workspace.server_base import is_same_machine, normal_base
from fhir_kb.push.workspace.state_store import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from fhir_kb.push.planning.state import State

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9.-]+")


class Workspace:
    """Everything that is kept of one server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.states = StateStore(folder)
        self.history = History(folder)
        self.log = PushLog(folder)

    def begin_push(self, number: int, scopes: Sequence[str] = ()) -> Journal:
        """The journal of a push that begins, of these scopes. Raises PushError."""
        return Journal(self.folder, number, scopes)

    def interrupted_push(self) -> InterruptedPush | None:
        """The push that did not end, if there is one. Raises PushError."""
        return interrupted_push(self.folder)

    def end_push(self, state: State) -> None:
        """Keep what the last push left, then remove its journal.

        In this order: whoever is interrupted in between does it once more. Raises PushError.
        """
        self.history.save_resources(state)
        self.states.save(state)
        remove_journal(self.folder)


@contextlib.contextmanager
def open_workspace(folder: Path) -> Iterator[Workspace]:
    """The workspace in a folder, locked for other processes meanwhile.

    Raises:
        PushError: Another process uses it, or the folder cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)  # it may have been made before, or under another umask
        lock = FileLock(folder / "lock")
    except LockedError as error:
        raise PushError(
            "another run of fhir-kb is using this server",
            f"Wait until it ends (it holds the lock of {folder})",
        ) from error
    except OSError as error:
        raise unwritable(error, folder / "lock") from error
    with lock:
        yield Workspace(folder)


def workspace_folder(root: Path, base: str) -> Path:
    """The folder of the server at `base`, below `root`; the same however the base is written."""
    folder = _folder(root, normal_base(base))
    earlier = _folder(root, base.rstrip("/"))
    return earlier if earlier.exists() and not folder.exists() else folder


def other_names(folder: Path, base: str) -> dict[str, int]:
    """Other names of this machine that something was pushed to, with how many resources.

    Args:
        folder: The workspace of the server at `base`.
        base: The base URL of a server.

    Returns:
        Base URLs that differ from `base` in their name of this machine only ("localhost").
    """
    names = {}
    for path in sorted(folder.parent.glob("*/state.json")):
        if path.parent == folder:
            continue
        try:
            server = read_json(path).get("server")  # the records of other servers are not parsed
            if not isinstance(server, str) or not is_same_machine(server, base):
                continue
            state = StateStore(path.parent).load("")
        except (PushError, ValueError):
            continue  # it is of another server than this one is about
        if state.resources:
            names[state.server] = len(state.resources)
    return names


def _folder(root: Path, address: str) -> Path:
    name = _NOT_IN_NAMES.sub("-", address.partition("://")[2]).strip("-.")[:60]
    digest = hashlib.sha256(address.encode()).hexdigest()[:8]
    return root / "servers" / f"{name}-{digest}"
