"""`log.jsonl`: who pushed what, and when."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from fhir_kb.push.format_version import check_version
from fhir_kb.push.stored_types import checked, objects, strings
from fhir_kb.push.workspace.files import AppendOnlyFile, drop_partial_line, read_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_VERSION: Final = 3


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One push."""

    time: str
    """When it ended, as a FHIR instant."""
    user: str
    """Who pushed, by the name of the account on this machine."""
    server: str
    push: int
    applied: Sequence[Mapping[str, Any]]
    """What was done: action, reference, name, version and digest."""
    failed: Sequence[Mapping[str, Any]]
    """What was not: action, reference and reason."""
    error: str = ""
    """Why the push was interrupted."""
    scopes: Sequence[str] = ()
    """What was pushed: the definitions, or which bundles."""


class PushLog:
    """The log of one server. Every method may raise PushError."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "log.jsonl"

    def add(self, entry: LogEntry) -> None:
        """Add an entry durably."""
        drop_partial_line(self._path)
        file = AppendOnlyFile(self._path)
        try:
            file.add(orjson.dumps({"format": _VERSION} | asdict(entry)), durable=True)
        finally:
            file.close()

    def entries(self) -> list[LogEntry]:
        """All entries, the oldest first."""
        entries: list[LogEntry] = []
        read_lines(self._path, lambda line: entries.append(self._entry(orjson.loads(line))))
        return entries

    def _entry(self, line: Mapping[str, Any]) -> LogEntry:
        if check_version(str(self._path), line.get("format", 1), _VERSION) == 1:
            return _entry_of_version_1(line)
        fields = {name: value for name, value in line.items() if name != "format"}
        return _checked(LogEntry(**fields | {"scopes": strings(line.get("scopes", []))}))


def _entry_of_version_1(line: Mapping[str, Any]) -> LogEntry:
    """In version 1, what was done and what was not were arrays."""
    applied = []
    for action, reference, name, recorded in line["made"]:
        version, digest = recorded or ("", "")
        applied.append(
            {"action": action, "reference": reference, "name": name}
            | {"version": version, "digest": digest}
        )
    failed = [
        {"action": action, "reference": reference, "reason": reason}
        for action, reference, reason in line["refused"]
    ]
    return _checked(
        LogEntry(
            line["time"], line["who"], line["server"], line["push"],
            applied, failed, line["failure"],
        )
    )  # fmt: skip


def _checked(entry: LogEntry) -> LogEntry:
    objects(entry.applied)
    objects(entry.failed)
    return checked(entry)
