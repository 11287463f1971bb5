"""What stands on a server because of us, as far as we know."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from fhir_kb.push.store import damaged, read_json, write
from fhir_kb.servers.server import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Record:
    """A resource of ours on the server.

    version, updated: of the version that we wrote or saw last. sent: the digest of what we sent;
    stored: of what the server made of it. push: the number of the push that sent it. retired:
    whether it is no longer defined, and was retired for that.
    """

    ref: Ref
    version: str
    updated: str
    sent: str
    stored: str
    push: int
    retired: bool = False


@dataclass(slots=True)
class State:
    """All records by key, and until when (by the server's clock) all changes there are known."""

    server: str
    seen: str = ""
    pushes: int = 0
    records: dict[str, Record] = field(default_factory=dict)

    def copy(self) -> State:
        """Another one, to be changed."""
        return replace(self, records=dict(self.records))


def load_state(folder: Path, server: str) -> State:
    """The state that was kept in `folder`; a new one where there is none. Raises PushError."""
    path = folder / "state.json"
    found = read_json(path)
    if not found:
        return State(server)
    try:
        return _state(found)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(path) from error


def _state(found: Mapping[str, Any]) -> State:
    if found["format"] != _FORMAT:
        raise ValueError(found["format"])
    return State(
        server=found["server"],
        seen=found["seen"],
        pushes=found["pushes"],
        records={key: record_from(one) for key, one in found["records"].items()},
    )


def record_from(one: list[Any]) -> Record:
    """The record that `record_json` made this of. Raises TypeError or ValueError."""
    kind, name, version, updated, sent, stored, push, retired = one
    return Record(Ref(kind, name), version, updated, sent, stored, push, retired)


def record_json(one: Record) -> list[Any]:
    """A record as JSON."""
    return [*one.ref, one.version, one.updated, one.sent, one.stored, one.push, one.retired]


def save_state(folder: Path, state: State) -> None:
    """Keep the state, whole or not at all. Raises PushError."""
    content = {
        "format": _FORMAT,
        "server": state.server,
        "seen": state.seen,
        "pushes": state.pushes,
        "records": {key: record_json(one) for key, one in sorted(state.records.items())},
    }
    write(folder / "state.json", orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE))
