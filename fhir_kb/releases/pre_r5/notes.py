"""What has no element and no extension, and can be read: it goes into notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element
from fhir_kb.releases import author_terms

if TYPE_CHECKING:
    from fhir_kb.releases.lowering import Finisher, Transform
    from fhir_kb.releases.lowering_node import LoweringNode

_TYPE = "http://hl7.org/fhir/StructureDefinition/annotationType"
_NOTE = "http://hl7.org/fhir/StructureDefinition/note"
_AS_NEEDED = ("asNeededBoolean", "asNeededCodeableConcept")
_NOTED = {
    "ActivityDefinition": _AS_NEEDED,
    "Composition": ("useContext",),
    "Evidence": (
        "assertion",
        "citeAsMarkdown",
        "citeAsReference",
        "copyright",
        "experimental",
        "purpose",
        "studyDesign",
        "synthesisType",
    ),
    "EvidenceVariable": (
        "actual",
        "approvalDate",
        "copyright",
        "effectivePeriod",
        "experimental",
        "lastReviewDate",
        "purpose",
    ),
    "PlanDefinition": _AS_NEEDED,
}


def noted(node: LoweringNode, name: str, value: Any) -> None:
    """Said in a note."""
    if name.startswith("_"):
        if name[1:] not in node.source:
            node.lost(name)
        return
    node.notes.append((author_terms.element_label(name), author_terms.value_text(value)))
    node.reworded(name, "in a note")


def finish_notes(node: LoweringNode) -> None:
    """Add the notes: where the type has none of its own, in the extension for notes."""
    made = [_annotation(node, *note) for note in node.notes if note[1]]
    if not made:
        return
    entry = node.run.lowering.table.types[node.type].get("note", "-")
    if entry.startswith("-"):
        for one in made:
            node.extend(Element({"url": _NOTE, "valueAnnotation": one}, span=one.span))
    else:
        node.target["note"] = [*node.target.get("note", ()), *made]


def _annotation(node: LoweringNode, subject: str, text: str) -> Element:
    kind = Element({"url": _TYPE, "valueCodeableConcept": Element({"text": subject})})
    said = f"{subject[0].upper()}{subject[1:]}: {text}"
    return Element({"extension": [kind], "text": said}, span=node.span)


RULES: dict[str, Transform] = {}
FALLBACKS: dict[str, Transform] = {
    f"{kind}.{name}": noted for kind, names in _NOTED.items() for name in names
}
FINISH: dict[str, tuple[Finisher, ...]] = dict.fromkeys(_NOTED, (finish_notes,))
