"""Whether a saved plan may still be applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.push.errors import PushError

if TYPE_CHECKING:
    from fhir_kb.push.planning.plan import Plan, PlannedChange
    from fhir_kb.servers.protocol import FhirServer, RemoteResource

_MAX_NAMES = 3


def check_not_stale(plan: Plan, server: FhirServer) -> None:
    """Check that the server still holds what the plan was made from.

    Raises:
        PushError: It does not, or the plan is for another server.
        ServerError: The server cannot be asked.
    """
    if plan.server.rstrip("/") != server.capabilities.base.rstrip("/"):
        raise PushError(
            f"the plan was made for another server: {plan.server}",
            "Make a plan for this one",
            usage=True,
        )
    changes = {change.ref: change for change in plan.changes if change.server_change() is not None}
    remote = server.read(changes) if changes else {}
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
