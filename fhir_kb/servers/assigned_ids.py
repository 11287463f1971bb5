"""Servers that choose ids themselves, seen as if they took ours.

What is to be created has a name of ours until the server has told its place; then everything that
refers to it is led there. Whoever sends through this sees our names only, so nothing else has to
know: what came of a create without an answer is looked up by what it is, and not by its id.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fhir_kb.servers.content import references, with_references
from fhir_kb.servers.identity import escaped, identity_of
from fhir_kb.servers.server import Done, Live, Outcome, Ref, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from fhir_kb.servers.server import Change, Profile, Query, Resource, Server, Way


class Placing:
    """See the module; a `Server`. May be used by several threads.

    changes: all that will be sent; those that create need not be in it again. places: where what
    was created before stands, by our name for it.
    """

    def __init__(
        self, server: Server, changes: Iterable[Change], places: Mapping[Ref, Ref] | None = None
    ) -> None:
        self._server = server
        self._queries = {
            one.ref: query_of(resource)
            for one in changes
            if one.action == "create" and (resource := one.resource) is not None
        }
        self._there: dict[str, str] = {}
        self._ours: dict[str, str] = {}
        for ref, place in (places or {}).items():
            self._note(ref, place)

    @property
    def profile(self) -> Profile:
        """See the protocol."""
        return self._server.profile

    def place(self, ref: Ref) -> Ref:
        """Where it stands; our own name for it as long as that is not known."""
        return _ref(self._there.get(str(ref), str(ref)))

    def final(self, ref: Ref, resource: Resource) -> Resource:
        """The resource as it is on the server: with its id there, and references to real places."""
        return _moved(resource, self.place(ref), self._there)

    def count(self, type_: str, query: Query) -> int:
        """See the protocol."""
        return self._server.count(type_, query)

    def search(self, type_: str, query: Query, *, heads: bool = False) -> Iterator[Live]:
        """See the protocol."""
        return map(self._seen, self._server.search(type_, query, heads=heads))

    def changed(self, type_: str, since: str) -> Iterator[Live]:
        """See the protocol."""
        return map(self._seen, self._server.changed(type_, since))

    def version(self, ref: Ref, version: str) -> Live | None:
        """See the protocol."""
        live = self._server.version(self.place(ref), version)
        return self._seen(live) if live else None

    def read(self, refs: Iterable[Ref], *, gone: bool = False) -> Mapping[Ref, Live]:
        """See the protocol. What has no place yet is searched by what it is."""
        asked = list(refs)
        new = [ref for ref in asked if ref in self._queries and str(ref) not in self._there]
        found: dict[Ref, Live] = {}
        for ref in new:
            query = self._queries[ref]
            hits = sorted(self._server.search(ref.type, query), key=_by_place) if query else []
            if hits:
                self._note(ref, hits[0].ref)
                found[ref] = hits[0]
        known = {self.place(ref): ref for ref in asked if ref not in new}
        for place, live in (self._server.read(known, gone=gone) if known else {}).items():
            found[known[place]] = live
        return {ref: self._seen(live) for ref, live in found.items()}

    def send(self, changes: Sequence[Change], way: Way) -> Sequence[Outcome]:
        """See the protocol. A create that finds itself there already is refused as moved: whoever
        asks what stands there then knows its place.
        """
        coming = {str(one.ref) for one in changes if self._is_new(one)}
        lost = {} if way == "transaction" else self._unresolved(changes, coming)
        sent = [one for one in changes if one.ref not in lost]
        outcomes = self._server.send([self._translated(one) for one in sent], way) if sent else []
        for change, outcome in zip(sent, outcomes, strict=True):
            if isinstance(outcome, Done) and self._is_new(change):
                self._note(change.ref, outcome.ref)
        by_ref = {
            change.ref: self._told(change, outcome)
            for change, outcome in zip(sent, outcomes, strict=True)
        }
        return [lost.get(one.ref) or by_ref[one.ref] for one in changes]

    def _is_new(self, change: Change) -> bool:
        return change.ref in self._queries and str(change.ref) not in self._there

    def _unresolved(self, changes: Sequence[Change], coming: set[str]) -> dict[Ref, Refused]:
        """What refers to something that gets its place only with it, where that cannot be said."""
        found = {}
        for one in changes:
            others = coming & set(references(one.resource or {})) - {str(one.ref)}
            if others:
                text = (
                    f"it refers to {min(others)}, and this server gives ids itself: only a "
                    "transaction could make both, and it has none"
                )
                found[one.ref] = Refused(one.ref, 0, text)
        return found

    def _translated(self, change: Change) -> Change:
        if self._is_new(change):
            body = with_references(change.resource, self._there)
            return replace(change, body=body, expected="", unless=self._queries[change.ref])
        place = self.place(change.ref)
        resource = change.resource
        body = resource and _moved(resource, place, self._there)
        return replace(change, ref=place, body=body)

    def _told(self, change: Change, outcome: Outcome) -> Outcome:
        """An outcome with our name for what it is about."""
        if isinstance(outcome, Done) and outcome.stored is not None:
            stored = _moved(outcome.stored, change.ref, self._ours)
            return replace(outcome, ref=change.ref, stored=stored)
        return replace(outcome, ref=change.ref)

    def _seen(self, live: Live) -> Live:
        ref = _ref(self._ours.get(str(live.ref), str(live.ref)))
        body = live.resource and _moved(live.resource, ref, self._ours)
        return replace(live, ref=ref, resource=body)

    def _note(self, ref: Ref, place: Ref) -> None:
        self._there[str(ref)] = str(place)
        self._ours[str(place)] = str(ref)


def as_new(change: Change) -> Change:
    """A change for a server that gives ids itself: what was deleted there gets another place."""
    return replace(change, expected="") if change.action == "create" else change


def query_of(resource: Resource) -> Query:
    """What finds an artifact on whatever server; empty where nothing does."""
    one = identity_of(resource)
    if one.url:
        return {"url": escaped(one.url)} | (
            {"version": escaped(one.version)} if one.version else {}
        )
    return {"identifier": "|".join(map(escaped, one.identifier))} if one.identifier else {}


def _moved(resource: Resource, place: Ref, places: Mapping[str, str]) -> Resource:
    moved: Resource = with_references(resource, places)
    return {**moved, "id": place.id}


def _ref(name: str) -> Ref:
    return Ref(*name.split("/", 1))


def _by_place(live: Live) -> Ref:
    return live.ref
