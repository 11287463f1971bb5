"""A push as FHIR Provenance, for servers whose owners want it among their data.

https://hl7.org/fhir/provenance.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.push.applying.log_entry import current_time, current_user
from fhir_kb.push.applying.outcomes import FailedChange
from fhir_kb.push.planning.order import Unit
from fhir_kb.push.planning.plan import PlannedChange
from fhir_kb.servers.protocol import ChangeRequest, Ref, Rejected, ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fhir_kb.push.applying.outcomes import AppliedChange, PushResult
    from fhir_kb.push.applying.sending import Sender
    from fhir_kb.push.planning.state import RecordedResource
    from fhir_kb.servers.content import Resource

_MAX_TARGETS: Final = 500
"""Targets of one Provenance; a large push has several."""


def send_provenance(
    result: PushResult, recorded: Mapping[str, RecordedResource], sender: Sender, workspace: str
) -> None:
    """Send Provenance of what was applied; where that fails, the result says so.

    Args:
        result: What the push did.
        recorded: The recorded resources by key.
        sender: Sends it.
        workspace: What tells our pushes from those of other workspaces.
    """
    for change in provenances(
        result.number,
        [entry for entry in result.applied if entry.change.body is not None],
        recorded,
        user=current_user(),
        recorded_at=current_time(),
        workspace=workspace,
    ):
        name = str(change.ref)
        planned = PlannedChange("create", name, change.ref, name, change.body)
        if sender.server.capabilities.client_ids == "no":
            reason = "not sent: the server assigns ids itself, so it could not be found again"
            result.failed.append(FailedChange(planned, reason))
            return
        try:
            (outcome,) = sender.send([Unit((change,), 0)]).values()
        except ServerError as error:
            result.failed.append(FailedChange(planned, error.message))
            return
        if isinstance(outcome, Rejected):
            result.failed.append(FailedChange(planned, outcome.text, outcome))


def provenances(
    push: int,
    applied: Sequence[AppliedChange],
    recorded: Mapping[str, RecordedResource],
    *,
    user: str,
    recorded_at: str,
    workspace: str,
) -> Iterator[ChangeRequest]:
    """The Provenance resources to create for a push.

    Args:
        push: Its number.
        applied: What was done.
        recorded: The recorded resources by key.
        user: The account that pushed.
        recorded_at: When, as a FHIR instant.
        workspace: What tells our pushes from those of other workspaces.
    """
    targets = [_target(entry, recorded.get(entry.change.key)) for entry in applied]
    for part, start in enumerate(range(0, len(targets), _MAX_TARGETS)):
        id_ = f"fhir-kb-{workspace}-{push}" + (f"-{part}" if part else "")
        resource: Resource = {
            "resourceType": "Provenance",
            "id": id_,
            "target": targets[start : start + _MAX_TARGETS],
            "recorded": recorded_at,
            "activity": {"text": f"push {push} of fhir-kb"},
            "agent": [{"who": {"display": user or "fhir-kb"}}],
        }
        yield ChangeRequest("create", Ref("Provenance", id_), resource)


def _target(entry: AppliedChange, record: RecordedResource | None) -> dict[str, Any]:
    version = f"/_history/{record.version}" if record and record.version else ""
    ref = record.ref if record else entry.change.ref
    return {"reference": f"{ref}{version}", "display": entry.change.name}
