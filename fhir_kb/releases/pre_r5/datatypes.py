"""Data types that R5 changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.releases import author_terms
from fhir_kb.releases.lowering_node import alternate_code
from fhir_kb.releases.references import finish_reference
from fhir_kb.releases.transforms import merge_primitive, recoded

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode, Transform

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_LARGEST = 2_147_483_647
#: Resource types that only have another name
TYPE_NAMES = {
    "DeviceUsage": "DeviceUseStatement",
    "RequestOrchestration": "RequestGroup",
}
_QUANTITIES = ("Quantity", "SimpleQuantity", "Age", "Count", "Distance", "Duration")


def _attachment_size(node: LoweringNode, name: str, value: Any) -> None:
    """integer64, which JSON may hold as a string, becomes a number of at most 31 bits."""
    if name.startswith("_"):
        merge_primitive(node, name[1:], value)
        return
    size = int(value) if str(value).isdecimal() and len(str(value)) < 20 else _LARGEST + 1
    if size <= _LARGEST:
        node.target[name] = size
    else:
        node.report_lost(name, f"{node.release} counts to {_LARGEST} at most")


def _expression_name(node: LoweringNode, name: str, value: Any) -> None:
    """A name that is no valid id is kept in an extension."""
    if name.startswith("_"):
        merge_primitive(node, name[1:], value)
    elif isinstance(value, str) and _ID.fullmatch(value):
        node.target[name] = value
    else:
        node.extend_primitive(name, alternate_code(str(value)))
        node.report_moved(name, "in an extension")


def _finish_expression(node: LoweringNode) -> None:
    """Older releases require a language: 'text/plain' is filled in."""
    if node.target and "language" not in node.target and "_language" not in node.target:
        node.target["language"] = "text/plain"
        node.report(
            "KB412",
            Severity.INFORMATION,
            f"an expression of {node.owner} names no language: {node.release} requires one, "
            "so it is 'text/plain'",
        )


def _finish_extension(node: LoweringNode) -> None:
    """Leave out an extension that has lost its value, or that is not allowed on its parent."""
    parent = node.parent
    url = str(node.source.get("url"))
    if parent is not None and parent.type in node.run.lowering.table.misplaced_extensions.get(
        url, ()
    ):
        node.drop(f"the extension {url}", f"{node.release} does not allow it here")
    if not any(key.startswith(("value", "_value")) or key == "extension" for key in node.target):
        node.target.clear()


def _codeable_reference(node: LoweringNode, name: str, value: Any) -> None:
    """The concept is kept; the reference only where there is no concept."""
    concept, reference = value.get("concept"), value.get("reference")
    lowering = node.run.lowering
    if concept is not None:
        node.target["valueCodeableConcept"] = lowering.value(
            node, name, "CodeableConcept", concept, f"{node.path}.{name}.concept"
        )
        if reference is not None:
            node.report_lost(
                name, f"{node.release} has room for its concept, not also for its reference"
            )
    elif reference is not None:
        node.target["valueReference"] = lowering.value(
            node, name, "Reference", reference, f"{node.path}.{name}.reference"
        )


def _integer64(node: LoweringNode, name: str, value: Any) -> None:
    if str(value).lstrip("-").isdecimal() and abs(int(value)) <= _LARGEST:
        node.target["valueInteger"] = int(value)
    elif not name.startswith("_"):
        node.report_lost(name, f"{node.release} counts to {_LARGEST} at most")


def _extension_value(node: LoweringNode, name: str, _value: Any) -> None:
    node.report_lost(name, f"{node.release} has no such type for the value of an extension")


def _profile(node: LoweringNode, name: str, value: Any) -> None:
    """Profiles of R5 are left out; those of the release that the resource meets are claimed."""
    if name.startswith("_"):
        return
    for url in value:
        message = f"the profile {url} is not claimed: it is one of R5"
        node.report("KB404", Severity.INFORMATION, message, name)


def _type_name(node: LoweringNode, name: str, value: Any) -> None:
    """A type that the release does not have becomes its older name, or Any."""
    if name.startswith("_"):
        merge_primitive(node, name[1:], value)
    elif value in node.run.lowering.table.missing_codes.get(f"{node.type}.{name}", ()):
        nearest = TYPE_NAMES.get(value, "Any")
        node.target[name] = nearest
        severity = Severity.WARNING if nearest == "Any" else Severity.INFORMATION
        message = f"the type '{value}' in {node.owner} becomes '{nearest}'"
        reason = f"{node.release} has no such type"
        node.report("KB403", severity, f"{message}: {reason}", name)
    else:
        node.target[name] = value


def _as_needed(node: LoweringNode, name: str, value: Any) -> None:
    """The flag, or the first reason; further reasons become instructions."""
    reasons = node.source.get("asNeededFor")
    if name == "asNeededFor":
        if isinstance(reasons, list) and node.source.get("asNeeded") is not False:
            _reasons(node, reasons)
        else:
            node.report_lost(name, "it is not to be given as needed")
    elif not isinstance(reasons, list) or node.source.get("asNeeded") is False:
        if name.startswith("_"):
            merge_primitive(node, "asNeededBoolean", value)
        else:
            node.target["asNeededBoolean"] = value
            node.rename(name, "asNeededBoolean")
    elif name.startswith("_"):
        node.report_lost(
            name, f"{node.release} has a single element for whether and for what it is needed"
        )


def _reasons(node: LoweringNode, reasons: list[Any]) -> None:
    """The first reason is the element; further ones become instructions."""
    lowered = node.run.lowering.value(node, "asNeededFor", "CodeableConcept", reasons[0])
    if lowered is not None:
        node.target["asNeededCodeableConcept"] = lowered
        node.rename("asNeededFor", "asNeededCodeableConcept")
    for reason in reasons[1:]:
        node.notes.append(("as needed", author_terms.value_text(reason)))
        node.report_reworded("asNeededFor", "as instructions, beyond the first")


def _max_dose(node: LoweringNode, name: str, value: Any) -> None:
    """The first ratio is the element; further ones become instructions."""
    lowered = node.run.lowering.value(node, name, "Ratio", value[0], f"{node.path}.{name}[0]")
    if lowered is not None:
        node.target[name] = lowered
    for ratio in value[1:]:
        node.notes.append(("at most", author_terms.value_text(ratio)))
        node.report_reworded(name, "as instructions, beyond the first")


def _finish_dosage(node: LoweringNode) -> None:
    more = [Element({"text": f"{kind}: {text}"}, span=node.span) for kind, text in node.notes]
    if more:
        node.target["additionalInstruction"] = [
            *node.target.get("additionalInstruction", ()),
            *more,
        ]


TRANSFORMS: dict[str, Transform] = {
    "Extension.valueSampledData": _extension_value,
    "Extension.valueSignature": _extension_value,
    "Attachment.size": _attachment_size,
    "DataRequirement.type": _type_name,
    "Dosage.asNeeded": _as_needed,
    "Dosage.asNeededFor": _as_needed,
    "Dosage.maxDosePerPeriod": _max_dose,
    "Expression.name": _expression_name,
    "Meta.profile": _profile,
    "ParameterDefinition.type": _type_name,
    "Timing.repeat.when": recoded({}),
    **{f"{quantity}.comparator": recoded({}, clinical=True) for quantity in _QUANTITIES},
}
FALLBACKS: dict[str, Transform] = {
    "Extension.valueAvailability": _extension_value,
    "Extension.valueCodeableReference": _codeable_reference,
    "Extension.valueExtendedContactDetail": _extension_value,
    "Extension.valueInteger64": _integer64,
    "Extension.valueMonetaryComponent": _extension_value,
    "Extension.valueRatioRange": _extension_value,
}
FINISHERS: dict[str, tuple[Finisher, ...]] = {
    "Dosage": (_finish_dosage,),
    "Expression": (_finish_expression,),
    "Extension": (_finish_extension,),
    "Reference": (finish_reference,),
}
