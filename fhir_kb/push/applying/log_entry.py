"""What the log says of a push."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fhir_kb.push.workspace.push_log import LogEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.push.applying.outcomes import PushResult
    from fhir_kb.push.planning.state import State


def log_entry(result: PushResult, state: State, server: str, scopes: Sequence[str]) -> LogEntry:
    """The entry of a push that has just ended.

    Args:
        result: What it did.
        state: What is recorded now.
        server: The base URL.
        scopes: What was pushed.
    """
    applied = []
    for entry in result.applied:
        change = entry.change
        record = state.resources.get(change.key)
        applied.append(
            {
                "action": change.action,
                "reference": str(record.ref if record else change.ref),
                "name": change.name,
                "version": record.version if record else "",
                "digest": record.sent_digest if record else "",
            }
        )
    failed = [
        {
            "action": entry.change.action,
            "reference": str(entry.change.ref),
            "reason": entry.reason,
        }
        for entry in result.failed
    ]
    error = str(result.error) if result.error else ""
    return LogEntry(
        current_time(), current_user(), server, result.number, applied, failed, error, tuple(scopes)
    )


def current_time() -> str:
    """Now, as a FHIR instant."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def current_user() -> str:
    """The name of the account on this machine; "" where there is none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
