"""RelatedArtifact: R5 has more kinds of relation, and more to say about each work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.releases.references import basic_id, canonical
from fhir_kb.releases.transforms import merge_primitive, recoded

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode, Transform

_REFERENCE = "http://hl7.org/fhir/StructureDefinition/artifact-reference"
_PARTS = ("composed-of", "depends-on")
#: R5 relation -> the nearest that was there before; the rest is documentation. A relation is named
#: only where the older code says no more than the new one.
NEAREST = {
    "amended-with": "documentation",
    "amends": "documentation",
    "appended-with": "documentation",
    "appends": "documentation",
    "cite-as": "citation",
    "cited-by": "documentation",
    "cites": "citation",
    "comment-in": "documentation",
    "comments-on": "documentation",
    "contained-in": "documentation",
    "contains": "composed-of",
    "correction-in": "documentation",
    "corrects": "documentation",
    "created-with": "documentation",
    "documents": "documentation",
    "part-of": "documentation",
    "replaced-with": "successor",
    "replaces": "predecessor",
    "retracted-by": "documentation",
    "retracts": "documentation",
    "signs": "documentation",
    "similar-to": "documentation",
    "specification-of": "documentation",
    "supported-with": "justification",
    "supports": "documentation",
    "transformed-into": "documentation",
    "transformed-with": "documentation",
    "transforms": "derived-from",
}
_LINKS = {"resource", "document", "url", "citation", "extension"}


def _document(node: LoweringNode, name: str, value: Any) -> None:
    """The document is kept; its address is also the url, where older readers look for it."""
    lowered = node.run.lowering.value(node, name, "Attachment", value)
    if lowered is not None:
        node.target[name] = lowered
        if "url" in lowered and "data" not in lowered:
            node.target["url"] = lowered["url"]


def _resource(node: LoweringNode, name: str, value: Any) -> None:
    """The canonical is kept, unless it names a type that the release does not have."""
    lowering = node.run.lowering
    kind, resource_id = canonical(value) or ("", "")
    if name.startswith("_"):
        if not _is_missing(node, node.source.get(name[1:])):
            merge_primitive(node, name[1:], value)
    elif not _is_missing(node, value):
        node.target[name] = value
    elif kind in lowering.basic_prefixes and node.source.get("type") not in _PARTS:
        basic = f"Basic/{basic_id(lowering.basic_prefixes[kind], resource_id)}"
        reference = Element({"reference": basic}, span=node.span_of(name))
        node.extend(Element({"url": _REFERENCE, "valueReference": reference}))
    else:
        if not node.source.keys() & {"display", "citation"}:
            node.target["display"] = value
        node.report(
            "KB405",
            Severity.INFORMATION,
            f"the link of {node.owner} is left out: {node.release} has no {kind or 'resource'} "
            "that it could refer to",
            name,
        )


def _is_missing(node: LoweringNode, url: Any) -> bool:
    """Whether a canonical leads to what the release does not have: a type, a contained resource."""
    if isinstance(url, str) and url.startswith("#"):
        return url[1:] in node.run.unsupported_ids
    linked = canonical(url)
    table = node.run.lowering.table
    if linked is None:
        return False
    return linked[0] in table.properties and linked[0] not in table.resource_types


def _resource_reference(node: LoweringNode, name: str, value: Any) -> None:
    """Kept in the standard extension; a reference with a display only becomes the display."""
    lowered = node.run.lowering.value(node, name, "Reference", value)
    if lowered is None:
        return
    if lowered.keys() & {"reference", "identifier", "extension"}:
        node.extend(
            Element({"url": _REFERENCE, "valueReference": lowered}, span=node.span_of(name))
        )
        node.report_moved(name, "in an extension")
    elif not node.source.keys() & {"display", "citation"} and "display" in lowered:
        node.target["display"] = lowered["display"]


def _finish(node: LoweringNode) -> None:
    """Leave out a part or a dependency that has lost its link."""
    kind = node.target.get("type")
    leads_nowhere = not node.target.keys() & _LINKS
    was_to_lead = node.source.keys() & {"resource", "resourceReference"}
    if kind in _PARTS and leads_nowhere and was_to_lead:
        node.target.clear()


TRANSFORMS: dict[str, Transform] = {
    "RelatedArtifact.document": _document,
    "RelatedArtifact.resource": _resource,
    "RelatedArtifact.resourceReference": _resource_reference,
    "RelatedArtifact.type": recoded(NEAREST),
}
FALLBACKS: dict[str, Transform] = {}
FINISHERS: dict[str, tuple[Finisher, ...]] = {"RelatedArtifact": (_finish,)}
