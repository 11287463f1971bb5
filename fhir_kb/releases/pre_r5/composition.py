"""Composition: R5 made it an artifact with a URL and more states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.releases import author_terms
from fhir_kb.releases.references import literal
from fhir_kb.releases.transforms import first_item, recoded

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode, Transform

_ATTESTATION = "http://hl7.org/fhir/composition-attestation-mode"
_MODES = frozenset({"personal", "professional", "legal", "official"})
_URI = "urn:ietf:rfc:3986"
_RELATIONS = frozenset({"replaces", "transforms", "signs", "appends"})
#: R5 state -> the nearest before; the exact one is in the extension
STATUS = {
    "registered": "preliminary",
    "partial": "preliminary",
    "corrected": "amended",
    "appended": "amended",
    "cancelled": "entered-in-error",
    "deprecated": "amended",
    "unknown": "preliminary",
}


def _mode(node: LoweringNode, name: str, value: Any) -> None:
    """The concept becomes one of four codes; an attestation with another mode is left out."""
    codings = value.get("coding", ()) if isinstance(value, dict) else ()
    codes = [
        coding["code"]
        for coding in codings
        if coding.get("system") == _ATTESTATION and coding.get("code") in _MODES
    ]
    if codes:
        node.target[name] = codes[0]
        if len(codings) > 1 or "text" in value:
            node.report(
                "KB403",
                Severity.INFORMATION,
                f"how {node.owner} is attested is reduced to the code '{codes[0]}'",
                name,
            )


def _finish_attester(node: LoweringNode) -> None:
    if "mode" not in node.target:
        node.drop("an attestation", f"{node.release} has no code for how it is attested")


def _relates_to(node: LoweringNode, name: str, value: Any) -> None:
    """Four kinds of relation to another Composition are kept; the others are left out."""
    kept = []
    for index, related in enumerate(value):
        reference = related.get("resourceReference")
        linked = literal(reference.get("reference")) if isinstance(reference, dict) else None
        fits = linked is not None and linked[0] == "Composition"
        if related.get("type") not in _RELATIONS or not fits:
            label = related.get("label") or related.get("display") or related.get("type")
            node.report_lost(
                name, f"'{label}' is no relation to another page that {node.release} has"
            )
            continue
        where = f"{node.path}.{name}[{index}].resourceReference"
        target = node.run.lowering.value(node, name, "Reference", reference, where)
        kept.append(Element({"code": related["type"], "targetReference": target}))
        for other in sorted(related.keys() - {"type", "resourceReference"}):
            node.report_lost(
                name, f"{node.release} has no element for its {author_terms.element_label(other)}"
            )
    if kept:
        node.target[name] = kept


def _event_detail(node: LoweringNode, name: str, value: Any) -> None:
    """References are kept; concepts become the codes of the event."""
    lowering, details, codes = node.run.lowering, [], []
    for index, detail in enumerate(value):
        path = f"{node.path}.{name}[{index}]"
        if (reference := detail.get("reference")) is not None:
            lowered = lowering.value(node, name, "Reference", reference, f"{path}.reference")
            details += [lowered] if lowered else []
        if (concept := detail.get("concept")) is not None:
            lowered = lowering.value(node, name, "CodeableConcept", concept, f"{path}.concept")
            codes += [lowered] if lowered else []
        if detail.keys() & {"id", "extension"}:
            node.report_lost(name, f"{node.release} has no element for its id and extensions")
    if details:
        node.target[name] = details
    if codes:
        node.target["code"] = codes


def _url(node: LoweringNode, name: str, value: Any) -> None:
    """The URL becomes the identifier, where there is none."""
    if name.startswith("_") or "identifier" in node.source:
        node.report_lost(name)
        return
    node.target["identifier"] = Element({"system": _URI, "value": value}, span=node.span_of(name))
    node.report_reworded(name, "as the identifier")


TRANSFORMS: dict[str, Transform] = {
    "Composition.attester.mode": _mode,
    "Composition.event.detail": _event_detail,
    "Composition.identifier": first_item,
    "Composition.relatesTo": _relates_to,
    "Composition.status": recoded(STATUS),
    "Composition.subject": first_item,
}
FALLBACKS: dict[str, Transform] = {"Composition.url": _url}
FINISHERS: dict[str, tuple[Finisher, ...]] = {"Composition.attester": (_finish_attester,)}
