"""People, organizations and groups, as they are contained in other resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.releases.transforms import merge_beside, recoded

if TYPE_CHECKING:
    from fhir_kb.releases.lowering import Finisher, Transform
    from fhir_kb.releases.lowering_node import LoweringNode

_GROUP_TYPES = {
    "careteam": "practitioner",
    "healthcareservice": "practitioner",
    "location": "device",
    "organization": "practitioner",
    "relatedperson": "person",
    "specimen": "substance",
}


def _membership(node: LoweringNode, name: str, value: Any) -> None:
    """Whether its members are listed; R5 says it in a code."""
    if not name.startswith("_"):
        node.target["actual"] = value == "enumerated"


def _finish_group(node: LoweringNode) -> None:
    node.target.setdefault("actual", "member" in node.target)


def _communication(node: LoweringNode, name: str, value: Any) -> None:
    """Languages were concepts; whether one is preferred has no place."""
    found = []
    for index, one in enumerate(value):
        path = f"{node.path}.{name}[{index}]"
        language = one.get("language")
        lowered = node.run.lowering.value(node, name, "CodeableConcept", language, path)
        found += [lowered] if lowered else []
        for other in sorted(one.keys() - {"language"}):
            node.lost(name, f"{node.release} has no element for its '{other}'")
    if found:
        node.target[name] = found


def _contact(node: LoweringNode, name: str, value: Any) -> None:
    """A contact with one name; more, and the rest, go into the extension."""
    lowering, found, kept_too = node.run.lowering, [], False
    types = {"purpose": "CodeableConcept", "address": "Address"}
    for index, one in enumerate(value):
        path = f"{node.path}.{name}[{index}]"
        made = Element(span=node.place(name))
        for part, type_name in types.items():
            if part in one:
                made[part] = lowering.value(node, name, type_name, one[part], f"{path}.{part}")
        if names := one.get("name"):
            made["name"] = lowering.value(node, name, "HumanName", names[0], f"{path}.name[0]")
        if "telecom" in one:
            made["telecom"] = one["telecom"]
        if len(one.get("name", ())) > 1 or one.keys() - {*types, "name", "telecom"}:
            made["extension"] = [lowering.keeper.one(node, name, one)]
            kept_too = True
        found += [made] if made else []
    if found:
        node.target[name] = found
    if kept_too:
        node.moved(name, "as far as it is new in an extension")


def _role_contact(node: LoweringNode, name: str, value: Any) -> None:
    """Before R5 a role had ways to reach it, and no contacts."""
    telecoms = [one for contact in value for one in contact.get("telecom", ())]
    if telecoms:
        node.target["telecom"] = telecoms
    for contact in value:
        for other in sorted(contact.keys() - {"telecom"}):
            node.lost(name, f"{node.release} has no element for its '{other}'")


def _created(node: LoweringNode, name: str, value: Any) -> None:
    """A date without a time."""
    if name.startswith("_"):
        merge_beside(node, name[1:], value)
        return
    node.target[name] = str(value).partition("T")[0]
    if node.target[name] != value:
        message = f"the time of day in '{value}' of {node.owner} is left out"
        node.report("KB403", Severity.INFORMATION, f"{message}: {node.release} has none here", name)


RULES: dict[str, Transform] = {
    "Basic.created": _created,
    "Group.membership": _membership,
    "Group.type": recoded(_GROUP_TYPES),
    "Organization.contact": _contact,
    "Practitioner.communication": _communication,
    "PractitionerRole.contact": _role_contact,
}
FALLBACKS: dict[str, Transform] = {}
FINISH: dict[str, tuple[Finisher, ...]] = {"Group": (_finish_group,)}
