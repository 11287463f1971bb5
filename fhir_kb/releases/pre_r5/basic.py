"""Basic: stands for a resource whose type a release does not have.

HL7's cross-version packages have one extension for the whole of such a resource, to be put on a
Basic (http://hl7.org/fhir/5.0/StructureDefinition/extension-Citation). Its code names the R5 type.
"""

from __future__ import annotations

import uuid
from html import escape
from typing import TYPE_CHECKING, Any

from fhir_kb.model import Element
from fhir_kb.releases import author_terms
from fhir_kb.releases.contained import remove_unreferenced, unsupported_contained_ids
from fhir_kb.releases.extensions import whole_resource_extension
from fhir_kb.releases.lowering_node import LoweringNode, LoweringRun
from fhir_kb.releases.references import basic_id

if TYPE_CHECKING:
    from fhir_kb.releases.lowering_node import Lowerer

_TYPES = "http://hl7.org/fhir/fhir-types"
_URI = "urn:ietf:rfc:3986"
_CORE = "http://hl7.org/fhir/StructureDefinition/"
_COMMENT = _CORE + "cqf-artifactComment"
_ARTIFACT_URL = _CORE + "artifact-url"
#: Extensions that may stand only on the resources that they are defined for
_BOUND = ("http://hl7.org/fhir/StructureDefinition/", "http://hl7.org/fhir/uv/")
_AUTHORS = frozenset(
    {"Practitioner", "PractitionerRole", "Patient", "RelatedPerson", "Organization"}
)
#: What a Basic has itself; `author` where the type has contact details there.
_OWN = ("implicitRules", "language", "text", "contained", "extension", "modifierExtension")
_ELSEWHERE = frozenset({"resourceType", "id", "meta", "identifier", "author", *_OWN})
#: The kinds of content of an assessment that cqf-artifactComment can say, as reviews
_COMMENTS = frozenset({"comment", "response", "change-request"})


def as_basic(lowering: Lowerer, source: Element) -> LoweringNode:
    """A resource as a Basic with all of its content, a narrative and an identifier."""
    kind = source["resourceType"]
    run = LoweringRun(lowering)
    run.unsupported_ids = unsupported_contained_ids(lowering, source)
    own = ("id", "meta", "_implicitRules", "_language", *_OWN)
    base = {name: source[name] for name in own if name in source}
    for name in ("extension", "modifierExtension"):
        if name in base:
            base[name] = [extension for extension in base[name] if not _is_bound(extension)]
            if not base[name]:
                del base[name]
    shell = Element(base, span=source.span, spans=source.spans)
    node = lowering.lower(run, shell, "Basic", kind, None)
    basic = node.target
    basic["resourceType"] = "Basic"
    if isinstance(source.get("id"), str):
        basic["id"] = basic_id(lowering.basic_prefixes[kind], source["id"])
    whole = LoweringNode(run, source, kind, kind, None)
    basic["identifier"] = _identifiers(whole)
    coding = Element({"system": _TYPES, "code": kind})
    basic["code"] = Element({"coding": [coding], "text": kind})
    for extension in _comments(source):
        node.extend(extension)
    _report_bound(whole)
    node.extend(whole_resource_extension(whole, _ELSEWHERE))
    _describe(whole, basic)
    basic.setdefault("text", _narrative(source))
    if "contained" in basic:
        remove_unreferenced(node)
    return node


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value or () if isinstance(item, dict)]


def _identifiers(node: LoweringNode) -> list[Any]:
    """Its identifiers; its canonical is the first, or one is derived from what it is about."""
    source = node.source
    given = source.get("identifier") or []
    kept = [
        node.run.lowering.value(node, "identifier", "Identifier", identifier)
        for identifier in given
    ]
    urls = (
        extension["valueUri"]
        for extension in source.get("extension", ())
        if extension.get("url") == _ARTIFACT_URL and "valueUri" in extension
    )
    if (url := source.get("url") or next(urls, None)) is not None:
        version = source.get("version")
        value = f"{url}|{version}" if version else url
        return [Element({"system": _URI, "value": value}), *kept]
    if any({"system", "value"} <= identifier.keys() for identifier in given):
        return kept
    about = source.get("artifactCanonical") or source.get("artifactUri") or source.get("id")
    name = f"{source['resourceType']}/{source.get('id')} {about}"
    urn = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}"
    return [Element({"system": _URI, "value": urn}), *kept]


def _describe(node: LoweringNode, basic: Element) -> None:
    """Fill subject, date and author of the Basic, for readers that ignore extensions."""
    source, lowering = node.source, node.run.lowering
    if (about := source.get("artifactReference")) is not None:
        basic["subject"] = lowering.value(node, "artifactReference", "Reference", about)
    if isinstance(date := source.get("date"), str):
        basic["created"] = date.partition("T")[0]
    authors = [part.get("author") for part in _objects(source.get("content"))]
    links = [str(author.get("reference")) for author in authors if isinstance(author, dict)]
    if links and len(set(links)) == 1 and links[0].partition("/")[0] in _AUTHORS:
        basic["author"] = lowering.value(node, "content", "Reference", authors[0])
    elif words := author_terms.value_text(source.get("author")):
        basic["author"] = Element({"display": words}, span=node.span_of("author"))
        node.report_reworded("author", "as the display of a reference")


def _is_bound(extension: Any) -> bool:
    return isinstance(extension, dict) and str(extension.get("url")).startswith(_BOUND)


def _report_bound(node: LoweringNode) -> None:
    """Report extensions that are left out; the one with the URL has become the identifier."""
    for name in ("extension", "modifierExtension"):
        for extension in node.source.get(name, ()):
            if _is_bound(extension) and extension.get("url") != _ARTIFACT_URL:
                reason = f"the extension {extension['url']} is not allowed on a Basic"
                node.report_lost(name, reason)


def _comments(source: Element) -> list[Element]:
    """The comments of an assessment as R4's tools for artifacts know them."""
    comments = []
    for content in _objects(source.get("content")):
        if content.get("informationType") not in _COMMENTS:
            continue
        text = content.get("summary")
        if not isinstance(text, str):
            continue
        parts = [
            Element({"url": "type", "valueCode": "review"}),
            Element({"url": "text", "valueMarkdown": text}),
        ]
        author = content.get("author")
        if isinstance(author, dict) and isinstance(author.get("display"), str):
            parts.append(Element({"url": "user", "valueString": author["display"]}))
        if isinstance(source.get("date"), str):
            parts.append(Element({"url": "authoredOn", "valueDateTime": source["date"]}))
        span = content.span if isinstance(content, Element) else source.span
        comments.append(Element({"url": _COMMENT, "extension": parts}, span=span))
    return comments


def _narrative(source: Element) -> Element:
    """A line to read, for a resource that has no narrative of its own."""
    kind = source["resourceType"]
    words = [source.get("title") or author_terms.owner_name(kind, source)]
    words += [part.get("text") for part in _objects(source.get("summary"))]
    words += [part.get("summary") for part in _objects(source.get("content"))]
    lines = "".join(f"<p>{escape(str(text), quote=False)}</p>" for text in words if text)
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{lines}</div>'
    return Element({"status": "generated", "div": div})
