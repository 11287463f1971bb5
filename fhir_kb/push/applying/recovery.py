"""Ending a push that broke off: what was sent without an answer is looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.emit import compact_json
from fhir_kb.push.applying.sending import stands
from fhir_kb.push.planning.state import RecordedResource, instant
from fhir_kb.push.workspace.history import append_contents, finish, load_contents
from fhir_kb.push.workspace.journal import unfinished
from fhir_kb.servers.assigned_ids import AssignedIds, without_expected_version
from fhir_kb.servers.content import content_digest
from fhir_kb.servers.protocol import ChangeRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from fhir_kb.push.planning.state import State
    from fhir_kb.push.workspace.journal import InterruptedPush
    from fhir_kb.servers.protocol import FhirServer


def recover(folder: Path, state: State, server: FhirServer) -> int:
    """Bring `state` up to date with a push that broke off, keep it, and end its journal.

    Gives how many of its changes are on the server; -1 where no push broke off. Nothing is sent:
    what is still to be done is found by the next plan. Raises ServerError and PushError.
    """
    found = unfinished(folder)
    if found is None:
        return -1
    made = 0
    for key, record in found.done.items():
        made += 1
        _note(state, key, record)
    for key, record in _looked_up(folder, found, server):
        made += 1
        _note(state, key, record)
    state.pushes = max(state.pushes, found.push)
    if not state.seen:
        updates = [one.updated for one in state.records.values() if one.updated]
        state.seen = min(updates, key=instant, default="")
    finish(folder, state)
    return made


def _looked_up(
    folder: Path, found: InterruptedPush, server: FhirServer
) -> Iterator[tuple[str, RecordedResource | None]]:
    """What of the changes without an answer is on the server: key, and what stands there now."""
    bodies = load_contents(folder, found.push) if found.open else {}
    changes = {
        key: ChangeRequest(one.action, one.ref, bodies.get(one.digest), one.expected)
        for key, one in found.open.items()
    }
    placing = _placing(found, changes.values(), server)
    there = (placing or server).read([one.ref for one in changes.values()])
    for key, change in changes.items():
        done = stands(change, there.get(change.ref))
        if done is None:
            continue
        one, wanted, stored = found.open[key], change.resource, done.stored
        if stored is None or wanted is None:
            yield key, None
            continue
        ref, sent = change.ref, one.digest
        if placing is not None:
            ref = placing.server_ref(ref)
            wanted, stored = (placing.as_stored(change.ref, body) for body in (wanted, stored))
            sent = content_digest(wanted)
            append_contents(folder, found.push, [(sent, compact_json(wanted))])
        yield (
            key,
            RecordedResource(
                ref,
                done.version,
                done.updated,
                sent,
                content_digest(stored),
                found.push,
                one.retired,
            ),
        )


def _placing(
    found: InterruptedPush, changes: Iterable[ChangeRequest], server: FhirServer
) -> AssignedIds | None:
    """The server as the push saw it, where it gives ids itself."""
    if server.capabilities.client_ids != "no":
        return None
    places = {
        sent.ref: record.ref
        for key, sent in found.sent.items()
        if (record := found.done.get(key)) is not None
    }
    return AssignedIds(server, map(without_expected_version, changes), places)


def _note(state: State, key: str, record: RecordedResource | None) -> None:
    if record is None:
        state.records.pop(key, None)
    else:
        state.records[key] = record
