"""Resources inside resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.releases import author_terms

if TYPE_CHECKING:
    from fhir_kb.model import Element
    from fhir_kb.releases.lowering import Lowering
    from fhir_kb.releases.lowering_node import LoweringNode


def unsupported_contained_ids(lowering: Lowering, source: Element) -> frozenset[str]:
    """The ids of contained resources that have no place in the release."""
    inside = source.get("contained")
    if not isinstance(inside, list):
        return frozenset()
    return frozenset(
        str(one.get("id"))
        for one in inside
        if isinstance(one, dict) and not _is_known(lowering, one)
    )


def _is_known(lowering: Lowering, resource: dict[str, Any]) -> bool:
    kind = resource.get("resourceType")
    return kind in lowering.table.kinds and kind in lowering.table.types


def lower_contained(node: LoweringNode, name: str, value: Any) -> None:
    """Lower contained resources; those that the release cannot hold are left out."""
    lowering, kept = node.run.lowering, []
    for index, one in enumerate(value if isinstance(value, list) else []):
        if not isinstance(one, dict):
            continue
        kind = str(one.get("resourceType"))
        if not _is_known(lowering, one):
            node.lost(name, f"a {kind} inside another resource has no place in {node.release}")
            continue
        path = f"{node.path}.{name}[{index}]"
        kept.append(lowering.lower(node.run, one, kind, path, node).target)
    if kept:
        node.target[name] = kept


def remove_unreferenced(node: LoweringNode) -> None:
    """Leave out contained resources that nothing leads to any more (FHIR's rule dom-3)."""
    used: set[str] = set()
    _collect(node.target, used)
    kept = []
    for one in node.target["contained"]:
        if f"#{one.get('id')}" in used or _leads_outside(one):
            kept.append(one)
        elif one.get("id") not in node.run.taken_over:
            what = author_terms.owner_name(one["resourceType"], one) or str(one["resourceType"])
            node.report(
                "KB404",
                Severity.INFORMATION,
                f"{what} inside {node.owner} is left out: nothing in {node.release} leads to it",
                "contained",
            )
    if kept:
        node.target["contained"] = kept
    else:
        del node.target["contained"]


def _collect(value: Any, used: set[str]) -> None:
    if isinstance(value, dict):
        for one in value.values():
            _collect(one, used)
    elif isinstance(value, list):
        for one in value:
            _collect(one, used)
    elif isinstance(value, str) and value.startswith("#"):
        used.add(value)


def _leads_outside(resource: dict[str, Any]) -> bool:
    """Whether a contained resource refers to the one that contains it."""
    used: set[str] = set()
    _collect(resource, used)
    return "#" in used
