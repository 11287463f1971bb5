"""ActivityDefinition: fewer kinds, and references where R5 has canonicals or concepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element
from fhir_kb.releases import author_terms
from fhir_kb.releases.extensions import can_keep, extension_of
from fhir_kb.releases.pre_r5.plan import (
    PARTICIPANT,
    finish_participant,
    into_role,
    not_onto_requests,
)
from fhir_kb.releases.transforms import recoded

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode, Transform


def _location(node: LoweringNode, name: str, value: Any) -> None:
    """The reference is kept; a concept becomes its display, and is whole in the extension."""
    lowering = node.run.lowering
    reference = value.get("reference") or {}
    lowered = lowering.value(node, name, "Reference", reference, f"{node.path}.{name}.reference")
    location = Element(lowered or {}, span=node.span_of(name))
    words = author_terms.concept_text(value.get("concept"))
    if words and "display" not in location:
        location["display"] = words
    if value.keys() - {"reference"} and can_keep(node, name):
        extension = extension_of(node, name, value)
        location["extension"] = [*location.get("extension", ()), extension]
        node.report_moved(name, "in words and in an extension")
    elif words:
        node.report_reworded(name, "as the display of a reference")
    if location:
        node.target[name] = location


def _requirement(node: LoweringNode, name: str, value: Any) -> None:
    """Each canonical becomes the display of a reference."""
    if name.startswith("_"):
        if name[1:] not in node.source:
            node.report_lost(name)
        return
    node.target[name] = [
        Element({"display": url}, span=node.span_of(name)) for url in value if isinstance(url, str)
    ]
    node.report_reworded(name, "as the display of a reference")


TRANSFORMS: dict[str, Transform] = {
    "ActivityDefinition.copyrightLabel": not_onto_requests,
    "ActivityDefinition.kind": recoded({"RequestOrchestration": "RequestGroup"}),
    "ActivityDefinition.location": _location,
    "ActivityDefinition.observationRequirement": _requirement,
    "ActivityDefinition.observationResultRequirement": _requirement,
    "ActivityDefinition.participant.type": recoded(PARTICIPANT),
    "ActivityDefinition.specimenRequirement": _requirement,
    "ActivityDefinition.versionAlgorithmCoding": not_onto_requests,
    "ActivityDefinition.versionAlgorithmString": not_onto_requests,
}
FALLBACKS: dict[str, Transform] = {
    "ActivityDefinition.participant.function": into_role,
    "ActivityDefinition.participant.typeReference": into_role,
}
FINISHERS: dict[str, tuple[Finisher, ...]] = {
    "ActivityDefinition.participant": (finish_participant,)
}
