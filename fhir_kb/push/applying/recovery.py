"""Recovering an interrupted push: what was sent without an answer is looked up on the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.emit import compact_json
from fhir_kb.push.applying.sending import applied_by
from fhir_kb.push.planning.state import RecordedResource
from fhir_kb.servers.assigned_ids import AssignedIds, without_expected_version
from fhir_kb.servers.content import content_digest
from fhir_kb.servers.protocol import ChangeRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.push.planning.state import State
    from fhir_kb.push.workspace.journal import InterruptedPush
    from fhir_kb.push.workspace.workspace import Workspace
    from fhir_kb.servers.protocol import FhirServer


def recover(workspace: Workspace, state: State, server: FhirServer) -> int | None:
    """Bring `state` up to date with an interrupted push, and end that.

    Nothing is sent: what is still to be done is found by the next plan.

    Returns:
        How many of its changes the server has made; None where no push was interrupted.

    Raises:
        PushError: The workspace cannot be read or written.
        ServerError: The server cannot be asked.
    """
    push = workspace.interrupted_push()
    if push is None:
        return None
    applied = {**push.done, **dict(_looked_up(workspace, push, server))}
    for key, record in applied.items():
        state.record(key, record)
    state.last_push, state.last_scopes = max(state.last_push, push.number), push.scopes
    state.begin_refreshing()
    workspace.end_push(state)
    return len(applied)


def _looked_up(
    workspace: Workspace, push: InterruptedPush, server: FhirServer
) -> Iterator[tuple[str, RecordedResource | None]]:
    """Those of the unanswered changes that were made: key, and what the server holds now."""
    contents = workspace.history.contents(push.number) if push.unanswered else {}
    changes = {
        key: ChangeRequest(sent.action, sent.ref, contents.get(sent.digest), sent.expected_version)
        for key, sent in push.unanswered.items()
    }
    assigned_ids = _assigned_ids(push, changes.values(), server)
    remote = assigned_ids.read([change.ref for change in changes.values()])
    for key, change in changes.items():
        applied = applied_by(change, remote.get(change.ref))
        if applied is None:
            continue
        sent, content, stored = push.unanswered[key], change.resource, applied.stored
        if stored is None or content is None:
            yield key, None
            continue
        ids = assigned_ids.ids
        ref = ids.server_ref(change.ref)
        if change.ref in assigned_ids.dangling:
            content = stored = ids.as_dangling(stored)  # so the next plan corrects it
        content, stored = (ids.as_stored(change.ref, body) for body in (content, stored))
        sent_digest = content_digest(content)
        if sent_digest != sent.digest:
            workspace.history.append_contents(push.number, [(sent_digest, compact_json(content))])
        yield key, RecordedResource(
            ref, applied.version, applied.updated, sent_digest, content_digest(stored),
            push.number, sent.retired, sent.scopes,
        )  # fmt: skip


def _assigned_ids(
    push: InterruptedPush, changes: Iterable[ChangeRequest], server: FhirServer
) -> AssignedIds:
    """The server as the push saw it; what is not at the id of ours may be elsewhere."""
    server_refs = {
        sent.ref: record.ref
        for key, sent in push.sent.items()
        if (record := push.done.get(key)) is not None and record.ref != sent.ref
    }
    if server.capabilities.client_ids == "no":
        changes = map(without_expected_version, changes)
    return AssignedIds(server, changes, server_refs, in_doubt=True)
