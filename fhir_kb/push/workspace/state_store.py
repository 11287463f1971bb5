"""`state.json`: the recorded state of one server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from fhir_kb.push.planning.state import RecordedResource, State
from fhir_kb.push.workspace.files import damaged, read_json, write
from fhir_kb.servers.protocol import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FORMAT: Final = 1


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


def record_from(one: list[Any]) -> RecordedResource:
    """The record that `record_json` made this of. Raises TypeError or ValueError."""
    kind, name, version, updated, sent, stored, push, retired = one
    return RecordedResource(Ref(kind, name), version, updated, sent, stored, push, retired)


def record_json(one: RecordedResource) -> list[Any]:
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
