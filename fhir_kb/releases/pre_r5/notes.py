"""Notes: keep readable content that has neither an element nor an extension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element
from fhir_kb.releases import author_terms

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode, Transform

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
    """Kept as text in a note."""
    if name.startswith("_"):
        if name[1:] not in node.source:
            node.report_lost(name)
        return
    node.notes.append((author_terms.element_label(name), author_terms.value_text(value)))
    node.report_reworded(name, "in a note")


def finish_notes(node: LoweringNode) -> None:
    """Add the notes; in the extension for notes, where the type has no such element."""
    annotations = [_annotation(node, *note) for note in node.notes if note[1]]
    if not annotations:
        return
    fate = node.run.lowering.table.properties[node.type].get("note", "-")
    if fate.startswith("-"):
        for annotation in annotations:
            extension = Element({"url": _NOTE, "valueAnnotation": annotation}, span=annotation.span)
            node.extend(extension)
    else:
        node.target["note"] = [*node.target.get("note", ()), *annotations]


def _annotation(node: LoweringNode, subject: str, text: str) -> Element:
    kind = Element({"url": _TYPE, "valueCodeableConcept": Element({"text": subject})})
    note = f"{subject[0].upper()}{subject[1:]}: {text}"
    return Element({"extension": [kind], "text": note}, span=node.span)


TRANSFORMS: dict[str, Transform] = {}
FALLBACKS: dict[str, Transform] = {
    f"{kind}.{name}": noted for kind, names in _NOTED.items() for name in names
}
FINISHERS: dict[str, tuple[Finisher, ...]] = dict.fromkeys(_NOTED, (finish_notes,))
