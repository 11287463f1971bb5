"""`state.json`: the recorded state of one server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.push.format_version import check_version
from fhir_kb.push.planning.state import State
from fhir_kb.push.stored_types import checked, strings
from fhir_kb.push.workspace.files import damaged, read_json, write_json
from fhir_kb.push.workspace.records import RECORD_VERSION, parse_records, records_json
from fhir_kb.servers.json_values import usable_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class StateStore:
    """Reads and writes the recorded state."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "state.json"

    def load(self, server: str) -> State:
        """The recorded state; a new one where nothing is recorded yet.

        Args:
            server: The base URL, for a new state.

        Raises:
            PushError: The file cannot be read, is damaged, or a newer fhir-kb wrote it.
        """
        content = read_json(self._path)
        if not content:
            return State(server)
        try:
            return _with_usable_time(self._parsed(content))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise damaged(self._path) from error

    def _parsed(self, content: Mapping[str, Any]) -> State:
        version = check_version(str(self._path), content["format"], RECORD_VERSION)
        if version == 1:
            records = parse_records(content["records"], version)
            return checked(State(content["server"], content["seen"], content["pushes"], records))
        return checked(
            State(
                content["server"],
                content["refreshedUntil"],
                content["lastPush"],
                parse_records(content["resources"], version),
                strings(content.get("lastScopes", [])),
            )
        )

    def save(self, state: State) -> None:
        """Write the state atomically and durably. Raises PushError."""
        content = {
            "format": RECORD_VERSION,
            "server": state.server,
            "refreshedUntil": state.refreshed_until,
            "lastPush": state.last_push,
            "lastScopes": list(state.last_scopes),
            "resources": records_json(state.resources),
        }
        write_json(self._path, content)


def _with_usable_time(state: State) -> State:
    """The state itself. Raises ValueError where its time is no instant."""
    if state.refreshed_until and usable_instant(state.refreshed_until) is None:
        raise ValueError(state.refreshed_until)
    return state
