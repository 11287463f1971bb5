"""A plan as a file: to be read, approved, and then applied exactly as it is."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, get_args

from fhir_kb.emit import compact_json
from fhir_kb.push.errors import PushError
from fhir_kb.push.format_version import check_version
from fhir_kb.push.planning.differences import Difference
from fhir_kb.push.planning.plan import Plan, PlanAction, PlannedChange
from fhir_kb.push.stored_types import checked, objects, strings
from fhir_kb.servers.content import MISSING, load_json
from fhir_kb.servers.protocol import Ref, RemoteResource

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME: Final = "fhir-kb plan"
_VERSION: Final = 3
_BODY: Final = (dict, type(None))
"""What the JSON of a resource is: an object, or nothing for a deletion."""
MAKE_AGAIN: Final = "Make it again with 'fhir-kb plan --out FILE'"


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON, without the contents of the resources."""
    return {
        "format": f"{_NAME} {_VERSION}",
        "server": plan.server,
        "fhir": plan.release,
        "scopes": list(plan.scopes),
        "delete": plan.delete,
        "prune": plan.prune,
        "counts": dict(sorted(plan.counts().items())),
        "recordedResources": plan.recorded_resources,
        "refreshedUntil": plan.refreshed_until,
        "unpruned": list(plan.unpruned),
        "changes": [change_json(change) for change in plan.changes],
    }


def serialize_plan(plan: Plan) -> bytes:
    """The whole plan as the content of a file; `parse_plan` reads it."""
    document = plan_json(plan)
    for row, change in zip(document["changes"], plan.changes, strict=True):
        desired = change.desired if change.action != "unchanged" else None
        if desired is not None:
            row["resource"] = desired
    return compact_json({**document, "digest": _digest(document)}) + b"\n"


def _digest(document: Mapping[str, Any]) -> str:
    """Of all of a plan but its digest."""
    content = {name: value for name, value in document.items() if name != "digest"}
    return hashlib.sha256(compact_json(content)).hexdigest()


def change_json(change: PlannedChange) -> dict[str, Any]:
    """A change as JSON, without the content of the resource."""
    row: dict[str, Any] = {
        "action": change.action,
        "key": change.key,
        "reference": str(change.ref),
        "name": change.name,
    }
    if change.expected_version:
        row["expectedVersion"] = change.expected_version
    if change.remote is not None:
        row["remote"] = "deleted" if change.remote.deleted else "present"
    if change.retired:
        row["retired"] = True
    if change.scopes:
        row["scopes"] = list(change.scopes)
    if change.reason:
        row["reason"] = change.reason
    if change.approval:
        row["approval"] = change.approval
    if change.differences:
        row["differences"] = [difference_json(difference) for difference in change.differences]
    return row


def difference_json(difference: Difference) -> dict[str, Any]:
    """A difference as JSON; a side without a value is left out."""
    sides = {"old": difference.old, "new": difference.new}
    return {"path": difference.path, "label": difference.label} | {
        name: value for name, value in sides.items() if value is not MISSING
    }


def parse_plan(content: bytes) -> Plan:
    """The plan in a file that `serialize_plan` made.

    Raises:
        PushError: It is no plan, one of another version, or not as it was made.
    """
    try:
        document = load_json(content)
        _check_version(document["format"])
        _check_digest(document)
        return checked(
            Plan(
                document["server"],
                document["fhir"],
                tuple(_change(row) for row in objects(document["changes"])),
                document["refreshedUntil"],
                document["recordedResources"],
                strings(document["scopes"]),
                document["delete"],
                document["prune"],
                is_rollback=False,
                unpruned=strings(document["unpruned"]),
            )
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PushError(
            "the file is not a plan of fhir-kb, or is damaged",
            MAKE_AGAIN,
            usage=True,
        ) from error


def _check_digest(document: Mapping[str, Any]) -> None:
    """Raises PushError where the plan is not as it was made; KeyError where it has no digest."""
    if document["digest"] != _digest(document):
        raise PushError(
            "the plan was changed since it was made: its digest is of another content",
            MAKE_AGAIN,
            usage=True,
        )


def _check_version(format_: str) -> None:
    """Raises PushError for another version, ValueError where it is none.

    An older plan has no digest, or names no scopes: what it would do cannot be checked.
    """
    name, _, version = format_.rpartition(" ")
    if name != _NAME:
        raise ValueError(format_)
    if check_version("the plan", int(version), _VERSION) < _VERSION:
        raise PushError(
            f"the plan was made by an older fhir-kb: it has format {version}, not {_VERSION}",
            MAKE_AGAIN,
            usage=True,
        )


def _change(row: Mapping[str, Any]) -> PlannedChange:
    type_, _, id_ = row["reference"].partition("/")
    ref = Ref(type_, id_)
    version = row.get("expectedVersion", "")
    remote = row.get("remote")
    if row["action"] not in get_args(PlanAction) or not isinstance(row.get("resource"), _BODY):
        raise TypeError(row["action"])
    change = PlannedChange(
        row["action"],
        row["key"],
        ref,
        row["name"],
        row.get("resource"),
        version,
        tuple(_difference(difference) for difference in objects(row.get("differences", []))),
        row.get("reason", ""),
        row.get("approval", ""),
        RemoteResource(ref, version, deleted=remote == "deleted") if remote else None,
        retired=row.get("retired", False),
        scopes=strings(row.get("scopes", [])),
    )
    return checked(change)


def _difference(row: Mapping[str, Any]) -> Difference:
    old, new = row.get("old", MISSING), row.get("new", MISSING)
    return checked(Difference(row["path"], row["label"], old, new))
