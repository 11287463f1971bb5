"""People, organizations and groups, as they are contained in other resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.releases.extensions import extension_of
from fhir_kb.releases.transforms import merge_primitive, recoded

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, LoweringNode, Transform

_GROUP_TYPES = {
    "careteam": "practitioner",
    "healthcareservice": "practitioner",
    "location": "device",
    "organization": "practitioner",
    "relatedperson": "person",
    "specimen": "substance",
}


def _membership(node: LoweringNode, name: str, value: Any) -> None:
    """The code 'enumerated' becomes true, any other false."""
    if not name.startswith("_"):
        node.target["actual"] = value == "enumerated"


def _finish_group(node: LoweringNode) -> None:
    node.target.setdefault("actual", "member" in node.target)


def _communication(node: LoweringNode, name: str, value: Any) -> None:
    """The languages are kept as concepts; which one is preferred is left out."""
    languages = []
    for index, communication in enumerate(value):
        path = f"{node.path}.{name}[{index}]"
        language = communication.get("language")
        lowered = node.run.lowering.value(node, name, "CodeableConcept", language, path)
        languages += [lowered] if lowered else []
        for other in sorted(communication.keys() - {"language"}):
            node.report_lost(name, f"{node.release} has no element for its '{other}'")
    if languages:
        node.target[name] = languages


def _contact(node: LoweringNode, name: str, value: Any) -> None:
    """The first name, the address and the telecoms are kept; the rest goes into the extension."""
    lowering, contacts, has_extensions = node.run.lowering, [], False
    types = {"purpose": "CodeableConcept", "address": "Address"}
    for index, detail in enumerate(value):
        path = f"{node.path}.{name}[{index}]"
        contact = Element(span=node.span_of(name))
        for part, type_name in types.items():
            if part in detail:
                inner = f"{path}.{part}"
                contact[part] = lowering.value(node, name, type_name, detail[part], inner)
        if names := detail.get("name"):
            contact["name"] = lowering.value(node, name, "HumanName", names[0], f"{path}.name[0]")
        if "telecom" in detail:
            contact["telecom"] = detail["telecom"]
        if len(detail.get("name", ())) > 1 or detail.keys() - {*types, "name", "telecom"}:
            contact["extension"] = [extension_of(node, name, detail)]
            has_extensions = True
        contacts += [contact] if contact else []
    if contacts:
        node.target[name] = contacts
    if has_extensions:
        node.report_moved(name, "as far as it is new in an extension")


def _role_contact(node: LoweringNode, name: str, value: Any) -> None:
    """The telecoms of the contacts are kept; the rest is left out."""
    telecoms = [telecom for contact in value for telecom in contact.get("telecom", ())]
    if telecoms:
        node.target["telecom"] = telecoms
    for contact in value:
        for other in sorted(contact.keys() - {"telecom"}):
            node.report_lost(name, f"{node.release} has no element for its '{other}'")


def _created(node: LoweringNode, name: str, value: Any) -> None:
    """The date is kept, the time left out."""
    if name.startswith("_"):
        merge_primitive(node, name[1:], value)
        return
    node.target[name] = str(value).partition("T")[0]
    if node.target[name] != value:
        message = f"the time of day in '{value}' of {node.owner} is left out"
        node.report("KB403", Severity.INFORMATION, f"{message}: {node.release} has none here", name)


TRANSFORMS: dict[str, Transform] = {
    "Basic.created": _created,
    "Group.membership": _membership,
    "Group.type": recoded(_GROUP_TYPES),
    "Organization.contact": _contact,
    "Practitioner.communication": _communication,
    "PractitionerRole.contact": _role_contact,
}
FALLBACKS: dict[str, Transform] = {}
FINISHERS: dict[str, tuple[Finisher, ...]] = {"Group": (_finish_group,)}
