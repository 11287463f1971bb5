"""PlanDefinition: steps are named by their id, and are less richly described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.releases import author_terms
from fhir_kb.releases.extensions import UNFIT
from fhir_kb.releases.transforms import as_list, merge_beside, recoded, renamed

if TYPE_CHECKING:
    from fhir_kb.releases.lowering import Finisher, Transform
    from fhir_kb.releases.lowering_node import LoweringNode

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
#: R5 relates the start of a step to another as a whole: after it has ended, before it starts.
_RELATIONSHIP = {"after": "after-end", "before": "before-start"}


def _link_id(node: LoweringNode, name: str, value: Any) -> None:
    """The name that other steps know a step by is its element id."""
    if name.startswith("_"):
        node.lost(name, "an id has no extensions")
        return
    node.target["id"] = value
    node.rename("linkId", "id")


def _action_id(node: LoweringNode, name: str, value: Any) -> None:
    if name.startswith("_"):
        node.lost(name, "an id has no extensions")
    elif "linkId" not in node.source:
        node.target["id"] = value
    elif value != node.source["linkId"]:
        message = f"the id '{value}' of {node.owner} is left out: its name is its id"
        node.report("KB404", Severity.INFORMATION, f"{message} in {node.release}", name)


def _relationship(node: LoweringNode, name: str, value: Any) -> None:
    if name.startswith("_"):
        merge_beside(node, name[1:], value)
    else:
        node.target[name] = _RELATIONSHIP.get(value, value)


def _data(node: LoweringNode, name: str, value: Any) -> None:
    """An input or output is the data alone; its title and origin go into the extension."""
    lowering, found, extensions = node.run.lowering, [], []
    inner = f"{node.type}.{name}"
    for index, item in enumerate(value):
        path = f"{node.path}.{name}[{index}]"
        data = item.get("requirement")
        if data is not None:
            lowered = lowering.value(node, name, "DataRequirement", data, f"{path}.requirement")
            found += [lowered] if lowered else []
        if item.keys() - {"requirement"}:
            extensions.append(lowering.keeper.one(node, name, item))
    if found:
        node.target[name] = found
    for extension in extensions:
        node.extend(extension)
    if extensions and node.run.is_first(inner):
        node.report(
            "KB402",
            Severity.INFORMATION,
            f"what {node.owner} has for {name} beyond the data is kept in an extension: "
            f"{node.release} has no element for it",
            name,
        )


def _actors(node: LoweringNode, name: str, value: Any) -> None:
    """Kept in the extension, which allows only for kinds of actor new in R5; others in a note."""
    keeper = node.run.lowering.keeper
    made = keeper.extensions(node, name, value)
    if not any(UNFIT in one for one in made):
        for extension in made:
            node.extend(extension)
        keeper.say(node, name)
        return
    for actor in value:
        kinds = ", ".join(str(one.get("type")) for one in actor.get("option", ()))
        words = [str(actor[part]) for part in ("title", "description") if actor.get(part)]
        said = ": ".join(words)
        node.notes.append(("actor", f"{said} ({kinds})" if said and kinds else said or kinds))
    node.reworded(name, "in a note")


def into_role(node: LoweringNode, name: str, value: Any) -> None:
    """A function or an example, in words, as the role of a participant that has none."""
    if name.startswith("_") or "role" in node.source or "role" in node.target:
        node.lost(name)
        return
    node.target["role"] = Element({"text": author_terms.value_text(value)}, span=node.place(name))
    node.reworded(name, "as the role")


def _actor(node: LoweringNode, name: str, value: Any) -> None:
    """The actor that a participant is: its title as the role."""
    for one in _root(node).source.get("actor", ()):
        if one.get("id") == value and isinstance(one.get("title"), str):
            into_role(node, name, one["title"])
            return
    node.lost(name)


def _root(node: LoweringNode) -> LoweringNode:
    while node.parent is not None:
        node = node.parent
    return node


def finish_participant(node: LoweringNode) -> None:
    """Older releases demand a type: it follows from what is referred to, or a person is assumed."""
    if "type" in node.target:
        return
    if node.source.get("type") == "location":
        node.dropped("a participant", f"in {node.release} a place takes no part")
        return
    reference = node.source.get("typeReference")
    link = reference.get("type") or reference.get("reference") if reference else None
    kind = str(link).partition("/")[0]
    node.target["type"] = _RESOURCES.get(kind, "practitioner")
    node.report(
        "KB412",
        Severity.INFORMATION if kind in _RESOURCES else Severity.WARNING,
        f"a participant of {node.owner} names no type: {node.release} demands one, and is told "
        f"'{node.target['type']}'",
    )


def _detail(node: LoweringNode, name: str, value: Any) -> None:
    """A target that is no quantity, range or concept: in words, a number as a quantity."""
    if name.startswith("_"):
        if name[1:] not in node.source:
            node.lost(name)
    elif name == "detailInteger":
        node.target["detailQuantity"] = Element({"value": value}, span=node.place(name))
    else:
        words = Element({"text": author_terms.value_text(value)}, span=node.place(name))
        node.target["detailCodeableConcept"] = words
        node.reworded(name, "as a concept without a code")


RULES: dict[str, Transform] = {
    "PlanDefinition.action.code": as_list,
    "PlanDefinition.action.id": _action_id,
    "PlanDefinition.action.input": _data,
    "PlanDefinition.action.linkId": _link_id,
    "PlanDefinition.action.output": _data,
    "PlanDefinition.action.participant.type": recoded(PARTICIPANT),
    "PlanDefinition.action.relatedAction.relationship": _relationship,
    "PlanDefinition.action.relatedAction.targetId": renamed("actionId"),
    "PlanDefinition.actor": _actors,
    "PlanDefinition.goal.target.detailBoolean": _detail,
    "PlanDefinition.goal.target.detailInteger": _detail,
    "PlanDefinition.goal.target.detailRatio": _detail,
    "PlanDefinition.goal.target.detailString": _detail,
}
FALLBACKS: dict[str, Transform] = {
    "PlanDefinition.action.participant.actorId": _actor,
    "PlanDefinition.action.participant.function": into_role,
    "PlanDefinition.action.participant.typeReference": into_role,
}
FINISH: dict[str, tuple[Finisher, ...]] = {
    "PlanDefinition.action.participant": (finish_participant,),
}
