"""EvidenceVariable in R4: at least one characteristic, and a type of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.releases.lowering_node import alternate_code
from fhir_kb.releases.pre_r5.notes import finish_notes
from fhir_kb.releases.pre_r5.variable import by_type_and_value, flattened

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode, Transform

_TYPES = {"continuous": "continuous", "dichotomous": "dichotomous"}


def _handling(node: LoweringNode, name: str, value: Any) -> None:
    """Becomes R4's type of variable; 'descriptive' where R4 has no such code."""
    if name.startswith("_"):
        node.report_lost(name)
        return
    node.target["type"] = _TYPES.get(value, "descriptive")
    node.rename(name, "type")
    if value not in _TYPES:
        node.target["_type"] = Element({"extension": [alternate_code(value)]})
        node.report(
            "KB403",
            Severity.INFORMATION,
            f"the handling '{value}' of {node.owner} becomes 'descriptive': {node.release} has no "
            "such code; an extension keeps it exactly",
            name,
        )


def _finish(node: LoweringNode) -> None:
    if "characteristic" in node.target:
        return
    words = node.source.get("title") or node.source.get("description") or "Not defined"
    definition = Element({"text": str(words)})
    node.target["characteristic"] = [Element({"definitionCodeableConcept": definition})]
    node.report(
        "KB412",
        Severity.INFORMATION,
        f"{node.owner} has no characteristic: {node.release} requires one, "
        f"so '{words}' is filled in",
    )


TRANSFORMS: dict[str, Transform] = {
    "EvidenceVariable.characteristic": flattened({"all-of": ""}),
    "EvidenceVariable.characteristic.definitionByTypeAndValue": by_type_and_value(
        method_and_device=False
    ),
    "EvidenceVariable.handling": _handling,
}
FINISHERS: dict[str, tuple[Finisher, ...]] = {"EvidenceVariable": (_finish, finish_notes)}
