"""References and canonicals that lead to a type which a release does not have."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.releases.extensions import extensions_of

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import LoweringNode, Transform

#: "Type/id" or "Type/id/_history/1", relative to the server
_LITERAL = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?")
_CANONICAL = re.compile(r"^[^|#]*/([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:[|#].*)?$")
_LONGEST_ID = 64


def literal(reference: Any) -> tuple[str, str] | None:
    """The type and id of a literal reference; None for any other."""
    match = _LITERAL.fullmatch(reference) if isinstance(reference, str) else None
    return (match[1], match[2]) if match else None


def canonical(url: Any) -> tuple[str, str] | None:
    """The type and id that a canonical ends in, where it ends in such."""
    match = _CANONICAL.match(url) if isinstance(url, str) else None
    return (match[1], match[2]) if match else None


def basic_id(prefix: str, resource_id: str) -> str:
    """The id of the Basic that stands for a resource; shortened where it would be too long."""
    unshortened = f"{prefix}-{resource_id}"
    if len(unshortened) <= _LONGEST_ID:
        return unshortened
    digest = hashlib.sha256(unshortened.encode()).hexdigest()[:8]
    return f"{unshortened[: _LONGEST_ID - 9]}-{digest}"


def finish_reference(node: LoweringNode) -> None:
    """Take away what a Reference cannot say, keeping its words (for every Reference)."""
    target, lowering = node.target, node.run.lowering
    reference = target.get("reference")
    linked = literal(reference)
    if linked is not None and linked[0] not in lowering.table.resource_types:
        resource_type, resource_id = linked
        if resource_type in lowering.basic_prefixes:
            basic = basic_id(lowering.basic_prefixes[resource_type], resource_id)
            target["reference"] = f"Basic/{basic}"
        else:
            unlink(node, f"{node.release} has no {resource_type}")
    elif (
        isinstance(reference, str)
        and reference[1:] in node.run.unsupported_ids
        and reference[0] == "#"
    ):
        unlink(node, "its target is left out")
    if (kind := target.get("type")) is not None and kind not in lowering.table.resource_types:
        if kind in lowering.basic_prefixes:
            target["type"] = "Basic"
        elif "/" not in str(kind):
            del target["type"]


def unlink(node: LoweringNode, why: str) -> None:
    """Take the link out of a Reference and leave its words."""
    reference = node.target.pop("reference")
    if not node.target.keys() & {"display", "identifier"}:
        node.target["display"] = str(reference)
    node.report(
        "KB405",
        Severity.INFORMATION,
        f"the link to {reference} in {node.owner} is left out and its words stay: {why}",
        "reference",
    )


def narrowed(allowed: frozenset[str]) -> Transform:
    """A Reference that may lead to fewer types: to others it leads in words only."""

    def narrow(node: LoweringNode, name: str, value: Any) -> None:
        lowering = node.run.lowering
        linked = literal(value.get("reference")) if isinstance(value, dict) else None
        if linked is None or linked[0] in allowed or linked[0] not in lowering.table.resource_types:
            lowered = lowering.value(node, name, "Reference", value)
            if lowered is not None:
                node.target[name] = lowered
            return
        inner = lowering.lower(node.run, value, "Reference", f"{node.path}.{name}", node)
        extensions = inner.target.get("extension", [])
        if f"{node.type}.{name}" in lowering.table.extensions:
            extensions = [*extensions, *extensions_of(node, name, value)]
        unlink(inner, f"{node.release} allows only {' and '.join(sorted(allowed))} here")
        if extensions:
            inner.target["extension"] = extensions
        node.target[name] = inner.target

    return narrow
