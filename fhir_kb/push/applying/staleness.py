"""Whether a saved plan may still be applied; what can be checked of its file is not believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.emit import compact_json
from fhir_kb.push.errors import PushError
from fhir_kb.push.planning.desired_state import desired_resource
from fhir_kb.push.planning.differences import differences
from fhir_kb.push.planning.plan_file import MAKE_AGAIN, change_json, difference_json
from fhir_kb.push.planning.planner import is_as_recorded
from fhir_kb.push.planning.retirement import STATUSES
from fhir_kb.push.planning.scopes import has_scope, other_holders
from fhir_kb.push.workspace.server_base import is_same_base

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fhir_kb.push.planning.differences import Difference
    from fhir_kb.push.planning.plan import Plan, PlannedChange
    from fhir_kb.push.planning.state import State
    from fhir_kb.servers.protocol import FhirServer, Ref, RemoteResource

_MAX_NAMES: Final = 3
_OF_RECORDED: Final = frozenset({"update", "retire", "delete", "orphaned", "forget", "conflict"})
"""The actions that are only planned for resources that we have pushed."""


def check_saved_plan(plan: Plan, server: FhirServer, state: State) -> None:
    """Check that a plan from a file does what it shows, to what is ours, on what the server holds.

    Raises:
        PushError: It does not, or it is for another server.
        ServerError: The server cannot be asked.
    """
    if not is_same_base(plan.server, server.capabilities.base):
        raise PushError(
            f"the plan was made for another server: {plan.server}",
            "Make a plan for this one",
            usage=True,
        )
    changes = [change for change in plan.changes if change.server_change() is not None]
    if len({change.key for change in plan.changes}) < len(plan.changes):
        raise _tampered("change a resource twice")
    for change in plan.changes:
        _check_recorded(change, plan, state)
    for change in changes:
        _check_body(change)
    refs = {change.ref: change for change in changes}
    forgotten = [change for change in plan.changes if change.action == "forget"]
    read = {*refs, *(change.ref for change in forgotten)}
    remote = server.read(read) if read else {}
    _check_not_stale(refs, remote)
    for change in forgotten:
        _check_forgotten(change, remote.get(change.ref))
    for change in changes:
        _check_differences(change, remote.get(change.ref))
        _check_ours(change, remote.get(change.ref), state)


def check_recomputed(saved: Plan, now: Plan) -> None:
    """Check that a plan from a file is what the definitions and the server come to now.

    Raises:
        PushError: It is not.
    """
    rows, rows_now = _rows(saved), _rows(now)
    differing = sorted(key for key in rows | rows_now if rows.get(key) != rows_now.get(key))
    if not differing:
        return
    changes = {change.key: change for change in (*now.changes, *saved.changes)}
    names = _listed([changes[key].name for key in differing])
    raise PushError(
        f"the plan is not what definitions and server come to now: {names} differ",
        MAKE_AGAIN,
        usage=True,
    )


def _rows(plan: Plan) -> dict[str, bytes]:
    """What a plan does and shows of each resource, by key; what it leaves alone is left out."""
    return {
        change.key: compact_json([change_json(change), change.desired])
        for change in plan.changes
        if change.action != "unchanged"
    }


def _check_forgotten(change: PlannedChange, remote: RemoteResource | None) -> None:
    """Whether what the plan forgets is of another scope, or gone, or retired by others."""
    if change.scopes or remote is None or remote.deleted or remote.resource is None:
        return
    if remote.resource.get("status") not in STATUSES:
        raise _tampered(f"forget {change.ref}, which is still in use on the server")


def _check_recorded(change: PlannedChange, plan: Plan, state: State) -> None:
    recorded = state.resources.get(change.key)
    scopes = {*plan.scopes, *(recorded.scopes if recorded else ())}
    if not scopes.issuperset(change.scopes):
        raise _tampered(f"give {change.ref} to another scope")
    if (
        change.action == "forget"
        and change.scopes
        and change.scopes != other_holders(recorded, plan.scopes)
    ):
        raise _tampered(f"forget {change.ref}, which no other scope holds")
    if change.action not in _OF_RECORDED or (change.action == "conflict" and not change.approval):
        return
    if recorded is None or recorded.ref != change.ref:
        raise _tampered(f"{change.action} {change.ref}, which is not recorded as pushed from here")
    if change.retired and not has_scope(change.key, recorded, plan.scopes):
        raise _tampered(f"{change.action} {change.ref}, which is of another scope")
    if change.retired and change.action in ("retire", "delete") and recorded.scopes[1:]:
        raise _tampered(f"{change.action} {change.ref}, which another scope holds, too")


def _check_body(change: PlannedChange) -> None:
    """Whether the content is that of the resource that the plan names."""
    body = change.desired
    if body is None:
        if change.action != "delete" and not (change.action == "conflict" and change.retired):
            raise _tampered(f"{change.action} {change.ref} without a content")
        return
    if (body.get("resourceType"), body.get("id")) != tuple(change.ref):
        raise _tampered(f"{change.action} {change.ref} with the content of another resource")
    resource = desired_resource(body)
    if (resource.url or resource.identifier) and resource.key != change.key:
        raise _tampered(f"{change.action} {change.key} with the content of {resource.key}")


def _check_not_stale(
    changes: Mapping[Ref, PlannedChange], remote: Mapping[Ref, RemoteResource]
) -> None:
    changed = [change.name for ref, change in changes.items() if _is_stale(change, remote.get(ref))]
    if changed:
        raise PushError(
            f"the plan is stale: {_listed(changed)} changed on the server since it was made",
            "Make a new plan: it is empty where this one was carried out before",
        )


def _is_stale(change: PlannedChange, remote: RemoteResource | None) -> bool:
    exists = remote is not None and not remote.deleted
    if change.is_new:
        return exists
    return not exists or (remote is not None and remote.version != change.expected_version)


def _check_differences(change: PlannedChange, remote: RemoteResource | None) -> None:
    """Whether the plan shows what it would change."""
    body = change.desired
    if body is None or remote is None or remote.resource is None:
        return
    if _written(differences(remote.resource, body)) != _written(change.differences):
        raise _tampered(f"change {change.ref} otherwise than it shows")


def _check_ours(change: PlannedChange, remote: RemoteResource | None, state: State) -> None:
    """Whether what the server holds is what we left there, where the plan asks for no approval."""
    record = state.resources.get(change.key)
    if record is None or remote is None or change.approval:
        return
    if not is_as_recorded(record, remote):
        raise _tampered(f"{change.action} {change.ref}, which others have changed")
    if change.action == "retire" and [entry.path for entry in change.differences] != [
        f"{change.ref.type}.status"
    ]:
        raise _tampered(f"retire {change.ref} and change more than its status")


def _written(shown: list[Difference] | tuple[Difference, ...]) -> list[bytes]:
    return sorted(compact_json(difference_json(difference)) for difference in shown)


def _tampered(what: str) -> PushError:
    return PushError(f"the plan would {what}", MAKE_AGAIN, usage=True)


def _listed(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return ", ".join(names[:_MAX_NAMES]) + more
