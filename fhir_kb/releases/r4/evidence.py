"""Evidence in R4: a background, exposures and outcomes; all else is new in R4B or R5.

What R4 has no element for is kept in the standard extensions, and what a reader needs of it also
in a note, because few systems show extensions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.releases import author_terms
from fhir_kb.releases.extensions import extensions_of
from fhir_kb.releases.pre_r5.notes import finish_notes
from fhir_kb.releases.references import literal, unlink

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode, Transform

#: http://terminology.hl7.org/CodeSystem/variable-role -> R4's element
_ROLES = {
    "population": "exposureBackground",
    "subpopulation": "exposureBackground",
    "exposure": "exposureVariant",
    "referenceExposure": "exposureVariant",
    "measuredVariable": "outcome",
    "outcome": "outcome",
}
#: EBMonFHIR says the role here
_ROLE_CODE = "http://hl7.org/fhir/uv/ebm/StructureDefinition/variable-definition-variable-role-code"


def _variables(node: LoweringNode, name: str, value: Any) -> None:
    """Variables go to R4's element for their role, and whole into extensions."""
    for extension in extensions_of(node, name, value):
        node.extend(extension)
    for index, variable in enumerate(value):
        slot = _slot(variable)
        if slot is None or (slot == "exposureBackground" and slot in node.target):
            continue
        reference = _reference(node, variable, f"{node.path}.{name}[{index}]")
        if reference and slot == "exposureBackground":
            node.target[slot] = reference
            node.rename(name, slot)
        elif reference:
            node.target[slot] = [*node.target.get(slot, ()), reference]
    node.report_moved(name, "by role, and whole in extensions")


def _slot(variable: dict[str, Any]) -> str | None:
    role = variable.get("variableRole") or {}
    codes = [str(coding.get("code")) for coding in role.get("coding", ())]
    codes += [
        str(extension.get("valueCode"))
        for extension in variable.get("extension", ())
        if extension.get("url") == _ROLE_CODE
    ]
    return next((_ROLES[code] for code in codes if code in _ROLES), None)


def _reference(node: LoweringNode, variable: dict[str, Any], path: str) -> Element | None:
    """What a variable refers to: what was observed, else what was intended, else its words."""
    for name in ("observed", "intended"):
        if (reference := variable.get(name)) is None:
            continue
        inner = node.run.lowering.lower(node.run, reference, "Reference", f"{path}.{name}", node)
        linked = literal(inner.target.get("reference"))
        if linked is not None and linked[0] != "EvidenceVariable":
            unlink(inner, f"{node.release} allows only EvidenceVariable here")
        return inner.target
    words = variable.get("description")
    return Element({"display": words}) if isinstance(words, str) else None


def _readable(node: LoweringNode, name: str, value: Any) -> None:
    """Kept in an extension, and as text in a note."""
    for extension in extensions_of(node, name, value):
        node.extend(extension)
    describe = _result if name == "statistic" else _certainty
    subject = "result" if name == "statistic" else name
    node.notes += [(subject, describe(item)) for item in value]
    node.report_moved(name, "in an extension, and for readers in a note")


def _finish(node: LoweringNode) -> None:
    if "exposureBackground" not in node.target:
        node.target["exposureBackground"] = Element({"display": "Not stated"})
        node.report(
            "KB412",
            Severity.INFORMATION,
            f"{node.owner} names no population: {node.release} requires one, "
            "so 'Not stated' is filled in",
        )


def _result(statistic: dict[str, Any]) -> str:
    parts = [statistic.get("description")]
    measure = author_terms.concept_text(statistic.get("statisticType"))
    number = author_terms.quantity_text(statistic.get("quantity"))
    parts.append(f"{measure} {number}".strip())
    for estimate in statistic.get("attributeEstimate", ()):
        kind = author_terms.concept_text(estimate.get("type"))
        bounds = author_terms.quantity_text(estimate.get("range")) or author_terms.quantity_text(
            estimate.get("quantity")
        )
        parts.append(f"{kind} {bounds}".strip() or estimate.get("description"))
    sample = statistic.get("sampleSize") or {}
    for name, word in (("numberOfStudies", "studies"), ("numberOfParticipants", "participants")):
        if name in sample:
            parts.append(f"{sample[name]} {word}")
    return "; ".join(str(part) for part in parts if part)


def _certainty(certainty: dict[str, Any]) -> str:
    kind, rating = (author_terms.concept_text(certainty.get(name)) for name in ("type", "rating"))
    text = f"{kind}: {rating}" if kind and rating else kind or rating
    rater = certainty.get("rater")
    parts = [f"{text} (rated by {rater})" if rater and text else text, certainty.get("description")]
    parts += [_certainty(aspect) for aspect in certainty.get("subcomponent", ())]
    return "; ".join(str(part) for part in parts if part)


TRANSFORMS: dict[str, Transform] = {
    "Evidence.variableDefinition": _variables,
    "Evidence.certainty": _readable,
    "Evidence.statistic": _readable,
}
FINISHERS: dict[str, tuple[Finisher, ...]] = {"Evidence": (_finish, finish_notes)}
