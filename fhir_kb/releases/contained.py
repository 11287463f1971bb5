"""Contained resources: which of them a release can hold, and which are still referred to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.releases import author_terms

if TYPE_CHECKING:
    from fhir_kb.model import Element
    from fhir_kb.releases.lowering_node import Lowerer, LoweringNode


def unsupported_contained_ids(lowering: Lowerer, source: Element) -> frozenset[str]:
    """The ids of contained resources that have no place in the release."""
    contained = source.get("contained")
    if not isinstance(contained, list):
        return frozenset()
    return frozenset(
        str(resource.get("id"))
        for resource in contained
        if isinstance(resource, dict) and not _is_supported(lowering, resource)
    )


def _is_supported(lowering: Lowerer, resource: dict[str, Any]) -> bool:
    resource_type = resource.get("resourceType")
    table = lowering.table
    return resource_type in table.resource_types and resource_type in table.properties


def lower_contained(node: LoweringNode, name: str, value: Any) -> None:
    """Lower contained resources; those that the release cannot hold are left out."""
    lowering, lowered = node.run.lowering, []
    for index, resource in enumerate(value if isinstance(value, list) else []):
        if not isinstance(resource, dict):
            continue
        kind = str(resource.get("resourceType"))
        if not _is_supported(lowering, resource):
            reason = f"a {kind} inside another resource has no place in {node.release}"
            node.report_lost(name, reason)
            continue
        path = f"{node.path}.{name}[{index}]"
        lowered.append(lowering.lower(node.run, resource, kind, path, node).target)
    if lowered:
        node.target[name] = lowered


def remove_unreferenced(node: LoweringNode) -> None:
    """Leave out contained resources that nothing leads to any more (FHIR's rule dom-3)."""
    references: set[str] = set()
    _collect_references(node.target, references)
    kept = []
    for resource in node.target["contained"]:
        if f"#{resource.get('id')}" in references or _refers_to_container(resource):
            kept.append(resource)
        elif resource.get("id") not in node.run.inlined_ids:
            resource_type = resource["resourceType"]
            what = author_terms.owner_name(resource_type, resource) or str(resource_type)
            node.report(
                "KB404",
                Severity.INFORMATION,
                f"{what} inside {node.owner} is left out: nothing in {node.release} refers to it",
                "contained",
            )
    if kept:
        node.target["contained"] = kept
    else:
        del node.target["contained"]


def _collect_references(value: Any, references: set[str]) -> None:
    if isinstance(value, dict):
        for inner in value.values():
            _collect_references(inner, references)
    elif isinstance(value, list):
        for inner in value:
            _collect_references(inner, references)
    elif isinstance(value, str) and value.startswith("#"):
        references.add(value)


def _refers_to_container(resource: dict[str, Any]) -> bool:
    """Whether a contained resource refers to the one that contains it."""
    references: set[str] = set()
    _collect_references(resource, references)
    return "#" in references
