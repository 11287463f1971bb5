"""ActivityDefinition: fewer kinds, and references where R5 has canonicals or concepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element
from fhir_kb.releases import author_terms
from fhir_kb.releases.pre_r5.plan import PARTICIPANT, finish_participant, into_role
from fhir_kb.releases.transforms import recoded

if TYPE_CHECKING:
    from fhir_kb.releases.lowering import Finisher, Transform
    from fhir_kb.releases.lowering_node import LoweringNode


def _location(node: LoweringNode, name: str, value: Any) -> None:
    """The reference as it is; a concept as the reference's words, and exactly in the extension."""
    lowering = node.run.lowering
    reference = value.get("reference") or {}
    lowered = lowering.value(node, name, "Reference", reference, f"{node.path}.{name}.reference")
    made = Element(lowered or {}, span=node.place(name))
    words = author_terms.concept_text(value.get("concept"))
    if words and "display" not in made:
        made["display"] = words
    if value.keys() - {"reference"} and lowering.keeper.can(node, name):
        extension = lowering.keeper.one(node, name, value)
        made["extension"] = [*made.get("extension", ()), extension]
        node.moved(name, "in words and in an extension")
    elif words:
        node.reworded(name, "as the display of a reference")
    if made:
        node.target[name] = made


def _requirement(node: LoweringNode, name: str, value: Any) -> None:
    """Canonicals were references: each is the words of one."""
    if name.startswith("_"):
        if name[1:] not in node.source:
            node.lost(name)
        return
    node.target[name] = [
        Element({"display": url}, span=node.place(name)) for url in value if isinstance(url, str)
    ]
    node.reworded(name, "as the display of a reference")


RULES: dict[str, Transform] = {
    "ActivityDefinition.kind": recoded({"RequestOrchestration": "RequestGroup"}),
    "ActivityDefinition.location": _location,
    "ActivityDefinition.observationRequirement": _requirement,
    "ActivityDefinition.observationResultRequirement": _requirement,
    "ActivityDefinition.participant.type": recoded(PARTICIPANT),
    "ActivityDefinition.specimenRequirement": _requirement,
}
FALLBACKS: dict[str, Transform] = {
    "ActivityDefinition.participant.function": into_role,
    "ActivityDefinition.participant.typeReference": into_role,
}
FINISH: dict[str, tuple[Finisher, ...]] = {"ActivityDefinition.participant": (finish_participant,)}
