"""A push as FHIR Provenance, for servers whose owners want it among their data.

https://hl7.org/fhir/provenance.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.servers.protocol import ChangeRequest, Ref

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fhir_kb.push.applying.outcomes import AppliedChange
    from fhir_kb.push.planning.state import RecordedResource
    from fhir_kb.servers.content import Resource

_MAX_TARGETS: Final = 500
"""Targets of one Provenance; a large push has several."""


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
