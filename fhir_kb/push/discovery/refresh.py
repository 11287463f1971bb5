"""Refreshing: what the server holds now where the recorded resources were.

Asked for is what has changed since last time (`_history?_since=`), so a server where nothing
happened answers a few small requests.

https://hl7.org/fhir/http.html#history
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from fhir_kb.push.discovery.batches import THREADS, batches
from fhir_kb.push.planning.state import NEVER, instant
from fhir_kb.servers.protocol import NotSupportedError, Ref, RemoteResource, ServerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fhir_kb.push.planning.remote_state import RemoteState
    from fhir_kb.push.planning.state import RecordedResource, State
    from fhir_kb.servers.protocol import FhirServer

_MAX_COUNTS: Final = 24
"""Counts to ask for in one refresh."""
_FEW: Final = 100
"""So few changes are read from the history instead of being counted."""
_TRANSACTION_TIME: Final = timedelta(minutes=2)


def refresh(server: FhirServer, state: State, remote_state: RemoteState) -> None:
    """Ask the server what has changed of the recorded resources; fills `remote_state`.

    Costs one request for each type, and one for each push, where nothing has changed.

    Raises:
        ServerError: The server cannot be asked.
    """
    keys = {record.ref: key for key, record in state.resources.items()}
    recorded = remote_state.recorded = {
        key: as_recorded(record) for key, record in state.resources.items()
    }
    by_type: dict[str, list[RecordedResource]] = {}
    for record in state.resources.values():
        by_type.setdefault(record.ref.type, []).append(record)
    max_counts = max(1, _MAX_COUNTS // max(1, len(by_type)))
    with ThreadPoolExecutor(THREADS) as pool:
        futures = [
            pool.submit(_changed, server, type_, records, state.refreshed_until, max_counts)
            for type_, records in sorted(by_type.items())
        ]
        for future in futures:
            for remote in future.result():
                if remote.ref in keys:
                    recorded[keys[remote.ref]] = remote
    remote_state.refreshed_until = _later(
        state.refreshed_until,
        [remote.updated for remote in recorded.values()],
        [
            remote.updated
            for key, remote in recorded.items()
            if remote.deleted or remote.version != state.resources[key].version
        ],
    )


def refresh_in_full(server: FhirServer, state: State, remote_state: RemoteState) -> None:
    """Read all recorded resources, whatever the server says of changes; fills `remote_state`.

    Raises:
        ServerError: The server cannot be asked.
    """
    remote_state.refreshed_until = state.refreshed_until
    remote = server.read([record.ref for record in state.resources.values()])
    for key, record in state.resources.items():
        remote_state.recorded[key] = remote.get(
            record.ref, RemoteResource(record.ref, deleted=True)
        )


def read_contents(server: FhirServer, remote_state: RemoteState, keys: Iterable[str]) -> None:
    """Read the contents of recorded resources that have not been read yet.

    A response that contradicts what the server has just said of its changes is asked for once
    more: one of the two came from a cache.

    Raises:
        ServerError: The server cannot be asked.
    """
    recorded = remote_state.recorded
    key_of = {
        remote.ref: key
        for key in keys
        if (remote := recorded.get(key)) and remote.resource is None and not remote.deleted
    }
    contents = dict(server.read(key_of)) if key_of else {}
    contradicting = [
        ref
        for ref, key in key_of.items()
        if ref not in contents or contents[ref].version != recorded[key].version
    ]
    if contradicting:
        for ref in contradicting:
            contents.pop(ref, None)
        contents.update(server.read(contradicting))
    for ref, key in key_of.items():
        recorded[key] = contents.get(ref, RemoteResource(ref, deleted=True))


def as_recorded(record: RecordedResource) -> RemoteResource:
    """What the server holds if nothing has changed since it was recorded."""
    return RemoteResource(record.ref, record.version, record.updated)


def _later(refreshed_until: str, updates: Iterable[str], foreign: Iterable[str]) -> str:
    """Until when all changes are in the remote state.

    A transaction that ran during the refresh may have an earlier time than what was read, so this
    is a while before the latest update. What others have changed may be left as it is, and then has
    to be seen the next time, too: it is not later than any of that.

    Args:
        refreshed_until: The last answer to this.
        updates: When the recorded resources were changed last.
        foreign: When those were that are not as they are recorded; "" where that is not known.
    """
    start = instant(refreshed_until)
    latest = max(map(instant, updates), default=start)
    if latest == NEVER:
        return refreshed_until
    latest = min([latest - _TRANSACTION_TIME, *map(instant, foreign)])
    return max(start, latest).isoformat()


def _changed(
    server: FhirServer,
    type_: str,
    records: Sequence[RecordedResource],
    refreshed_until: str,
    max_counts: int,
) -> list[RemoteResource]:
    """What may differ from the records of one type."""
    versions = {record.ref: record.version for record in records}
    interactions = server.capabilities.types.get(type_, frozenset())
    if not refreshed_until or "history-type" not in interactions:
        return _changed_by_versions(server, versions)
    since, start = refreshed_until, instant(refreshed_until)
    recent = [record for record in records if instant(record.updated) >= start]
    if len(recent) > _FEW and _counts_agree(server, type_, refreshed_until, recent, max_counts):
        since = max((record.updated for record in recent), key=instant)
    try:
        changed = [
            remote
            for remote in server.changed_since(type_, since)
            if remote.version != versions.get(remote.ref)
        ]
    except NotSupportedError:
        return _changed_by_versions(server, versions)
    if _was_restored(server, type_, records, {remote.ref for remote in changed}):
        return _changed_by_versions(server, versions)
    return changed


def _was_restored(
    server: FhirServer, type_: str, records: Sequence[RecordedResource], changed: set[Ref]
) -> bool:
    """Whether the server has lost what is recorded, and its history does not tell.

    It was emptied, or restored from a backup; the newest and the oldest recorded resource are then
    not as they were.
    """
    ordered = sorted(records, key=lambda record: instant(record.updated))
    expected = {
        record.ref: record.version
        for record in (ordered[0], ordered[-1])
        if record.ref not in changed
    }
    if not expected:
        return False
    query = {"_id": ",".join(sorted(ref.id for ref in expected))}
    remote = server.search(type_, query, summary=True)
    return {resource.ref: resource.version for resource in remote} != expected


def _counts_agree(
    server: FhirServer,
    type_: str,
    refreshed_until: str,
    recent: Sequence[RecordedResource],
    max_counts: int,
) -> bool:
    """Whether the server holds exactly those of our own recent changes that we made.

    Somebody else's change of one of them is later than the transaction, and the push, that wrote
    it: it leaves its interval of time for a later one, and a count is too low. Only what was
    changed while we pushed, within one interval, is missed; `--full` and the condition on every
    update see that.

    Args:
        server: Is asked.
        type_: The resource type.
        refreshed_until: From when on changes are not known; others may have made some before ours.
        recent: What we wrote since.
        max_counts: How many counts may be asked for.
    """
    intervals = _intervals(recent, max_counts)
    start = f"ge{refreshed_until}"
    for end, expected in intervals:
        try:
            count = server.count(type_, {"_lastUpdated": (start, f"le{end}")})
        except ServerError as error:
            if not error.is_refusal:
                raise
            return False
        if count != expected:
            return False
        start = f"gt{end}"
    return bool(intervals)


def _intervals(recent: Sequence[RecordedResource], max_counts: int) -> list[tuple[str, int]]:
    """Where intervals of time end, and how much we wrote in each: of transactions, or of pushes.

    Empty where there are too many even of pushes.
    """
    written = Counter(record.updated for record in recent)
    if len(written) > max_counts:
        ends: dict[int, str] = {}
        for record in recent:
            ends[record.push] = max(ends.get(record.push, ""), record.updated, key=instant)
        written = Counter(ends[record.push] for record in recent)
    if len(written) > max_counts:
        return []
    return sorted(written.items(), key=lambda interval: instant(interval[0]))


def _changed_by_versions(server: FhirServer, versions: Mapping[Ref, str]) -> list[RemoteResource]:
    """What differs by its version: for servers that cannot tell what has changed since."""
    type_ = next(iter(versions)).type
    current: dict[Ref, str] = {}
    for ids in batches(sorted(ref.id for ref in versions)):
        for remote in server.search(type_, {"_id": ",".join(ids)}, summary=True):
            current[remote.ref] = remote.version
    changed = [ref for ref, version in versions.items() if current.get(ref) != version]
    remotes = server.read(changed) if changed else {}
    return [remotes.get(ref, RemoteResource(ref, deleted=True)) for ref in changed]
