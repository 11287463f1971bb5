"""Citation in R4B: an older shape of the same content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Severity
from fhir_kb.model import Element
from fhir_kb.releases import author_terms
from fhir_kb.releases.lowering_node import LoweringNode
from fhir_kb.releases.transforms import renamed

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Finisher, Transform

_RELATIONSHIP = "http://terminology.hl7.org/CodeSystem/artifact-relationship-type"
_FORM = "Citation.citedArtifact.publicationForm"
_ENTRY = "Citation.citedArtifact.contributorship.entry"
#: What is known of a contributor in R4B, or is no content
_INLINED = frozenset(
    ("address", "id", "identifier", "meta", "name", "resourceType", "telecom", "text")
)
_URI = "urn:ietf:rfc:3986"
_RELATIONS = frozenset(
    [
        "amended-with",
        "amends",
        "appended-with",
        "appends",
        "cited-by",
        "cites",
        "comment-in",
        "comments-on",
        "composed-of",
        "correction-in",
        "corrects",
        "depends-on",
        "derived-from",
        "part-of",
        "replaced-with",
        "replaces",
        "retracted-by",
        "retracts",
        "similar-to",
        "supported-with",
        "supports",
        "transformed-into",
        "transformed-with",
        "transforms",
    ]
)


def _in_release(part: str) -> Transform:
    """Moves into the periodic release."""

    def move(node: LoweringNode, name: str, value: Any) -> None:
        plain = name.removeprefix("_")
        periodic = node.target.setdefault("periodicRelease", Element(span=node.span))
        inside = periodic
        *outer, last = part.split(".")
        for step in outer:
            inside = inside.setdefault(step, Element(span=node.span))
        if name == plain:
            inside[last] = value
            inside.spans[last] = node.span_of(name)
        else:
            lowered = node.run.lowering.value(node, name, "Element", value)
            if lowered:
                inside["_" + last] = lowered

    return move


def _medium(node: LoweringNode, name: str, value: Any) -> None:
    lowered = node.run.lowering.value(node, name, "CodeableConcept", value)
    if lowered is not None:
        periodic = node.target.setdefault("periodicRelease", Element(span=node.span))
        periodic["citedMedium"] = lowered


def _web_classifier(node: LoweringNode, name: str, value: Any) -> None:
    """The first classifier becomes the type; the text of the type names the others, too."""
    first = node.run.lowering.value(
        node, name, "CodeableConcept", value[0], f"{node.path}.{name}[0]"
    )
    classifier = Element(first or {}, span=node.span_of(name))
    if len(value) > 1:
        classifier["text"] = author_terms.value_text(value)
        node.report_reworded(name, "as the text of the type, beyond the first")
    if classifier:
        node.target["type"] = classifier


def _contributor(node: LoweringNode, name: str, value: Any) -> None:
    """The name of the person or organization is kept, and the link left out."""
    lowering = node.run.lowering
    person = _contained(node, value.get("reference"))
    kind = str(person.get("resourceType") or value.get("type") or value.get("reference"))
    is_group = kind.startswith("Organization")
    if is_group and (text := person.get("name") or value.get("display")):
        node.target["collectiveName"] = text
    elif not is_group and person.get("name"):
        node.target["name"] = lowering.value(node, name, "HumanName", person["name"][0])
    elif words := value.get("display") or value.get("reference"):
        node.target["name"] = Element({"text": words}, span=node.span_of(name))
    identifiers = [*person.get("identifier", ())]
    identifiers += [value["identifier"]] if "identifier" in value else []
    if identifiers:
        node.target["identifier"] = [
            lowering.value(node, name, "Identifier", identifier) for identifier in identifiers
        ]
    for part in ("address", "telecom"):
        if part in person and not is_group:
            node.target[part] = person[part]
    if "reference" in value and not person:
        _unlinked(node, name, value)


def _unlinked(node: LoweringNode, name: str, value: Any) -> None:
    node.report(
        "KB405",
        Severity.INFORMATION,
        f"the link to {value['reference']} in {node.owner} is left out and its words stay: "
        f"{node.release} has only names here",
        name,
    )


def _affiliation(node: LoweringNode, name: str, value: Any) -> None:
    """Affiliations become their text."""
    affiliations = []
    for reference in value:
        organization = _contained(node, reference.get("reference"))
        words = reference.get("display") or organization.get("name") or reference.get("reference")
        affiliation = Element({"affiliation": words} if words else {}, span=node.span_of(name))
        identifiers = organization.get("identifier") or (
            [reference["identifier"]] if "identifier" in reference else []
        )
        if identifiers:
            affiliation["identifier"] = [
                node.run.lowering.value(node, name, "Identifier", identifier)
                for identifier in identifiers
            ]
        affiliations += [affiliation] if affiliation else []
        if "reference" in reference and not organization:
            _unlinked(node, name, reference)
    if affiliations:
        node.target["affiliationInfo"] = affiliations


def _contained(node: LoweringNode, reference: Any) -> dict[str, Any]:
    """The contained resource that a reference leads to, to be taken over; {} for any other."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return {}
    contained: dict[str, Any]
    for contained in node.root.source.get("contained", ()):
        if contained.get("id") == reference[1:]:
            node.run.inlined_ids.add(reference[1:])
            for other in sorted(contained.keys() - _INLINED):
                node.report_lost(other, f"{node.release} has no element for it")
            return contained
    return {}


def _relations(node: LoweringNode, name: str, value: Any) -> None:
    """Each target of a related work becomes a relation of its own."""
    relations: list[Element] = []
    for index, work in enumerate(value):
        inner = LoweringNode(
            node.run, work, "RelatedArtifact", f"{node.path}.{name}[{index}]", node
        )
        targets = _targets(inner)
        relations += [_relation(inner, *target) for target in targets]
        if len(targets) > 1:
            inner.report_reworded(name, "as a related work for each of its targets")
    if relations:
        node.target["relatesTo"] = relations
        node.rename(name, "relatesTo")


def _relation(node: LoweringNode, target: str, value: Any) -> Element:
    kind = str(node.source.get("type"))
    concept: dict[str, Any] = {"text": kind}
    if kind in _RELATIONS:
        concept = {"coding": [Element({"system": _RELATIONSHIP, "code": kind})]}
    if "classifier" in node.source:  # not as targetClassifier: no validator takes R4B's definition
        concept["text"] = f"{kind}: {author_terms.value_text(node.source['classifier'])}"
        node.report_reworded("classifier", "as the text of the relation")
    return Element({"relationshipType": Element(concept), target: value}, span=node.span)


def _targets(node: LoweringNode) -> list[tuple[str, Any]]:
    """A reference, a document, a canonical, or just words: with words wherever they fit in."""
    lowering, work = node.run.lowering, node.source
    named_by = next((name for name in ("citation", "display", "label") if work.get(name)), "")
    display = {"display": work[named_by]} if named_by else {}
    targets: list[tuple[str, Any]] = []
    if (reference := work.get("resourceReference")) is not None:
        lowered = lowering.value(node, "resourceReference", "Reference", reference) or {}
        targets.append(("targetReference", Element({**display, **lowered})))
    if (canonical := work.get("resource")) is not None:
        identifier = Element({"system": _URI, "value": canonical})
        content = {"identifier": identifier, "display": canonical, **display}
        targets.append(("targetReference", Element(content, span=node.span_of("resource"))))
    if (document := work.get("document")) is not None:
        lowered = lowering.value(node, "document", "Attachment", document) or {}
        title = {"title": work[named_by]} if named_by else {}
        targets.append(("targetAttachment", Element({**title, **lowered})))
    if not targets:
        content = display or {"display": "Not stated"}
        targets.append(("targetReference", Element(content, span=node.span)))
    known_names = {"type", "classifier", "resourceReference", "resource", "document", named_by}
    for other in sorted(work.keys() - known_names):
        node.report_lost(other, f"{node.release} has no element for it")
    return targets


def _finish_form(node: LoweringNode) -> None:
    periodic = node.target.get("periodicRelease")
    if periodic is not None and not periodic:
        del node.target["periodicRelease"]


TRANSFORMS: dict[str, Transform] = {
    "Citation.citedArtifact.relatesTo": _relations,
    f"{_ENTRY}.contributor": _contributor,
    f"{_ENTRY}.affiliation": _affiliation,
    f"{_ENTRY}.forenameInitials": renamed("initials"),
    f"{_ENTRY}.rankingOrder": renamed("listOrder"),
    f"{_FORM}.citedMedium": _medium,
    f"{_FORM}.volume": _in_release("volume"),
    f"{_FORM}.issue": _in_release("issue"),
    f"{_FORM}.publicationDateText": _in_release("dateOfPublication.text"),
    f"{_FORM}.publicationDateSeason": _in_release("dateOfPublication.season"),
    "Citation.citedArtifact.webLocation.classifier": _web_classifier,
}
FALLBACKS: dict[str, Transform] = {"Citation.relatedArtifact": _relations}
FINISHERS: dict[str, tuple[Finisher, ...]] = {_FORM: (_finish_form,)}
