"""PlanDefinition: actions are named by their id, and are less richly described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.releases import author_terms
from fhir_kb.releases.extensions import UNFIT, extension_of, extensions_of, report_kept
from fhir_kb.releases.transforms import as_list, recoded, renamed

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode, Transform

#: Who takes part, as the nearest of patient, practitioner, related-person and device; a place takes
#: no part there.
PARTICIPANT = {
    "careteam": "practitioner",
    "group": "patient",
    "healthcareservice": "practitioner",
    "organization": "practitioner",
    "practitionerrole": "practitioner",
    "relatedperson": "related-person",
}
_RESOURCES = {
    "Patient": "patient",
    "Group": "patient",
    "Device": "device",
    "DeviceDefinition": "device",
    "RelatedPerson": "related-person",
    "Practitioner": "practitioner",
    "PractitionerRole": "practitioner",
    "CareTeam": "practitioner",
    "Organization": "practitioner",
    "HealthcareService": "practitioner",
}


def _link_id(node: LoweringNode, name: str, value: Any) -> None:
    """The link id becomes the element id, by which other actions refer to it."""
    if name.startswith("_"):
        node.report_lost(name, "an id has no extensions")
        return
    node.target["id"] = value
    node.rename("linkId", "id")


def _action_id(node: LoweringNode, name: str, value: Any) -> None:
    if name.startswith("_"):
        node.report_lost(name, "an id has no extensions")
    elif "linkId" not in node.source:
        node.target["id"] = value
    elif value != node.source["linkId"]:
        message = f"the id '{value}' of {node.owner} is left out: its name is its id"
        node.report("KB404", Severity.INFORMATION, f"{message} in {node.release}", name)


def not_onto_requests(node: LoweringNode, name: str, _value: Any) -> None:
    """Left out: an engine copies each extension of a definition onto the requests of a patient."""
    if not name.startswith("_") or name[1:] not in node.source:
        message = (
            f"the {author_terms.element_label(name)} of {node.owner} is said by the manifest: in "
            f"{node.release} it would be an extension here, which engines copy onto every request"
        )
        node.report("KB404", Severity.INFORMATION, message, name)


def _data(node: LoweringNode, name: str, value: Any) -> None:
    """The data requirement is kept; title and related data go into the extension."""
    lowering, requirements, extensions = node.run.lowering, [], []
    inner = f"{node.type}.{name}"
    for index, item in enumerate(value):
        path = f"{node.path}.{name}[{index}]"
        data = item.get("requirement")
        if data is not None:
            lowered = lowering.value(node, name, "DataRequirement", data, f"{path}.requirement")
            requirements += [lowered] if lowered else []
        if item.keys() - {"requirement"}:
            extensions.append(extension_of(node, name, item))
    if requirements:
        node.target[name] = requirements
    for extension in extensions:
        node.extend(extension)
    if extensions and node.run.is_first_report(inner):
        node.report(
            "KB402",
            Severity.INFORMATION,
            f"what {node.owner} has for {name} beyond the data is kept in an extension: "
            f"{node.release} has no element for it",
            name,
        )


def _actors(node: LoweringNode, name: str, value: Any) -> None:
    """Kept in the extension where it allows the kind of actor, and otherwise as text in a note."""
    extensions = extensions_of(node, name, value)
    if not any(UNFIT in extension for extension in extensions):
        for extension in extensions:
            node.extend(extension)
        report_kept(node, name)
        return
    for actor in value:
        kinds = ", ".join(str(option.get("type")) for option in actor.get("option", ()))
        parts = [str(actor[part]) for part in ("title", "description") if actor.get(part)]
        text = ": ".join(parts)
        node.notes.append(("actor", f"{text} ({kinds})" if text and kinds else text or kinds))
    node.report_reworded(name, "in a note")


def into_role(node: LoweringNode, name: str, value: Any) -> None:
    """Becomes the text of the role, where the participant has no role."""
    if name.startswith("_") or "role" in node.source or "role" in node.target:
        node.report_lost(name)
        return
    node.target["role"] = Element({"text": author_terms.value_text(value)}, span=node.span_of(name))
    node.report_reworded(name, "as the role")


def _actor(node: LoweringNode, name: str, value: Any) -> None:
    """The actor's title becomes the text of the role."""
    for actor in node.root.source.get("actor", ()):
        if actor.get("id") == value and isinstance(actor.get("title"), str):
            into_role(node, name, actor["title"])
            return
    node.report_lost(name)


def finish_participant(node: LoweringNode) -> None:
    """Fill in the type that older releases require: from the reference, else 'practitioner'."""
    if "type" in node.target:
        return
    if node.source.get("type") == "location":
        node.drop("a participant", f"in {node.release} a place takes no part")
        return
    reference = node.source.get("typeReference")
    link = reference.get("type") or reference.get("reference") if reference else None
    kind = str(link).partition("/")[0]
    node.target["type"] = _RESOURCES.get(kind, "practitioner")
    node.report(
        "KB412",
        Severity.INFORMATION if kind in _RESOURCES else Severity.WARNING,
        f"a participant of {node.owner} names no type: {node.release} requires one, so "
        f"'{node.target['type']}' is filled in",
    )


def _detail(node: LoweringNode, name: str, value: Any) -> None:
    """A number becomes a quantity; other values become the text of a concept."""
    if name.startswith("_"):
        if name[1:] not in node.source:
            node.report_lost(name)
    elif name == "detailInteger":
        node.target["detailQuantity"] = Element({"value": value}, span=node.span_of(name))
    else:
        words = Element({"text": author_terms.value_text(value)}, span=node.span_of(name))
        node.target["detailCodeableConcept"] = words
        node.report_reworded(name, "as a concept without a code")


TRANSFORMS: dict[str, Transform] = {
    "PlanDefinition.action.code": as_list,
    "PlanDefinition.action.id": _action_id,
    "PlanDefinition.action.input": _data,
    "PlanDefinition.action.linkId": _link_id,
    "PlanDefinition.action.output": _data,
    "PlanDefinition.action.participant.type": recoded(PARTICIPANT),
    "PlanDefinition.action.relatedAction.targetId": renamed("actionId"),
    "PlanDefinition.actor": _actors,
    "PlanDefinition.copyrightLabel": not_onto_requests,
    "PlanDefinition.goal.target.detailBoolean": _detail,
    "PlanDefinition.goal.target.detailInteger": _detail,
    "PlanDefinition.goal.target.detailRatio": _detail,
    "PlanDefinition.goal.target.detailString": _detail,
    "PlanDefinition.versionAlgorithmCoding": not_onto_requests,
    "PlanDefinition.versionAlgorithmString": not_onto_requests,
}
FALLBACKS: dict[str, Transform] = {
    "PlanDefinition.action.participant.actorId": _actor,
    "PlanDefinition.action.participant.function": into_role,
    "PlanDefinition.action.participant.typeReference": into_role,
}
FINISHERS: dict[str, tuple[Finisher, ...]] = {
    "PlanDefinition.action.participant": (finish_participant,),
}
