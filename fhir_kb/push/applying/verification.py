"""What a server holds after a change: that a response says so does not make it so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from fhir_kb.servers.protocol import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fhir_kb.push.planning.plan import PlannedChange
    from fhir_kb.servers.assigned_ids import AssignedIds
    from fhir_kb.servers.content import Resource
    from fhir_kb.servers.protocol import Applied, Ref, RemoteResource

_PAUSE: Final = 1.0
"""Seconds until what is not seen is read once more: some servers show a change a little later."""


class Verification(NamedTuple):
    """What became of changes that the server says it has made."""

    stored: dict[Ref, Resource]
    """What it stored, in the version of the response."""
    refuted: dict[Ref, Rejected]
    """Changes that it has not made."""


def responded(applied: Mapping[Ref, Applied]) -> Verification:
    """What the responses say, without a look at the server."""
    stored = {ref: entry.stored for ref, entry in applied.items() if entry.stored is not None}
    return Verification(stored, {})


def verified(
    server: AssignedIds,
    applied: Mapping[Ref, Applied],
    planned: Mapping[Ref, PlannedChange],
    sleep: Callable[[float], None],
) -> Verification:
    """What the responses say, or else what the server holds now.

    Args:
        server: The server.
        applied: The changes that it says it has made.
        planned: Those changes.
        sleep: Waits so many seconds.

    Raises:
        ServerError: The server cannot be asked.
    """
    stored, refuted = responded(applied)
    unread = [ref for ref in applied if ref not in stored]
    for pause in (0.0, _PAUSE):
        if not unread:
            break
        if pause:
            sleep(pause)
        remotes = server.read(unread)
        refuted.clear()
        for ref in unread:
            remote = remotes.get(ref)
            if reason := _refutation(planned[ref], applied[ref], remote):
                refuted[ref] = Rejected(ref, 0, reason)
            elif remote and remote.resource is not None and remote.version == applied[ref].version:
                stored[ref] = remote.resource
        unread = list(refuted)
    return Verification(stored, refuted)


def _refutation(planned: PlannedChange, applied: Applied, remote: RemoteResource | None) -> str:
    """Why the server has not made a change, by what it holds now; "" where it may have.

    Another version than that of the response may be somebody else's, made right after.
    """
    is_there = remote is not None and not remote.deleted
    if planned.body is None:
        return "the server says that it deleted it, but it is still there" if is_there else ""
    if remote is None or not is_there:
        return "the server says that it stored it, but it is not there"
    is_old = bool(remote.version) and remote.version == planned.expected_version
    if is_old and remote.version != applied.version:
        return f"the server says that it stored it, but still holds version {remote.version}"
    return ""
