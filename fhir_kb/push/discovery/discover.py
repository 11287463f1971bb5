"""Learning what stands on a server, with as few questions as will do.

What we know from last time is asked for by what has changed since (`_history?_since=`), so a server
where nothing happened answers in a few small answers. Only what we do not know is searched by
canonical url, and only what matters is read whole.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from fhir_kb.push.planning.desired_state import initial_ref
from fhir_kb.push.planning.remote_state import RemoteState
from fhir_kb.push.planning.state import NEVER, instant
from fhir_kb.servers.identity import escaped
from fhir_kb.servers.protocol import Ref, RemoteResource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fhir_kb.push.planning.desired_state import DesiredResource
    from fhir_kb.push.planning.policy import TargetPolicy
    from fhir_kb.push.planning.state import RecordedResource, State
    from fhir_kb.servers.protocol import FhirServer

_AT_ONCE: Final = 1000
_AT_ONCE_LENGTH: Final = 50_000
"""Values in one search, and their characters before they are encoded: HAPI takes 260 kB of a form.
"""
_COUNTS: Final = 24
_FEW: Final = 100
_THREADS: Final = 4
_UNDER_WAY: Final = timedelta(minutes=2)


def discover(
    server: FhirServer,
    state: State,
    wanted: Mapping[str, DesiredResource],
    rules: TargetPolicy,
    *,
    full: bool = False,
) -> RemoteState:
    """Ask the server. full: read everything whole, whatever we believe to know.

    Costs, where nothing changed: a question for each type and push. Raises ServerError.
    """
    learned = RemoteState()
    _known(server, state, learned, full=full)
    by_server = server.capabilities.client_ids == "no"
    new = [
        one
        for key, one in wanted.items()
        if key not in state.records and (one.place is None or by_server)
    ]
    _find(server, new, learned)
    placed = [one.place for key, one in wanted.items() if one.place and key not in state.records]
    places = [
        initial_ref(one, rules.ids, server.capabilities.client_ids)
        for one in new
        if one.key not in learned.found
    ]
    if not by_server:
        learned.taken = _taken(server, [*places, *placed])
    return learned


def read_in_full(server: FhirServer, learned: RemoteState, keys: Iterable[str]) -> None:
    """Read whole what stands at the places of these records, where that is not known yet.

    An answer that contradicts what the server has just said of its changes is asked for once more:
    one of the two came from a cache.
    """
    refs = {
        live.ref: key
        for key in keys
        if (live := learned.known.get(key)) and live.resource is None and not live.deleted
    }
    answers = dict(server.read(refs)) if refs else {}
    odd = [
        ref
        for ref, key in refs.items()
        if ref not in answers or answers[ref].version != learned.known[key].version
    ]
    if odd:
        again = server.read(odd)
        answers = {ref: live for ref, live in answers.items() if ref not in odd} | dict(again)
    for ref, key in refs.items():
        learned.known[key] = answers.get(ref, RemoteResource(ref, deleted=True))


def _known(server: FhirServer, state: State, learned: RemoteState, *, full: bool) -> None:
    keys = {record.ref: key for key, record in state.records.items()}
    learned.seen = state.seen
    if full:
        answers = server.read(keys)
        for ref, key in keys.items():
            learned.known[key] = answers.get(ref, RemoteResource(ref, deleted=True))
        return
    learned.known = {key: as_known(record) for key, record in state.records.items()}
    by_type: dict[str, list[RecordedResource]] = {}
    for record in state.records.values():
        by_type.setdefault(record.ref.type, []).append(record)
    most = max(1, _COUNTS // max(1, len(by_type)))
    with ThreadPoolExecutor(_THREADS) as pool:
        asked = [
            pool.submit(_news, server, kind, records, state.seen, most)
            for kind, records in sorted(by_type.items())
        ]
        for answer in asked:
            for live in answer.result():
                if live.ref in keys:
                    learned.known[keys[live.ref]] = live
    learned.seen = _later(state.seen, [live.updated for live in learned.known.values()])


def _later(seen: str, updates: Iterable[str]) -> str:
    """Until when everything is known now: a transaction that was under way while we asked may bear
    an earlier time than what we saw, so it is a while less than the latest.
    """
    latest = max(map(instant, updates), default=instant(seen))
    return max(instant(seen), latest - _UNDER_WAY).isoformat() if latest > NEVER else seen


def as_known(record: RecordedResource) -> RemoteResource:
    """What stands at a record's place if nothing happened since."""
    return RemoteResource(record.ref, record.version, record.updated)


def _news(
    server: FhirServer, kind: str, records: Sequence[RecordedResource], seen: str, most: int
) -> list[RemoteResource]:
    """What may be different from what the records of one type say. most: counts to ask for."""
    versions = {record.ref: record.version for record in records}
    if not seen or "history-type" not in server.capabilities.types.get(kind, frozenset()):
        return _compared(server, versions)
    since, start = seen, instant(seen)
    recent = Counter(record.updated for record in records if instant(record.updated) >= start)
    if recent.total() > _FEW and _as_counted(server, kind, recent, most):
        since = max(recent, key=instant)
    news = [
        one for one in server.changed_since(kind, since) if one.version != versions.get(one.ref)
    ]
    if _is_another(server, kind, records, {one.ref for one in news}):
        return _compared(server, versions)
    return news


def _is_another(
    server: FhirServer, kind: str, records: Sequence[RecordedResource], news: set[Ref]
) -> bool:
    """Whether the server has forgotten what we know: it was emptied, or put back from a copy, and
    its history does not tell. The newest and the oldest of ours would not be as they were.
    """
    ordered = sorted(records, key=lambda record: instant(record.updated))
    asked = {one.ref: one.version for one in (ordered[0], ordered[-1]) if one.ref not in news}
    if not asked:
        return False
    query = {"_id": ",".join(sorted(ref.id for ref in asked))}
    there = {live.ref: live.version for live in server.search(kind, query, summary=True)}
    return there != asked


def _as_counted(server: FhirServer, kind: str, recent: Mapping[str, int], most: int) -> bool:
    """Whether exactly those of our own changes are there that we made, by at most so many counts.

    A foreign change of one of them is later than the transaction that wrote it: it leaves one of
    the spans into which our pushes are parted for a later one, and a count is too low. Only what
    was changed while we pushed, within the same span, is not seen so; `full` and the condition on
    every update see that.
    """
    ends = sorted(recent, key=instant)
    step = -(-len(ends) // most)
    start = f"ge{ends[0]}"
    for first in range(0, len(ends), step):
        span = ends[first : first + step]
        query = {"_lastUpdated": (start, f"le{span[-1]}")}
        if server.count(kind, query) != sum(recent[end] for end in span):
            return False
        start = f"gt{span[-1]}"
    return True


def _compared(server: FhirServer, versions: Mapping[Ref, str]) -> list[RemoteResource]:
    """By the heads of all: for servers that cannot tell what changed since."""
    kind = next(iter(versions)).type
    there: dict[Ref, RemoteResource] = {}
    for some in _portions(sorted(ref.id for ref in versions)):
        for live in server.search(kind, {"_id": ",".join(some)}, summary=True):
            there[live.ref] = live
    different = [
        ref for ref, known in versions.items() if ref not in there or there[ref].version != known
    ]
    answers = server.read(different) if different else {}
    return [answers.get(ref, RemoteResource(ref, deleted=True)) for ref in different]


def _find(server: FhirServer, new: Sequence[DesiredResource], learned: RemoteState) -> None:
    """Artifacts that are on the server though we did not put them there."""
    found: dict[str, dict[Ref, RemoteResource]] = {}

    def asked(
        search: tuple[str, str, dict[str, list[DesiredResource]]],
    ) -> list[tuple[str, RemoteResource]]:
        kind, parameter, some = search
        return [
            (one.key, live)
            for live in server.search(kind, {parameter: ",".join(sorted(some))})
            for value in _values(live, parameter)
            for one in some.get(value, ())
            if parameter != "url" or one.version == live.canonical_version
        ]

    with ThreadPoolExecutor(_THREADS) as pool:
        for hits in pool.map(asked, _searches(new)):
            for key, live in hits:
                found.setdefault(key, {})[live.ref] = live
    for key, places in found.items():
        if len(places) > 1:
            learned.double[key] = tuple(places[ref] for ref in sorted(places))
        else:
            learned.found[key] = next(iter(places.values()))


def _taken(server: FhirServer, places: Iterable[Ref]) -> dict[Ref, RemoteResource]:
    """What stands at these places; several types are asked for at once."""
    by_type: dict[str, list[Ref]] = {}
    for ref in places:
        by_type.setdefault(ref.type, []).append(ref)
    with ThreadPoolExecutor(_THREADS) as pool:
        return {
            ref: live
            for found in pool.map(server.read, by_type.values())
            for ref, live in found.items()
        }


def _searches(
    new: Sequence[DesiredResource],
) -> Iterator[tuple[str, str, dict[str, list[DesiredResource]]]]:
    """What to search: type, parameter, and what is wanted by the values to search for."""
    groups: dict[tuple[str, str], dict[str, list[DesiredResource]]] = {}
    for one in new:
        if one.url:
            groups.setdefault((one.type, "url"), {}).setdefault(escaped(one.url), []).append(one)
        elif one.identifier:
            token = "|".join(map(escaped, one.identifier))
            groups.setdefault((one.type, "identifier"), {}).setdefault(token, []).append(one)
    for (kind, parameter), wanted in sorted(groups.items()):
        for values in _portions(sorted(wanted)):
            yield kind, parameter, {value: wanted[value] for value in values}


def _values(live: RemoteResource, parameter: str) -> Iterator[str]:
    """What `live` would be found by."""
    if parameter == "url":
        yield escaped(live.url)
        return
    value = (live.resource or {}).get("identifier")
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield "|".join(escaped(str(one.get(part, ""))) for part in ("system", "value"))


def _portions(values: Sequence[str]) -> Iterator[list[str]]:
    portion: list[str] = []
    length = 0
    for value in values:
        if portion and (len(portion) == _AT_ONCE or length + len(value) > _AT_ONCE_LENGTH):
            yield portion
            portion, length = [], 0
        portion.append(value)
        length += len(value)
    if portion:
        yield portion
