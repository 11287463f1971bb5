"""A plan as a file, to be looked at, approved and then applied as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fhir_kb.emit import compact_json
from fhir_kb.push.errors import PushError
from fhir_kb.push.planning.differences import Difference
from fhir_kb.push.planning.plan import Plan, PlannedChange
from fhir_kb.servers.content import MISSING, load_json
from fhir_kb.servers.protocol import Ref, RemoteResource

if TYPE_CHECKING:
    from collections.abc import Mapping


_FORMAT: Final = "fhir-kb plan 1"


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON, without the contents."""
    return {
        "format": _FORMAT,
        "server": plan.base,
        "fhir": plan.release,
        "counts": dict(sorted(plan.counts().items())),
        "records": plan.records,
        "seen": plan.seen,
        "items": [_item_json(item) for item in plan.items],
    }


def serialize_plan(plan: Plan) -> bytes:
    """The whole plan as the bytes of a file; `parse_plan` reads them."""
    whole = plan_json(plan)
    for one, item in zip(whole["items"], plan.items, strict=True):
        wanted = item.wanted if item.kind != "unchanged" else None
        if wanted is not None:
            one["resource"] = wanted
    return compact_json(whole) + b"\n"


def _item_json(item: PlannedChange) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": item.kind,
        "key": item.key,
        "place": str(item.ref),
        "name": item.name,
    }
    if item.expected:
        found["expected"] = item.expected
    if item.there is not None:
        found["deleted" if item.there.deleted else "there"] = True
    if item.retired:
        found["retired"] = True
    if item.reason:
        found["reason"] = item.reason
    if item.needs:
        found["needs"] = item.needs
    if item.differences:
        found["differences"] = [difference_json(one) for one in item.differences]
    return found


def difference_json(one: Difference) -> dict[str, Any]:
    """A difference as JSON; a side that is not there is left out."""
    found = {"path": one.path, "label": one.label}
    sides = (("old", one.old), ("new", one.new))
    return {**found, **{name: value for name, value in sides if value is not MISSING}}


def parse_plan(content: bytes) -> Plan:
    """The plan that `serialize_plan` wrote. Raises PushError."""
    try:
        found = load_json(content)
        _check_format(found["format"])
        items = tuple(_item(one) for one in found["items"])
        return Plan(found["server"], found["fhir"], items, found["seen"], found["records"])
    except (ValueError, KeyError, TypeError) as error:
        raise PushError(
            "this is no plan of fhir-kb", "Write one with 'fhir-kb plan --out FILE'", usage=True
        ) from error


def _check_format(word: str) -> None:
    if word != _FORMAT:
        raise ValueError(word)


def _item(one: Mapping[str, Any]) -> PlannedChange:
    kind, _, name = one["place"].partition("/")
    ref = Ref(kind, name)
    expected = one.get("expected", "")
    known = one.get("there") or one.get("deleted")
    return PlannedChange(
        one["kind"],
        one["key"],
        ref,
        one["name"],
        one.get("resource"),
        expected,
        tuple(
            Difference(row["path"], row["label"], row.get("old", MISSING), row.get("new", MISSING))
            for row in one.get("differences", ())
        ),
        one.get("reason", ""),
        one.get("needs", ""),
        RemoteResource(ref, expected, deleted=bool(one.get("deleted"))) if known else None,
        retired=one.get("retired", False),
    )
