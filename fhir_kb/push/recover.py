"""Ending a push that broke off: what was sent without an answer is looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.push.content import digest
from fhir_kb.push.history import bodies_of, finish
from fhir_kb.push.journal import unfinished
from fhir_kb.push.learn import instant
from fhir_kb.push.sending import stands
from fhir_kb.push.server import Change
from fhir_kb.push.state import Record

if TYPE_CHECKING:
    from pathlib import Path

    from fhir_kb.push.server import Server
    from fhir_kb.push.state import State


def recover(folder: Path, state: State, server: Server) -> int:
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
    bodies = bodies_of(folder, found.push) if found.open else {}
    there = server.read([one.ref for one in found.open.values()])
    for key, one in found.open.items():
        change = Change(one.action, one.ref, bodies.get(one.digest), one.expected)
        done = stands(change, there.get(one.ref))
        if done is None:
            continue
        made += 1
        record = None
        if done.stored is not None:
            stored = digest(done.stored)
            record = Record(
                one.ref, done.version, done.updated, one.digest, stored, found.push, one.retired
            )
        _note(state, key, record)
    state.pushes = max(state.pushes, found.push)
    if not state.seen:
        updates = [one.updated for one in state.records.values() if one.updated]
        state.seen = min(updates, key=instant, default="")
    finish(folder, state)
    return made


def _note(state: State, key: str, record: Record | None) -> None:
    if record is None:
        state.records.pop(key, None)
    else:
        state.records[key] = record
