"""EvidenceVariable: ways to define a characteristic that are new in R5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.releases import author_terms

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode, Transform

_COMBINATIONS = {
    "all-of": "all of",
    "any-of": "any of",
    "at-least": "at least {} of",
    "at-most": "at most {} of",
    "statistical": "statistically",
    "net-effect": "by net effect",
    "dataset": "as a dataset",
}
_DEFINITIONS = (
    "definitionReference",
    "definitionCanonical",
    "definitionCodeableConcept",
    "definitionExpression",
)


def in_words(characteristic: dict[str, Any]) -> str:
    """A characteristic in words: "Age: > 18 a", "any of: low back pain; neck pain"."""
    words = _definition_words(characteristic) or str(characteristic.get("description") or "")
    return f"not {words}" if words and characteristic.get("exclude") is True else words


def _definition_words(characteristic: dict[str, Any]) -> str:
    if (combination := characteristic.get("definitionByCombination")) is not None:
        code = str(combination.get("code"))
        how = _COMBINATIONS.get(code, code).format(combination.get("threshold", "?"))
        texts = map(in_words, combination.get("characteristic", ()))
        return f"{how}: " + "; ".join(text for text in texts if text)
    if (pair := characteristic.get("definitionByTypeAndValue")) is not None:
        return _pair_words(pair)
    if concept := author_terms.concept_text(characteristic.get("definitionCodeableConcept")):
        return concept
    if (reference := characteristic.get("definitionReference")) is not None:
        return str(reference.get("display") or reference.get("reference") or "")
    if (expression := characteristic.get("definitionExpression")) is not None:
        return str(expression.get("description") or expression.get("expression") or "")
    if "definitionId" in characteristic:
        return f"as in '{characteristic['definitionId']}'"
    return str(characteristic.get("definitionCanonical") or "")


def _pair_words(pair: dict[str, Any]) -> str:
    key = next((name for name in pair if name.startswith("value")), "")
    value = pair.get(key)
    words = {
        "valueCodeableConcept": author_terms.concept_text(value),
        "valueQuantity": author_terms.quantity_text(value),
        "valueRange": author_terms.quantity_text(value),
        "valueBoolean": "yes" if value else "no",
        "valueReference": str((value or {}).get("display") or (value or {}).get("reference") or "")
        if isinstance(value, dict)
        else "",
    }.get(key, str(value or ""))
    kind = author_terms.concept_text(pair.get("type"))
    text = f"{kind}: {words}" if kind and words else kind or words
    offset = author_terms.concept_text(pair.get("offset"))
    return f"{text} ({offset})" if offset else text


def by_type_and_value(*, method_and_device: bool) -> Transform:
    """Becomes the text of definitionCodeableConcept, with the value's codes.

    Args:
        method_and_device: whether the release has these, on the characteristic itself.
    """

    def lower(node: LoweringNode, name: str, value: Any) -> None:
        lowering, lost = node.run.lowering, ["type", "method", "device", "offset"]
        concept = lowering.value(node, name, "CodeableConcept", value.get("valueCodeableConcept"))
        definition = Element(concept or {}, span=node.span_of(name))
        definition["text"] = _pair_words(value)
        node.target["definitionCodeableConcept"] = definition
        if method_and_device:
            methods = value.get("method", ())
            if len(methods) == 1:
                node.target["method"] = lowering.value(node, name, "CodeableConcept", methods[0])
                lost.remove("method")
            if "device" in value:
                path = f"{node.path}.{name}.device"
                node.target["device"] = lowering.value(
                    node, name, "Reference", value["device"], path
                )
                lost.remove("device")
        missing = [part for part in lost if part in value]
        tail = f", without its {' and '.join(missing)} as data" if missing else ""
        node.report(
            "KB404",
            Severity.WARNING,
            f"the type and value of {node.owner} are kept in words{tail}: "
            f"{node.release} has no such definition",
            name,
        )

    return lower


def _worded(node: LoweringNode, name: str, value: Any) -> None:
    """Becomes the text of definitionCodeableConcept."""
    if name.startswith("_"):
        return
    words = in_words({name: value}) or author_terms.element_label(name)
    node.target["definitionCodeableConcept"] = Element({"text": words}, span=node.span_of(name))
    node.report(
        "KB404",
        Severity.WARNING,
        f"the {author_terms.element_label(name)} of {node.owner} is kept in words: "
        f"{node.release} has no such definition",
        name,
    )


def _link_id(node: LoweringNode, name: str, value: Any) -> None:
    if name.startswith("_") or "id" in node.source:
        node.report_lost(name)
    else:
        node.target["id"] = value


def _described(node: LoweringNode, name: str, value: Any) -> None:
    """Becomes part of the description."""
    if name.startswith("_"):
        return
    node.notes.append((author_terms.element_label(name), author_terms.value_text(value)))
    node.report_reworded(name, "in the description")


def _finish(node: LoweringNode) -> None:
    """Fill in the definition that older releases require, and complete the description."""
    notes = [f"{subject}: {text}" for subject, text in node.notes if text]
    if notes:
        description = node.target.get("description")
        node.target["description"] = "; ".join([description, *notes] if description else notes)
    if any(name in node.target for name in _DEFINITIONS):
        return
    words = node.source.get("description") or "Not defined"
    node.target["definitionCodeableConcept"] = Element({"text": words})
    node.report(
        "KB412",
        Severity.INFORMATION,
        f"{node.owner} has no definition: {node.release} requires one, so '{words}' is filled in",
    )


def _only_combination(characteristics: list[dict[str, Any]]) -> dict[str, Any]:
    """The combination that is all there is; {} where there is more to say."""
    if len(characteristics) == 1 and characteristics[0].keys() == {"definitionByCombination"}:
        combination: dict[str, Any] = characteristics[0]["definitionByCombination"]
        if combination.keys() == {"code", "characteristic"}:
            return combination
    return {}


def flattened(codes: dict[str, str]) -> Transform:
    """The list of characteristics; a single combination is replaced by its characteristics.

    Args:
        codes: R5 codes of combinations that the release can say of the whole list -> its code for
            it, "" where that is what the list means anyway.
    """

    def lower(node: LoweringNode, name: str, value: Any) -> None:
        lowering, items, inner = node.run.lowering, value, f"{node.path}.{name}"
        combination = _only_combination(value)
        code = codes.get(combination.get("code", ""))
        if code is not None:
            items = combination["characteristic"]
            inner = f"{inner}[0].definitionByCombination.characteristic"
        if code:
            node.target["characteristicCombination"] = code
        lowered = [
            lowering.lower(node.run, item, f"{node.type}.{name}", f"{inner}[{index}]", node).target
            for index, item in enumerate(items)
        ]
        if any(lowered):
            node.target[name] = [target for target in lowered if target]

    return lower


_PATH = "EvidenceVariable.characteristic"
_DESCRIBED = ("note", "instancesQuantity", "instancesRange", "durationQuantity", "durationRange")
TRANSFORMS: dict[str, Transform] = {
    f"{_PATH}.definitionByCombination": _worded,
    f"{_PATH}.definitionId": _worded,
}
FALLBACKS: dict[str, Transform] = {
    f"{_PATH}.linkId": _link_id,
    **dict.fromkeys((f"{_PATH}.{name}" for name in _DESCRIBED), _described),
}
FINISHERS: dict[str, tuple[Finisher, ...]] = {_PATH: (_finish,)}
