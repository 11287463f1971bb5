"""What has to be done on a server: from what is wanted, what we did last, and what is there.

Everything here is pure: `decide` asks nobody and changes nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from fhir_kb.push.diff import Difference, differences
from fhir_kb.push.rules import with_theirs, without
from fhir_kb.push.wanted import at, new_place
from fhir_kb.servers.content import digest, own, same, text
from fhir_kb.servers.server import Change, Live, Ref

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fhir_kb.push.learn import Learned
    from fhir_kb.push.rules import Rules
    from fhir_kb.push.state import Record, State
    from fhir_kb.push.wanted import Wanted
    from fhir_kb.servers.content import Body
    from fhir_kb.servers.server import Profile, Resource

Kind = Literal[
    "create", "update", "unchanged", "adopt", "conflict", "retire", "delete", "left", "forget"
]
"""create: it is not there. update: ours has changed. unchanged: nothing to do. adopt: it is there,
but not from us. conflict: somebody else changed, made or deleted it. retire, delete: ours, no
longer defined. left: ours, no longer defined, and it has no status to retire it by. forget: ours,
no longer defined, and gone already."""

WRITES: Final = frozenset({"create", "update", "retire", "delete"})
_FEW: Final = 10
"""So few changes never need a word, whatever their share."""


@dataclass(frozen=True, slots=True)
class Item:
    """One resource of the plan.

    ref: where it stands or shall stand. name: for people. body: what shall stand there, or what
    gives it when it is asked for; None to delete or leave. expected: the version that is there now;
    "" for none. differences: from what is there to what shall be. reason: why it is a conflict, or
    what else there is to say. needs: the word that has to be given before it is done ("adopt",
    "overwrite"), or "".
    """

    kind: Kind
    key: str
    ref: Ref
    name: str
    body: Resource | Body | None = field(default=None, repr=False)
    expected: str = ""
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    needs: str = ""
    there: Live | None = field(default=None, repr=False)
    retired: bool = False

    @property
    def wanted(self) -> Resource | None:
        """What shall stand there."""
        return self.body() if callable(self.body) else self.body

    def change(self) -> Change | None:
        """What is to be sent; None where nothing is."""
        if self.kind not in WRITES and not self.needs:
            return None
        if self.body is None:
            return Change("delete", self.ref, None, self.expected)
        is_new = self.there is None or self.there.deleted
        return Change("create" if is_new else "update", self.ref, self.body, self.expected)


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done on a server.

    base: the server's address. release: the FHIR release of the contents. items: in the order of
    their keys. seen: as in `Learned`. records: what stands on the server because of us.
    """

    base: str
    release: str
    items: tuple[Item, ...]
    seen: str = ""
    records: int = 0

    def counts(self) -> dict[str, int]:
        """How many items of each kind there are."""
        return dict(Counter(item.kind for item in self.items))

    @property
    def changes(self) -> bool:
        """Whether there is anything to be done or decided."""
        return any(
            item.kind in WRITES
            or item.kind == "conflict"
            or (item.kind == "adopt" and bool(item.differences))
            for item in self.items
        )


def decide(
    wanted: Mapping[str, Wanted],
    state: State,
    learned: Learned,
    rules: Rules,
    profile: Profile,
    *,
    delete: bool = False,
) -> Plan:
    """The plan. delete: what is no longer defined is deleted and not only retired.

    `learned` has to hold whole what `to_be_read` names of the plan; until then its differences are
    not known.
    """
    places = _places(wanted, state, learned, rules, profile)
    led = {
        f"{one.type}/{one.id}": str(places[key])
        for key, one in wanted.items()
        if str(places[key]) != f"{one.type}/{one.id}"
    }
    decider = _Decider(state, learned, rules, profile.client_ids == "no")
    items = [
        decider.item(one, places[key], at(one, places[key], led)) for key, one in wanted.items()
    ]
    for key, record in state.records.items():
        if key not in wanted and (found := decider.orphan(key, record, delete=delete)):
            items.append(found)
    items.sort(key=lambda item: item.key)
    return Plan(profile.base, profile.release, tuple(items), learned.seen, len(state.records))


def to_be_read(plan: Plan, learned: Learned) -> list[str]:
    """The keys of what will change and is not known whole yet."""
    return [
        item.key
        for item in plan.items
        if item.kind not in ("unchanged", "left")
        and item.key in learned.known
        and learned.known[item.key].resource is None
        and not learned.known[item.key].deleted
    ]


def _places(
    wanted: Mapping[str, Wanted], state: State, learned: Learned, rules: Rules, profile: Profile
) -> dict[str, Ref]:
    found = {}
    for key, one in wanted.items():
        if key in state.records:
            found[key] = state.records[key].ref
        elif key in learned.found:
            found[key] = learned.found[key].ref
        else:
            found[key] = one.place or new_place(one, rules.ids, profile.client_ids)
    return found


@dataclass(slots=True)
class _Decider:
    state: State
    learned: Learned
    rules: Rules
    ids_by_server: bool

    def item(self, one: Wanted, ref: Ref, body: Body) -> Item:
        """What to do with a resource that is wanted."""
        record = self.state.records.get(one.key)
        if record is None:
            return self._unknown(one, ref, body)
        live = self.learned.known[one.key]
        made = Item("unchanged", one.key, ref, one.name, body, live.version, retired=one.retired)
        if live.deleted:
            return _conflict(made, live, "it was deleted on the server")
        ours, body = self._ours(body, live)
        made = replace(made, body=body, there=live)
        if self._as_left(record, live):
            if digest(ours) == record.sent:
                return made
            changes = _differences(live, ours)
            return replace(made, kind="update", differences=changes)
        if self._same(ours, live):
            return replace(made, reason="it was changed on the server, to the same")
        return _conflict(made, live, _since(live, "it was changed on the server, not by us"))

    def orphan(self, key: str, record: Record, *, delete: bool) -> Item | None:
        """What to do with a resource of ours that is no longer wanted; None: nothing."""
        live = self.learned.known[key]
        name = _name(key, record.ref)
        made = Item("left", key, record.ref, name, None, live.version, there=live, retired=True)
        if live.deleted:
            return replace(made, kind="forget", there=None)
        if delete:
            if self._as_left(record, live):
                return replace(made, kind="delete")
            return replace(
                made,
                kind="conflict",
                reason=_since(live, "it is no longer defined, but was changed on the server"),
                needs="overwrite",
            )
        if record.retired:
            return None
        if live.resource is None:
            return replace(made, kind="retire")  # to be read, and decided again
        if not isinstance(live.resource.get("status"), str):
            return replace(made, reason="it has no status to retire it by")
        if live.resource["status"] == "retired" and not self._as_left(record, live):
            return replace(made, kind="forget", reason="it was retired on the server")
        ours = own({**live.resource, "status": "retired"})
        changes = _differences(live, ours)
        made = replace(made, kind="retire", body=text(ours), differences=changes)
        if self._as_left(record, live):
            return made
        reason = _since(live, "it is no longer defined, but was changed on the server")
        return replace(made, kind="conflict", reason=reason, needs="overwrite")

    def _unknown(self, one: Wanted, ref: Ref, body: Body) -> Item:
        made = Item("create", one.key, ref, one.name, body, retired=one.retired)
        if double := self.learned.double.get(one.key):
            where = ", ".join(str(live.ref) for live in double)
            reason = f"it is there more than once: {where}"
            return replace(made, kind="conflict", reason=reason, needs="")
        live = self.learned.found.get(one.key)
        if live is None and self.ids_by_server:
            if not one.url and not one.identifier:
                reason = "the server gives ids itself, and nothing else tells what it is"
                return replace(made, kind="conflict", reason=reason)
            return made
        if live is None:
            there = self.learned.taken.get(ref)
            if there is None or there.deleted:
                return replace(made, there=there, expected=there.version if there else "")
            if not one.place and (one.url or one.identifier):
                return replace(
                    made, kind="conflict", reason="something else stands at its place", there=there
                )
            live = there
        ours, body = self._ours(body, live)
        changes = () if self._same(ours, live) else _differences(live, ours)
        return replace(
            made,
            kind="adopt",
            body=body,
            expected=live.version,
            differences=changes,
            needs="adopt" if changes else "",
            there=live,
        )

    def _ours(self, body: Body, live: Live) -> tuple[Resource, Body]:
        """What shall stand there: what the hospital owns stays as it is."""
        ours = body()
        if live.resource is None or not self.rules.theirs:
            return ours, body
        ours = with_theirs(ours, own(live.resource), self.rules.theirs)
        return ours, text(ours)

    def _as_left(self, record: Record, live: Live) -> bool:
        """Whether the resource is as it was when we saw it last."""
        if live.version and live.version == record.version:
            return True
        return live.resource is not None and digest(live.resource) == record.stored

    def _same(self, ours: Resource, live: Live) -> bool:
        assert live.resource is not None
        ignored = self.rules.ignored
        return same(without(own(ours), ignored), without(own(live.resource), ignored))


def _conflict(made: Item, live: Live, reason: str) -> Item:
    wanted = None if live.deleted else made.wanted
    changes = () if wanted is None else _differences(live, wanted)
    return replace(
        made, kind="conflict", reason=reason, needs="overwrite", there=live, differences=changes
    )


def _differences(live: Live, ours: Resource) -> tuple[Difference, ...]:
    """What would change; none where it has not been read."""
    return tuple(differences(live.resource, ours)) if live.resource is not None else ()


def _since(live: Live, reason: str) -> str:
    return f"{reason} ({live.updated[:10]})" if live.updated else reason


def _name(key: str, ref: Ref) -> str:
    _, _, version = key.partition("|")
    return f"{ref}" if not version or ref.id.endswith(version) else f"{ref}|{version}"


def allowed(item: Item, words: Sequence[str]) -> bool:
    """Whether the person has given the word that an item needs."""
    return not item.needs or item.needs in words


def is_absent(item: Item) -> bool:
    """Whether what stands at its place, if anything, is not what it is about."""
    if item.kind != "conflict":
        return False
    return not item.needs or (item.there is not None and item.there.deleted)


def to_do(plan: Plan, words: Sequence[str]) -> Iterator[tuple[Item, Change]]:
    """What is sent when the person has given these words, and nothing else."""
    for item in plan.items:
        change = item.change() if allowed(item, words) else None
        if change is not None:
            yield item, change


def too_many(plan: Plan, rules: Rules, words: Sequence[str]) -> str:
    """Why so much may not be changed without a word; "" where it may."""
    if "many" in words:
        return ""
    touched = [item for item, change in to_do(plan, words) if change.action != "create"]
    if len(touched) <= _FEW or len(touched) <= rules.changes * plan.records:
        return ""
    return (
        f"{len(touched)} of the {plan.records} resources that stand there because of us "
        f"would change, more than {rules.changes:.0%}"
    )
