"""`journal.jsonl`: a push that is under way, so that an interrupted one can be recovered.

A line says which push it is, what is about to be sent, or what came of it. What is about to be sent
is on the disk before it is sent; what came of it need not be, since the server can be asked.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from fhir_kb.push.format_version import check_version
from fhir_kb.push.stored_types import checked, strings
from fhir_kb.push.workspace.files import (
    AppendOnlyFile,
    drop_partial_line,
    read_lines,
    remove,
)
from fhir_kb.push.workspace.records import (
    RECORD_VERSION,
    parse_record,
    parse_ref,
    parse_scopes,
    record_json,
    scopes_json,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from fhir_kb.push.planning.state import RecordedResource
    from fhir_kb.servers.protocol import Action, Ref

_NAME: Final = "journal.jsonl"
_NAMES_OF_VERSION_1: Final = {"send": "sending", "not": "notDone"}


class SentChange(NamedTuple):
    """A change that is about to be sent."""

    action: Action
    ref: Ref
    key: str
    expected_version: str
    digest: str
    """Of its content; "" for a deletion."""
    retired: bool
    scopes: tuple[str, ...] = ()
    """The scopes that hold the resource then."""


@dataclass(slots=True)
class InterruptedPush:
    """A push that did not end, by its journal."""

    number: int
    scopes: tuple[str, ...] = ()
    """The scopes of the push."""
    sent: dict[str, SentChange] = field(default_factory=dict)
    """All that it sent, by key."""
    done: dict[str, RecordedResource | None] = field(default_factory=dict)
    """What was done, by key; None for what was deleted."""
    unanswered: dict[str, SentChange] = field(default_factory=dict)
    """What was sent without an answer that we know of, by key."""


class Journal:
    """The journal of one push; several threads may use it. Every method may raise PushError."""

    def __init__(self, folder: Path, push: int, scopes: Sequence[str] = ()) -> None:
        self._lock = threading.Lock()
        path = folder / _NAME
        drop_partial_line(path)  # of a push that ended before it had sent anything
        self._file = AppendOnlyFile(path)
        self._add({"format": RECORD_VERSION, "push": push, "scopes": list(scopes)}, durable=True)

    def sending(self, changes: Iterable[SentChange]) -> None:
        """Note what is about to be sent; it is on the disk when this returns."""
        rows = [
            {
                "action": change.action,
                "reference": str(change.ref),
                "key": change.key,
                "expectedVersion": change.expected_version,
                "digest": change.digest,
                "retired": change.retired,
                **scopes_json(change.scopes),
            }
            for change in changes
        ]
        self._add({"sending": rows}, durable=True)

    def done(self, records: Mapping[str, RecordedResource | None]) -> None:
        """Note what the server holds now, by key; None for what it does not hold any more."""
        rows = {key: record_json(record) if record else None for key, record in records.items()}
        self._add({"done": rows}, durable=False)

    def not_done(self, keys: Iterable[str]) -> None:
        """Note what the server has certainly not done."""
        self._add({"notDone": list(keys)}, durable=False)

    def close(self) -> None:
        """Close the file; what is not noted as done is looked up next time."""
        self._file.close()

    def _add(self, entry: Mapping[str, Any], *, durable: bool) -> None:
        line = orjson.dumps(entry)
        with self._lock:
            self._file.add(line, durable=durable)


def interrupted_push(folder: Path) -> InterruptedPush | None:
    """The push that did not end, if there is one.

    Raises:
        PushError: The journal cannot be read, is damaged, or a newer fhir-kb wrote it.
    """
    path = folder / _NAME
    push: InterruptedPush | None = None
    version = RECORD_VERSION

    def read(line: bytes) -> None:
        nonlocal push, version
        entry = orjson.loads(line)
        if push is None:
            version = check_version(str(path), entry.get("format", 1), RECORD_VERSION)
            push = checked(InterruptedPush(entry["push"], strings(entry.get("scopes", []))))
        else:
            _add_entry(push, entry, version)

    read_lines(path, read)
    return push


def _add_entry(push: InterruptedPush, entry: Mapping[str, Any], version: int) -> None:
    if version == 1:
        entry = {_NAMES_OF_VERSION_1.get(name, name): rows for name, rows in entry.items()}
    for row in entry.get("sending", ()):
        change = _sent_change(row, version)
        push.sent[change.key] = push.unanswered[change.key] = change
    for key, row in entry.get("done", {}).items():
        push.unanswered.pop(key, None)
        push.done[key] = parse_record(row, version) if row else None
    for key in entry.get("notDone", ()):
        push.unanswered.pop(key, None)


def _sent_change(row: Any, version: int) -> SentChange:
    if version == 1:
        action, type_, id_, *values = row
        return checked(SentChange(action, parse_ref(f"{type_}/{id_}"), *values))
    return checked(
        SentChange(
            row["action"],
            parse_ref(row["reference"]),
            row["key"],
            row["expectedVersion"],
            row["digest"],
            row["retired"],
            parse_scopes(row),
        )
    )


def remove_journal(folder: Path) -> None:
    """Remove the journal of a push that has ended and is in the recorded state."""
    remove(folder / _NAME)
