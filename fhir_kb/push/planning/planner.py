"""How a plan is made: from the desired state, the recorded state and what the server holds.

Everything here is pure: `make_plan` asks nobody and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fhir_kb.push.planning.desired_state import at, initial_ref
from fhir_kb.push.planning.differences import Difference, differences
from fhir_kb.push.planning.plan import Plan, PlannedChange
from fhir_kb.push.planning.policy import with_kept_elements, without
from fhir_kb.servers.content import (
    content_digest,
    is_equivalent,
    json_resource,
    without_server_elements,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.push.planning.desired_state import DesiredResource
    from fhir_kb.push.planning.policy import TargetPolicy
    from fhir_kb.push.planning.remote_state import RemoteState
    from fhir_kb.push.planning.state import RecordedResource, State
    from fhir_kb.servers.content import LazyResource, Resource
    from fhir_kb.servers.protocol import Ref, RemoteResource, ServerCapabilities


def make_plan(
    wanted: Mapping[str, DesiredResource],
    state: State,
    learned: RemoteState,
    rules: TargetPolicy,
    profile: ServerCapabilities,
    *,
    delete: bool = False,
) -> Plan:
    """The plan. delete: what is no longer defined is deleted and not only retired.

    `learned` has to hold whole what `keys_to_read` names of the plan; until then its
    differences are not known.
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


def keys_to_read(plan: Plan, learned: RemoteState) -> list[str]:
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
    wanted: Mapping[str, DesiredResource],
    state: State,
    learned: RemoteState,
    rules: TargetPolicy,
    profile: ServerCapabilities,
) -> dict[str, Ref]:
    found = {}
    for key, one in wanted.items():
        if key in state.records:
            found[key] = state.records[key].ref
        elif key in learned.found:
            found[key] = learned.found[key].ref
        else:
            found[key] = one.place or initial_ref(one, rules.ids, profile.client_ids)
    return found


@dataclass(slots=True)
class _Decider:
    state: State
    learned: RemoteState
    rules: TargetPolicy
    ids_by_server: bool

    def item(self, one: DesiredResource, ref: Ref, body: LazyResource) -> PlannedChange:
        """What to do with a resource that is wanted."""
        record = self.state.records.get(one.key)
        if record is None:
            return self._unknown(one, ref, body)
        live = self.learned.known[one.key]
        made = PlannedChange(
            "unchanged", one.key, ref, one.name, body, live.version, retired=one.retired
        )
        if live.deleted:
            return _conflict(made, live, "it was deleted on the server")
        ours, body = self._ours(body, live)
        made = replace(made, body=body, there=live)
        if self._as_left(record, live):
            if content_digest(ours) == record.sent:
                return made
            changes = _differences(live, ours)
            return replace(made, kind="update", differences=changes)
        if self._same(ours, live):
            return replace(made, reason="it was changed on the server, to the same")
        return _conflict(made, live, _since(live, "it was changed on the server, not by us"))

    def orphan(self, key: str, record: RecordedResource, *, delete: bool) -> PlannedChange | None:
        """What to do with a resource of ours that is no longer wanted; None: nothing."""
        live = self.learned.known[key]
        name = _name(key, record.ref)
        made = PlannedChange(
            "left", key, record.ref, name, None, live.version, there=live, retired=True
        )
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
        ours = without_server_elements({**live.resource, "status": "retired"})
        changes = _differences(live, ours)
        made = replace(made, kind="retire", body=json_resource(ours), differences=changes)
        if self._as_left(record, live):
            return made
        reason = _since(live, "it is no longer defined, but was changed on the server")
        return replace(made, kind="conflict", reason=reason, needs="overwrite")

    def _unknown(self, one: DesiredResource, ref: Ref, body: LazyResource) -> PlannedChange:
        made = PlannedChange("create", one.key, ref, one.name, body, retired=one.retired)
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

    def _ours(self, body: LazyResource, live: RemoteResource) -> tuple[Resource, LazyResource]:
        """What shall stand there: what the hospital owns stays as it is."""
        ours = body()
        if live.resource is None or not self.rules.theirs:
            return ours, body
        ours = with_kept_elements(ours, without_server_elements(live.resource), self.rules.theirs)
        return ours, json_resource(ours)

    def _as_left(self, record: RecordedResource, live: RemoteResource) -> bool:
        """Whether the resource is as it was when we saw it last."""
        if live.version and live.version == record.version:
            return True
        return live.resource is not None and content_digest(live.resource) == record.stored

    def _same(self, ours: Resource, live: RemoteResource) -> bool:
        assert live.resource is not None
        ignored = self.rules.ignored
        return is_equivalent(
            without(without_server_elements(ours), ignored),
            without(without_server_elements(live.resource), ignored),
        )


def _conflict(made: PlannedChange, live: RemoteResource, reason: str) -> PlannedChange:
    wanted = None if live.deleted else made.wanted
    changes = () if wanted is None else _differences(live, wanted)
    return replace(
        made, kind="conflict", reason=reason, needs="overwrite", there=live, differences=changes
    )


def _differences(live: RemoteResource, ours: Resource) -> tuple[Difference, ...]:
    """What would change; none where it has not been read."""
    return tuple(differences(live.resource, ours)) if live.resource is not None else ()


def _since(live: RemoteResource, reason: str) -> str:
    return f"{reason} ({live.updated[:10]})" if live.updated else reason


def _name(key: str, ref: Ref) -> str:
    _, _, version = key.partition("|")
    return f"{ref}" if not version or ref.id.endswith(version) else f"{ref}|{version}"
