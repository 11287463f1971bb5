"""References and canonicals that lead to a type which a release does not have."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity

if TYPE_CHECKING:
    from fhir_kb.releases.lowering import Transform
    from fhir_kb.releases.lowering_node import LoweringNode

#: "Type/id" or "Type/id/_history/1", relative to the server
_LITERAL = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?")
_CANONICAL = re.compile(r"^[^|#]*/([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:[|#].*)?$")
_LONGEST_ID = 64


def literal(reference: Any) -> tuple[str, str] | None:
    """The type and id of a literal reference; None for any other."""
    found = _LITERAL.fullmatch(reference) if isinstance(reference, str) else None
    return (found[1], found[2]) if found else None


def canonical(url: Any) -> tuple[str, str] | None:
    """The type and id that a canonical ends in, where it ends in such."""
    found = _CANONICAL.match(url) if isinstance(url, str) else None
    return (found[1], found[2]) if found else None


def basic_id(start: str, resource_id: str) -> str:
    """The id of the Basic that stands for a resource; shortened where it would be too long."""
    whole = f"{start}-{resource_id}"
    if len(whole) <= _LONGEST_ID:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{whole[: _LONGEST_ID - 9]}-{digest}"


def finish_reference(node: LoweringNode) -> None:
    """Take away what a Reference cannot say, keeping its words (for every Reference)."""
    target, lowering = node.target, node.run.lowering
    reference = target.get("reference")
    found = literal(reference)
    if found is not None and found[0] not in lowering.table.kinds:
        if found[0] in lowering.basics:
            target["reference"] = f"Basic/{basic_id(lowering.basics[found[0]], found[1])}"
        else:
            unlink(node, f"{node.release} has no {found[0]}")
    elif isinstance(reference, str) and reference[1:] in node.run.gone and reference[0] == "#":
        unlink(node, "what it leads to is left out")
    if (kind := target.get("type")) is not None and kind not in lowering.table.kinds:
        if kind in lowering.basics:
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
        found = literal(value.get("reference")) if isinstance(value, dict) else None
        if found is None or found[0] in allowed or found[0] not in lowering.table.kinds:
            lowered = lowering.value(node, name, "Reference", value)
            if lowered is not None:
                node.target[name] = lowered
            return
        inner = lowering.lower(node.run, value, "Reference", f"{node.path}.{name}", node)
        extensions = inner.target.get("extension", [])
        if f"{node.type}.{name}" in lowering.table.extensions:
            extensions = [*extensions, *lowering.keeper.extensions(node, name, value)]
        unlink(inner, f"{node.release} allows only {' and '.join(sorted(allowed))} here")
        if extensions:
            inner.target["extension"] = extensions
        node.target[name] = inner.target

    return narrow
