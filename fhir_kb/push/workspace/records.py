"""Recorded resources as JSON, in all versions of the format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.push.planning.state import RecordedResource
from fhir_kb.push.stored_types import checked, strings
from fhir_kb.servers.protocol import Ref

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RECORD_VERSION: Final = 3
"""The version in which resources are recorded now. In version 1 each was an array; in version 2
none had a scope."""


def record_json(record: RecordedResource) -> dict[str, Any]:
    """A recorded resource as JSON."""
    return {
        "reference": str(record.ref),
        "version": record.version,
        "updated": record.updated,
        "sentDigest": record.sent_digest,
        "storedDigest": record.stored_digest,
        "push": record.push,
        "retired": record.retired,
        **scopes_json(record.scopes),
        **({"altered": True} if record.altered else {}),
    }


def scopes_json(scopes: Sequence[str]) -> dict[str, Any]:
    """Scopes as JSON: the one that pushed last, and the others that hold the same resource."""
    if not scopes:
        return {}
    others = {"otherScopes": list(scopes[1:])} if len(scopes) > 1 else {}
    return {"scope": scopes[0], **others}


def parse_scopes(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The inverse of `scopes_json`. Raises TypeError where they are no strings."""
    if "scope" not in row:
        return ()
    return strings([row["scope"], *strings(row.get("otherScopes", []))])


def parse_record(row: Any, version: int) -> RecordedResource:
    """The resource that is recorded in `row`, in this version of the format.

    Raises KeyError, TypeError or ValueError where the row is damaged.
    """
    if version == 1:
        type_, id_, *values = row
        return checked(RecordedResource(Ref(type_, id_), *values))
    return checked(
        RecordedResource(
            parse_ref(row["reference"]),
            row["version"],
            row["updated"],
            row["sentDigest"],
            row["storedDigest"],
            row["push"],
            row["retired"],
            parse_scopes(row),
            row.get("altered", False),
        )
    )


def records_json(records: Mapping[str, RecordedResource]) -> dict[str, Any]:
    """Recorded resources by key, sorted, as JSON."""
    return {key: record_json(record) for key, record in sorted(records.items())}


def parse_records(rows: Mapping[str, Any], version: int) -> dict[str, RecordedResource]:
    """The inverse of `records_json`. Raises as `parse_record`."""
    return {key: parse_record(row, version) for key, row in rows.items()}


def parse_ref(reference: str) -> Ref:
    """A reference "Type/id". Raises TypeError or ValueError where it is none."""
    type_, id_ = reference.split("/")
    return Ref(type_, id_)
