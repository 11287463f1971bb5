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

_MOST: Final = 500
"""Targets of one Provenance: a large push has several."""


def provenances(
    number: int,
    made: Sequence[AppliedChange],
    records: Mapping[str, RecordedResource],
    *,
    who: str,
    when: str,
    book: str,
) -> Iterator[ChangeRequest]:
    """What is to be created to say that a push was made.

    who: whom the machine says we are. when: an instant. book: tells our pushes from others'.
    """
    targets = [_target(one, records.get(one.item.key)) for one in made]
    for part, start in enumerate(range(0, len(targets), _MOST)):
        name = f"fhir-kb-{book}-{number}" + (f"-{part}" if part else "")
        resource: Resource = {
            "resourceType": "Provenance",
            "id": name,
            "target": targets[start : start + _MOST],
            "recorded": when,
            "activity": {"text": f"push {number} of fhir-kb"},
            "agent": [{"who": {"display": who or "fhir-kb"}}],
        }
        yield ChangeRequest("create", Ref("Provenance", name), resource)


def _target(one: AppliedChange, record: RecordedResource | None) -> dict[str, Any]:
    version = f"/_history/{record.version}" if record and record.version else ""
    place = record.ref if record else one.item.ref
    return {"reference": f"{place}{version}", "display": one.item.name}
