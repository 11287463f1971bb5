"""A server in memory that keeps the protocol of `fhir_kb.servers.protocol`, to test our decisions.

It is a fake: what real servers do is tested over HTTP, in the contract tests. Here answers can be
lost before or after the server acted, come from an older state, or say that it has no time.
"""

from __future__ import annotations

import copy
import random
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fhir_kb.servers.capabilities import with_observation
from fhir_kb.servers.content import content_digest
from fhir_kb.servers.protocol import (
    Applied,
    ChangeRequest,
    Observation,
    Outcome,
    Ref,
    Rejected,
    RemoteResource,
    SendMode,
    ServerCapabilities,
    ServerError,
    Unavailable,
    UnknownOutcomeError,
)
from fhir_kb.servers.references import references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

BASE = "https://fhir.example.org/r4"
TYPES = ("PlanDefinition", "ActivityDefinition", "Library", "Basic", "Evidence", "Citation")
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Faults:
    """How often what goes wrong, from 0 to 1, by a seeded generator."""

    share: float = 0.0
    rng: random.Random = field(default_factory=lambda: random.Random(0))

    def strikes(self) -> str:
        """What happens to this request; "" for nothing."""
        if self.rng.random() >= self.share:
            return ""
        return self.rng.choice(["before", "after", "busy", "stale"])


class MemoryServer:
    """See the module. `history`: every version of every resource, the newest last."""

    def __init__(
        self,
        *,
        send_modes: tuple[SendMode, ...] = ("transaction",),
        has_history: bool = True,
        drops: Iterable[str] = (),
        new_version_for_same: bool = False,
        answers: bool = True,
        faults: Faults | None = None,
        max_entries: int = 0,
    ) -> None:
        names = {"read", "create", "update", "delete", "search-type"}
        if has_history:
            names |= {"history-type"}
        self.capabilities = ServerCapabilities(
            BASE,
            software="memory",
            fhir_version="4.0.1",
            release="r4",
            types=dict.fromkeys(TYPES, frozenset(names)),
            send_modes=send_modes,
            max_entries=max_entries,
        )
        self.history: dict[Ref, list[RemoteResource]] = {}
        self.drops = frozenset(drops)
        self.new_version_for_same = new_version_for_same
        self.answers = answers
        self.faults = faults or Faults()
        self.requests: list[str] = []
        self.reject: set[str] = set()
        self.on_send: Any = None
        self.minds_versions_on_delete = True
        self.minds_creates = True
        self._clock = START
        self._lock = threading.RLock()

    # what tests ask and do

    def now(self, ref: Ref) -> RemoteResource | None:
        """What stands at a place, if anything ever stood there."""
        versions = self.history.get(ref)
        return versions[-1] if versions else None

    def contents(self) -> dict[str, dict[str, Any]]:
        """What stands on the server, by place."""
        found = {}
        for ref, versions in sorted(self.history.items()):
            if not versions[-1].deleted:
                assert versions[-1].resource is not None
                resource = dict(versions[-1].resource)
                resource.pop("meta", None)
                found[str(ref)] = resource
        return found

    def edit(self, ref: Ref, **changes: Any) -> None:
        """Somebody else changes a resource."""
        live = self.now(ref)
        assert live is not None
        assert live.resource is not None
        self._put(ref, {**live.resource, **changes})

    def put(self, resource: dict[str, Any]) -> Ref:
        """Somebody else puts a resource there."""
        ref = Ref(resource["resourceType"], resource["id"])
        self._put(ref, resource)
        return ref

    def remove(self, ref: Ref) -> None:
        """Somebody else deletes a resource."""
        self._delete(ref)

    @property
    def writes(self) -> int:
        """How many versions there are."""
        return sum(map(len, self.history.values()))

    # the protocol

    def observe(self, observation: Observation) -> None:
        self.capabilities = with_observation(self.capabilities, observation)

    def count(self, type_: str, query: Mapping[str, Any]) -> int:
        self._ask(f"count {type_}")
        return sum(1 for _ in self._found(type_, query))

    def search(
        self, type_: str, query: Mapping[str, Any], *, summary: bool = False
    ) -> Iterator[RemoteResource]:
        self._ask(f"search {type_}")
        for live in self._found(type_, query):
            yield RemoteResource(*_head(live)) if summary else copy.deepcopy(live)

    def changed_since(self, type_: str, since: str) -> Iterator[RemoteResource]:
        self._ask(f"changed {type_}")
        start = datetime.fromisoformat(since)
        with self._lock:
            lives = [versions[-1] for ref, versions in self.history.items() if ref.type == type_]
        for live in lives:
            if datetime.fromisoformat(live.updated) >= start:
                yield copy.deepcopy(live)

    def read(
        self, refs: Iterable[Ref], *, include_deleted: bool = False
    ) -> Mapping[Ref, RemoteResource]:
        refs = list(refs)
        if refs:
            self._ask(f"read {len(refs)}")
        strike = self.faults.strikes()
        with self._lock:
            found = {}
            for ref in refs:
                versions = self.history.get(ref, [])
                if strike == "stale":
                    versions = versions[:-1] or versions
                if versions and (include_deleted or not versions[-1].deleted):
                    found[ref] = copy.deepcopy(versions[-1])
            return found

    def read_version(self, ref: Ref, version: str) -> RemoteResource | None:
        return next((one for one in self.history.get(ref, ()) if one.version == version), None)

    def send(self, changes: Sequence[ChangeRequest], way: SendMode) -> Sequence[Outcome]:
        self.requests.append(f"send {len(changes)}")
        if self.on_send is not None:
            self.on_send(changes)
        strike = self.faults.strikes()
        if strike == "before":
            raise UnknownOutcomeError("the connection was reset")
        if strike == "busy":
            return [Unavailable(change.ref, 503) for change in changes]
        with self._lock:
            outcomes = self._made(changes, way)
        if strike == "after":
            raise UnknownOutcomeError("the answer was lost")
        return outcomes

    # inside

    def _ask(self, what: str) -> None:
        self.requests.append(what)

    def _made(self, changes: Sequence[ChangeRequest], way: SendMode) -> list[Outcome]:
        before = {ref: list(versions) for ref, versions in self.history.items()}
        coming = {str(change.ref) for change in changes} if way == "transaction" else set()
        outcomes = [self._one(change, coming) for change in changes]
        refused = [one for one in outcomes if isinstance(one, Rejected)]
        if way == "transaction" and refused:
            self.history = before
            first = refused[0]
            return [
                one
                if isinstance(one, Rejected)
                else Rejected(change.ref, first.status, first.text, first.conflict)
                for change, one in zip(changes, outcomes, strict=True)
            ]
        return outcomes

    def _one(self, change: ChangeRequest, coming: set[str]) -> Outcome:
        live = self.now(change.ref)
        there = live is not None and not live.deleted
        if str(change.ref) in self.reject:
            return Rejected(change.ref, 422, "the server does not like it")
        for name in references(change.resource or {}, "r4"):
            kind, _, id_ = name.partition("/")
            other = self.now(Ref(kind, id_))
            if (other is None or other.deleted) and name not in coming:
                return Rejected(change.ref, 400, f"there is no {name}")
        if change.action == "delete":
            if live is None or live.deleted:
                return Applied(change.ref)
            stale = change.expected_version and live.version != change.expected_version
            if stale and self.minds_versions_on_delete:
                return Rejected(change.ref, 409, "it has another version", conflict=True)
            self._delete(change.ref)
            return Applied(change.ref)
        assert change.resource is not None
        if change.action == "create" and there and self.minds_creates:
            return Rejected(change.ref, 412, "something is there", conflict=True)
        if change.action == "update":
            if live is None or live.deleted:
                return Rejected(change.ref, 409, "it is gone", conflict=True)
            if change.expected_version and live.version != change.expected_version:
                return Rejected(change.ref, 409, "it has another version", conflict=True)
        self._put(change.ref, change.resource)
        made = self.now(change.ref)
        assert made is not None
        stored = copy.deepcopy(made.resource) if self.answers else None
        return Applied(change.ref, made.version, made.updated, created=not there, stored=stored)

    def _put(self, ref: Ref, resource: dict[str, Any]) -> None:
        with self._lock:
            kept = {key: value for key, value in resource.items() if key not in self.drops}
            versions = self.history.setdefault(ref, [])
            live = versions[-1] if versions else None
            if (
                live is not None
                and live.resource is not None
                and not self.new_version_for_same
                and content_digest(kept) == content_digest(live.resource)
            ):
                return
            self._clock += timedelta(seconds=1)
            version, updated = str(len(versions) + 1), self._clock.isoformat()
            stored = copy.deepcopy(kept)
            stored["meta"] = {
                **(kept.get("meta") or {}),
                "versionId": version,
                "lastUpdated": updated,
            }
            url, canonical = str(kept.get("url", "")), str(kept.get("version", ""))
            versions.append(RemoteResource(ref, version, updated, url, canonical, resource=stored))

    def _delete(self, ref: Ref) -> None:
        with self._lock:
            versions = self.history[ref]
            self._clock += timedelta(seconds=1)
            versions.append(
                RemoteResource(ref, str(len(versions) + 1), self._clock.isoformat(), deleted=True)
            )

    def _found(self, type_: str, query: Mapping[str, Any]) -> list[RemoteResource]:
        with self._lock:
            lives = [
                versions[-1]
                for ref, versions in sorted(self.history.items())
                if ref.type == type_ and not versions[-1].deleted
            ]
        return [live for live in lives if all(_fits(live, *item) for item in query.items())]


def _head(live: RemoteResource) -> tuple[Any, ...]:
    return live.ref, live.version, live.updated, live.url, live.canonical_version, live.deleted


def _fits(live: RemoteResource, name: str, value: Any) -> bool:
    values = [value] if isinstance(value, str) else list(value)
    if name == "_id":
        return live.ref.id in values[0].split(",")
    if name == "url":
        return live.url in values[0].split(",")
    if name == "identifier":
        identifiers = (live.resource or {}).get("identifier", [])
        tokens = {f"{one.get('system')}|{one.get('value')}" for one in identifiers}
        return bool(tokens & set(values[0].replace("\\", "").split(",")))
    if name == "_lastUpdated":
        at = datetime.fromisoformat(live.updated)
        sides = {"ge": at.__ge__, "gt": at.__gt__, "le": at.__le__}
        return all(sides[one[:2]](datetime.fromisoformat(one[2:])) for one in values)
    raise ServerError(f"{name} is not searched here")


def shuffled_server(seed: int) -> MemoryServer:
    """A server of some temper that fails at three requests of ten."""
    rng = random.Random(seed)
    return MemoryServer(
        send_modes=rng.choice([("transaction",), ("batch",), ("single",)]),
        has_history=rng.random() < 0.5,
        new_version_for_same=rng.random() < 0.5,
        answers=rng.random() < 0.5,
        faults=Faults(0.3, rng),
    )
