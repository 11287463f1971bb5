"""What is under way: written before anything is sent, so that a push that broke off can be ended.

A line says what a push is, what is about to be sent, or what came of it. Only the second has to be
on the disk before we go on: what came of something can be looked up on the server.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from fhir_kb.push.workspace.files import AppendOnlyFile, damaged, lines_of, remove
from fhir_kb.push.workspace.state_store import record_from, record_json
from fhir_kb.servers.protocol import Ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fhir_kb.push.planning.state import RecordedResource
    from fhir_kb.servers.protocol import Action

_NAME: Final = "journal.jsonl"


class SentChange(NamedTuple):
    """A change that was about to be sent. digest: of its content, "" for a deletion."""

    action: Action
    ref: Ref
    key: str
    expected: str
    digest: str
    retired: bool


@dataclass(slots=True)
class InterruptedPush:
    """What a push that broke off had sent, and what is known to have come of it.

    sent: all of it by key. done: by key, the record; None for what was deleted. open: what nobody
    knows of.
    """

    push: int
    sent: dict[str, SentChange] = field(default_factory=dict)
    done: dict[str, RecordedResource | None] = field(default_factory=dict)
    open: dict[str, SentChange] = field(default_factory=dict)


class Journal:
    """The journal of one push. May be used by several threads. Raises PushError."""

    def __init__(self, folder: Path, push: int) -> None:
        self._folder = folder
        self._push = push
        self._lock = threading.Lock()
        self._file = AppendOnlyFile(folder / _NAME)
        self._file.add(orjson.dumps({"push": push}), sure=True)

    def sending(self, changes: Iterable[SentChange]) -> None:
        """To be called before they are sent; on the disk when it returns."""
        rows = [[one.action, *one.ref, *one[2:]] for one in changes]
        with self._lock:
            self._file.add(orjson.dumps({"send": rows}), sure=True)

    def done(self, records: Mapping[str, RecordedResource | None]) -> None:
        """What stands there now; None for what is gone."""
        rows = {key: record_json(one) if one else None for key, one in records.items()}
        with self._lock:
            self._file.add(orjson.dumps({"done": rows}), sure=False)

    def not_done(self, keys: Iterable[str]) -> None:
        """What was surely not done."""
        with self._lock:
            self._file.add(orjson.dumps({"not": list(keys)}), sure=False)

    def close(self) -> None:
        """End it; what is not done is looked up next time."""
        self._file.close()


def unfinished(folder: Path) -> InterruptedPush | None:
    """The push that broke off, if there is one. Raises PushError where its journal is damaged."""
    path = folder / _NAME
    found: InterruptedPush | None = None
    try:
        for line in lines_of(path):
            entry = orjson.loads(line)
            if found is None:
                found = InterruptedPush(entry["push"])
            else:
                _add(found, entry)
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(path) from error
    return found


def _add(found: InterruptedPush, entry: Mapping[str, Any]) -> None:
    for action, kind, name, key, *rest in entry.get("send", ()):
        found.sent[key] = found.open[key] = SentChange(action, Ref(kind, name), key, *rest)
    for key, row in entry.get("done", {}).items():
        found.open.pop(key, None)
        found.done[key] = record_from(row) if row else None
    for key in entry.get("not", ()):
        found.open.pop(key, None)


def end(folder: Path) -> None:
    """The push is finished, and the state says so: its journal is no longer needed."""
    remove(folder / _NAME)
