"""Whether a saved plan may still be applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.push.errors import PushError

if TYPE_CHECKING:
    from fhir_kb.push.planning.plan import Plan, PlannedChange
    from fhir_kb.servers.protocol import FhirServer, RemoteResource


def check_not_stale(plan: Plan, server: FhirServer) -> None:
    """Raises PushError where the server is no longer as the plan found it."""
    if plan.base.rstrip("/") != server.capabilities.base.rstrip("/"):
        raise PushError(
            f"the plan is for another server: {plan.base}", "Make a plan for this one", usage=True
        )
    changing = {item.ref: item for item in plan.items if item.change() is not None}
    there = server.read(changing) if changing else {}
    moved = [item for ref, item in changing.items() if _moved(item, there.get(ref))]
    if moved:
        names = ", ".join(item.name for item in moved[:3])
        more = f" and {len(moved) - 3} more" if len(moved) > 3 else ""
        raise PushError(
            f"the server has moved since the plan was made: {names}{more}", "Make a new plan"
        )


def _moved(item: PlannedChange, live: RemoteResource | None) -> bool:
    is_there = live is not None and not live.deleted
    if item.there is None or item.there.deleted:
        return is_there
    return not is_there or (live is not None and live.version != item.expected)
