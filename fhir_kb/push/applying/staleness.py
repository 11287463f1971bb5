"""Whether a saved plan may still be applied; what can be checked of its file is not believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fhir_kb.emit import compact_json
from fhir_kb.push.errors import PushError
from fhir_kb.push.planning.desired_state import desired_resource
from fhir_kb.push.planning.differences import differences
from fhir_kb.push.planning.plan_file import difference_json

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    if plan.server.rstrip("/") != server.capabilities.base.rstrip("/"):
        raise PushError(
            f"the plan was made for another server: {plan.server}",
            "Make a plan for this one",
            usage=True,
        )
    changes = [change for change in plan.changes if change.server_change() is not None]
    for change in plan.changes:
        _check_recorded(change, state)
    for change in changes:
        _check_body(change)
    refs = {change.ref: change for change in changes}
    remote = server.read(refs) if refs else {}
    _check_not_stale(refs, remote)
    for change in changes:
        _check_differences(change, remote.get(change.ref))


def _check_recorded(change: PlannedChange, state: State) -> None:
    if change.action not in _OF_RECORDED or (change.action == "conflict" and not change.approval):
        return
    recorded = state.resources.get(change.key)
    if recorded is None or recorded.ref != change.ref:
        raise _tampered(f"{change.action} {change.ref}, which is not recorded as pushed from here")


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
        names = ", ".join(changed[:_MAX_NAMES])
        more = f" and {len(changed) - _MAX_NAMES} more" if len(changed) > _MAX_NAMES else ""
        raise PushError(
            f"the plan is stale: {names}{more} changed on the server since it was made",
            "Make a new plan",
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


def _written(shown: list[Difference] | tuple[Difference, ...]) -> list[bytes]:
    return sorted(compact_json(difference_json(difference)) for difference in shown)


def _tampered(what: str) -> PushError:
    return PushError(
        f"the plan would {what}", "Make a new plan with 'fhir-kb plan --out FILE'", usage=True
    )
