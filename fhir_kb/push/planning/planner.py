"""How a plan is made: from the desired state, the recorded state and the remote state.

Everything here is pure: `make_plan` asks nobody and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fhir_kb.model.fhir_release import BY_NAME
from fhir_kb.push.planning.desired_state import initial_ref, placed_at
from fhir_kb.push.planning.differences import Difference, differences
from fhir_kb.push.planning.plan import Plan, PlannedChange
from fhir_kb.push.planning.policy import with_kept_elements, without_elements
from fhir_kb.push.planning.retirement import retired_status
from fhir_kb.push.planning.scopes import PushScope, other_holders, resources_in_scopes
from fhir_kb.servers.content import (
    content_digest,
    is_equivalent,
    json_resource,
    without_server_elements,
)
from fhir_kb.servers.references import ReferenceTargets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fhir_kb.push.planning.desired_state import DesiredResource
    from fhir_kb.push.planning.policy import TargetPolicy
    from fhir_kb.push.planning.remote_state import RemoteState
    from fhir_kb.push.planning.state import RecordedResource, State
    from fhir_kb.servers.content import LazyResource, Resource
    from fhir_kb.servers.protocol import Ref, RemoteResource, ServerCapabilities


def make_plan(
    desired: Mapping[str, DesiredResource],
    state: State,
    remote_state: RemoteState,
    policy: TargetPolicy,
    profile: ServerCapabilities,
    *,
    scope: PushScope,
    delete: bool = False,
) -> Plan:
    """The plan that brings a server to the desired state.

    Args:
        desired: What the server has to hold, by key.
        state: What is recorded of it.
        remote_state: What it holds now. Of what `keys_to_read` names it has to have the content;
            until then the plan has no differences there.
        policy: How the server is treated.
        profile: What the server can do.
        scope: What it may retire.
        delete: Whether resources that are no longer defined are deleted, not retired.
    """
    refs = _refs(desired, state, remote_state, policy, profile)
    targets = _link_targets(desired, refs, profile.base)
    planner = _Planner(
        state, remote_state, policy, profile.client_ids == "no", profile.release, scope
    )
    changes = [
        planner.defined(
            resource, refs[key], placed_at(resource, refs[key], targets, profile.release)
        )
        for key, resource in desired.items()
    ]
    held = resources_in_scopes(state, scope.names)
    undefined = {key: record for key, record in held.items() if key not in desired}
    for key, record in undefined.items() if scope.prune else ():
        if change := planner.undefined(key, record, delete=delete):
            changes.append(change)
    changes.sort(key=lambda change: change.key)
    left = (key for key, record in undefined.items() if not record.retired)
    return Plan(
        profile.base,
        profile.release,
        tuple(changes),
        remote_state.refreshed_until,
        len(held),
        scope.names,
        delete,
        scope.prune,
        scope.is_rollback,
        () if scope.prune else tuple(sorted(left)),
    )


def keys_to_read(plan: Plan, remote_state: RemoteState) -> list[str]:
    """The keys of recorded resources that the plan changes, and whose content is not read yet."""
    return [
        change.key
        for change in plan.changes
        if change.action not in ("unchanged", "orphaned")
        and change.key in remote_state.recorded
        and remote_state.recorded[change.key].resource is None
        and not remote_state.recorded[change.key].deleted
    ]


def _refs(
    desired: Mapping[str, DesiredResource],
    state: State,
    remote_state: RemoteState,
    policy: TargetPolicy,
    profile: ServerCapabilities,
) -> dict[str, Ref]:
    """Where each desired resource is on the server, or will be."""
    refs = {}
    for key, resource in desired.items():
        if key in state.resources:
            refs[key] = state.resources[key].ref
        elif key in remote_state.unrecorded:
            refs[key] = remote_state.unrecorded[key].ref
        else:
            refs[key] = resource.fixed_ref or initial_ref(resource, policy.ids, profile.client_ids)
    return refs


def _link_targets(
    desired: Mapping[str, DesiredResource], refs: Mapping[str, Ref], base: str
) -> ReferenceTargets:
    """Where links between the desired resources lead: by "Type/id", or by the server's own URL."""
    names: dict[str, str] = {}
    for key, resource in desired.items():
        name, new_name = f"{resource.type}/{resource.id}", str(refs[key])
        names[f"{base}/{name}"] = new_name
        if new_name != name:
            names[name] = new_name
    urls = {resource.url for resource in desired.values()}
    return ReferenceTargets(names, frozenset(url for url in urls if url in names))


@dataclass(slots=True)
class _Planner:
    state: State
    remote_state: RemoteState
    policy: TargetPolicy
    server_assigns_ids: bool
    release: str
    scope: PushScope

    def defined(self, resource: DesiredResource, ref: Ref, body: LazyResource) -> PlannedChange:
        """What to do with a resource that is defined."""
        record = self.state.resources.get(resource.key)
        if record is None:
            return self._unrecorded(resource, ref, body)
        remote = self.remote_state.recorded[resource.key]
        others = resource.other_scopes + other_holders(
            record,
            (resource.scope, *resource.other_scopes, *self.scope.names)
            if self.scope.is_rollback
            else (resource.scope,),
        )
        change = PlannedChange(
            "unchanged", resource.key, ref, resource.name, body, remote.version,
            retired=resource.retired, scopes=(resource.scope, *others),
        )  # fmt: skip
        if remote.deleted:
            return _conflict(change, remote, "it was deleted on the server")
        content, body = self._with_kept(body, remote)
        change = replace(change, body=body, remote=remote)
        if is_as_recorded(record, remote):
            if content_digest(content) == record.sent_digest:
                return change
            changes = _differences(remote, content)
            last = record.scopes[:1]
            reason = f"'{last[0]}' pushed it last, too" if last and last[0] in others else ""
            return replace(change, action="update", differences=changes, reason=reason)
        if self._is_same(content, remote):
            return replace(change, reason="it was changed on the server to what is defined")
        return _conflict(change, remote, _dated(remote, "it was changed on the server, not by us"))

    def undefined(
        self, key: str, record: RecordedResource, *, delete: bool
    ) -> PlannedChange | None:
        """What to do with a recorded resource that is no longer defined; None: nothing."""
        remote = self.remote_state.recorded[key]
        others = other_holders(record, self.scope.names)
        change = PlannedChange(
            "orphaned", key, record.ref, _name(key, record.ref), None, remote.version,
            remote=remote, retired=True, scopes=record.scopes or self.scope.names[:1],
        )  # fmt: skip
        if key in self.scope.left:
            return None
        if others:
            reason = f"it stays: '{others[0]}' holds it, too"
            return replace(change, action="forget", reason=reason, retired=False, scopes=others)
        if remote.deleted:
            return replace(change, action="forget", remote=None, scopes=())
        is_ours = is_as_recorded(record, remote)
        reason = _dated(remote, "it is no longer defined, but was changed on the server")
        conflict = replace(change, action="conflict", reason=reason, approval="overwrite")
        if delete:
            return replace(change, action="delete") if is_ours else conflict
        if record.retired:
            return None
        if remote.resource is None:
            return replace(change, action="retire")  # its content is read, then it is planned again
        status = retired_status(self.release, record.ref.type)
        if status is None:
            return replace(change, reason=self._cannot_be_retired(record.ref.type))
        if remote.resource.get("status") == status and not is_ours:
            reason = "it was retired on the server"
            return replace(change, action="forget", reason=reason, scopes=())
        retired = without_server_elements({**remote.resource, "status": status})
        changes = _differences(remote, retired)
        if is_ours:
            return replace(
                change, action="retire", body=json_resource(retired), differences=changes
            )
        return replace(conflict, body=json_resource(retired), differences=changes)

    def _cannot_be_retired(self, type_name: str) -> str:
        release = BY_NAME[self.release].title if self.release in BY_NAME else "this FHIR version"
        return f"{release} has no status that retires a {type_name}; --delete deletes it"

    def _unrecorded(self, resource: DesiredResource, ref: Ref, body: LazyResource) -> PlannedChange:
        """What to do with a defined resource that we have not sent yet."""
        change = PlannedChange(
            "create", resource.key, ref, resource.name, body, retired=resource.retired,
            scopes=(resource.scope, *resource.other_scopes),
        )  # fmt: skip
        if duplicates := self.remote_state.duplicates.get(resource.key):
            refs = ", ".join(str(remote.ref) for remote in duplicates)
            reason = f"the server has it more than once: {refs}"
            return replace(change, action="conflict", reason=reason)
        remote = self.remote_state.unrecorded.get(resource.key)
        is_identifiable = bool(resource.url or resource.identifier)
        if remote is None and self.server_assigns_ids:
            if is_identifiable:
                return change
            reason = "the server assigns ids itself, and it has neither url nor identifier"
            return replace(change, action="conflict", reason=reason)
        if remote is None:
            occupant = self.remote_state.occupied.get(ref)
            if occupant is None or occupant.deleted:
                version = occupant.version if occupant else ""
                return replace(change, remote=occupant, expected_version=version)
            if is_identifiable and not resource.fixed_ref:
                reason = f"another resource has its id on the server{self._holder(ref)}"
                return replace(change, action="conflict", reason=reason, remote=occupant)
            remote = occupant
        return self._adopted(change, body, remote)

    def _holder(self, ref: Ref) -> str:
        """What has pushed the resource at `ref`, as an addition to a message."""
        records = (record for record in self.state.resources.values() if record.ref == ref)
        scopes = (scope for record in records for scope in record.scopes[:1] if scope)
        return next((f": '{scope}' pushed it" for scope in scopes), "")

    def _adopted(
        self, change: PlannedChange, body: LazyResource, remote: RemoteResource
    ) -> PlannedChange:
        """Taking over what the server holds, but not from us."""
        content, body = self._with_kept(body, remote)
        changes = () if self._is_same(content, remote) else _differences(remote, content)
        return replace(
            change,
            action="adopt",
            body=body,
            expected_version=remote.version,
            differences=changes,
            approval="adopt" if changes else "",
            remote=remote,
        )

    def _with_kept(
        self, body: LazyResource, remote: RemoteResource
    ) -> tuple[Resource, LazyResource]:
        """The desired content; elements that belong to the hospital have their remote values."""
        content = body()
        if remote.resource is None or not self.policy.kept_elements:
            return content, body
        content = with_kept_elements(
            content, without_server_elements(remote.resource), self.policy.kept_elements
        )
        return content, json_resource(content)

    def _is_same(self, content: Resource, remote: RemoteResource) -> bool:
        """Whether the server holds this content, less the elements that do not count."""
        assert remote.resource is not None
        ignored = self.policy.ignored_elements
        return is_equivalent(
            without_elements(without_server_elements(content), ignored),
            without_elements(without_server_elements(remote.resource), ignored),
        )


def is_as_recorded(record: RecordedResource, remote: RemoteResource) -> bool:
    """Whether the server holds what we wrote or saw last."""
    if remote.version and remote.version == record.version:
        return True
    return remote.resource is not None and content_digest(remote.resource) == record.stored_digest


def _conflict(change: PlannedChange, remote: RemoteResource, reason: str) -> PlannedChange:
    desired = None if remote.deleted else change.desired
    return replace(
        change,
        action="conflict",
        reason=reason,
        approval="overwrite",
        remote=remote,
        differences=() if desired is None else _differences(remote, desired),
    )


def _differences(remote: RemoteResource, content: Resource) -> tuple[Difference, ...]:
    """What would change; nothing where the remote content has not been read."""
    return tuple(differences(remote.resource, content)) if remote.resource is not None else ()


def _dated(remote: RemoteResource, reason: str) -> str:
    return f"{reason} ({remote.updated[:10]})" if remote.updated else reason


def _name(key: str, ref: Ref) -> str:
    _, _, version = key.partition("|")
    return f"{ref}" if not version or ref.id.endswith(version) else f"{ref}|{version}"
