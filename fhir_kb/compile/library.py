"""Libraries: logic in files, and the manifest of all that a topic consists of and needs."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from fhir_kb.compile import narrative as write
from fhir_kb.compile.compile_context import is_uri
from fhir_kb.compile.concepts import hl7_concept
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.hl7_codes import LIBRARY_TYPE
from fhir_kb.compile.metadata import artifact_resource, topic_concepts
from fhir_kb.compile.related import resource_reference
from fhir_kb.model import Text, code_words
from fhir_kb.model.cql_header import FHIR_HELPERS, FHIR_HELPERS_URL
from fhir_kb.model.resource_kind import BY_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_kb.compile.compile_context import CompileContext
    from fhir_kb.model import Element
    from fhir_kb.model.topic import Library

_CONTENT_TYPES: Final = {
    "cql": "text/cql",
    "json": "application/elm+json",
    "xml": "application/elm+xml",
    "fhirpath": "text/fhirpath",
}


def compile_libraries(context: CompileContext) -> Iterator[Element]:
    """The libraries that are files of the topic."""
    for library in context.topic.libraries:
        if library.canonical is None:
            yield _logic_library(context, library)


def _logic_library(context: CompileContext, library: Library) -> Element:
    title = (
        library.title or library.name or with_span_of(code_words.in_words(library.id), library.id)
    )
    resource = artifact_resource(
        context,
        "Library",
        context.part_id(library.id),
        library.span,
        title=title,
        description=library.text or title,
        type=hl7_concept(library.span, LIBRARY_TYPE, "logic-library"),
        relatedArtifact=[
            element(library.span, type="depends-on", resource=canonical)
            for canonical in _includes(context, library)
        ],
        content=[_content(context, library)],
    )
    resource["url"], resource["version"] = context.library_url(library)
    header = context.source.cql_headers.get(str(library.id))
    if header is not None and header.library is not None:
        resource["name"] = header.library.own_name
    elif library.name is not None:
        resource["name"] = str(library.name)
        resource.spans["name"] = library.name.span
    text = context.source.files.get(str(library.file)) if library.file is not None else None
    blocks = [
        write.heading(2, title),
        write.prose(library.text),
        write.code(text) if text else "",
    ]
    resource["text"] = write.narrative(context.language, library.span, blocks)
    return resource


def _includes(context: CompileContext, library: Library) -> Iterator[str]:
    """The canonicals of the libraries that a CQL library includes.

    FHIRHelpers is named as HL7 publishes it; engines have it themselves. What the topic does not
    list is a finding of lint.
    """
    header = context.source.cql_headers.get(str(library.id))
    for include in header.includes if header is not None else ():
        if include.own_name == FHIR_HELPERS:
            version = f"|{include.version}" if include.version else ""
            yield f"{FHIR_HELPERS_URL}{version}"
        elif (canonical := context.cql_libraries.get(include.own_name)) is not None:
            yield canonical


def _content(context: CompileContext, library: Library) -> Element | None:
    if library.file is None:
        context.report(
            "KB354", f"the library '{library.id}' has neither a file nor a canonical", library.span
        )
        return None
    text = context.source.files.get(str(library.file))
    if text is None:
        context.report_missing("file", library.file, context.source.files)
        return None
    suffix = library.file.rpartition(".")[2].casefold()
    return element(
        library.file.span,
        contentType=_CONTENT_TYPES.get(suffix, "text/plain"),
        title=library.file,
        data=base64.b64encode(text.encode()).decode(),
    )


def compile_manifest(context: CompileContext, resources: Iterable[Element]) -> Element:
    """The manifest: what the topic is composed of, and what it depends on, versions pinned."""
    topic = context.topic
    parts = [_part(context, resource) for resource in resources]
    manifest = artifact_resource(
        context,
        "Library",
        context.id,
        topic.span,
        title=with_span_of(f"{topic.title}: contents", topic.title),
        description=with_span_of(
            f"All that belongs to “{topic.title}”, and what it needs.", topic.title
        ),
        type=hl7_concept(topic.span, LIBRARY_TYPE, "asset-collection"),
        topic=topic_concepts(context),
        relatedArtifact=[*parts, *_needs(context)],
    )
    manifest["name"] += "Manifest"
    blocks = [
        write.heading(2, manifest["title"]),
        write.prose(manifest["description"]),
        write.texts("Is composed of", _titles(manifest, "composed-of")),
        write.texts("Depends on", _titles(manifest, "depends-on")),
    ]
    manifest["text"] = write.narrative(context.language, topic.span, blocks)
    return manifest


def _part(context: CompileContext, resource: Element) -> Element:
    kind, resource_id, title = resource["resourceType"], resource["id"], resource.get("title")
    span = resource.span or context.topic.span
    if not BY_TYPE[kind].is_canonical:
        link = resource_reference(kind, resource_id, title or kind, span)
        return element(span, type="composed-of", display=title, resourceReference=link)
    canonical = f"{resource['url']}|{resource['version']}"
    return element(span, type="composed-of", display=title, resource=canonical)


def _needs(context: CompileContext) -> Iterator[Element]:
    """What others publish and the topic needs, each once."""
    urls: set[str] = set()
    for need in _all_needs(context):
        if need["resource"] not in urls:
            urls.add(need["resource"])
            yield need


def _all_needs(context: CompileContext) -> Iterator[Element]:
    for library in context.topic.libraries:
        for canonical in _includes(context, library):
            if canonical.startswith(FHIR_HELPERS_URL):
                yield _need(Text(canonical, library.span))
        if library.canonical is not None:
            yield _need(
                library.canonical, label=library.name, display=library.title, citation=library.text
            )
    for name in context.topic.uses:
        yield _need(name)
    for step in context.source.steps:
        if step.plan is not None and (plan := context.plan(step.plan)) is not None:
            entry = context.base.directory.get(str(step.plan))
            yield _need(with_span_of(plan, step.plan), display=entry.title if entry else None)
        if step.asks is not None:
            yield _need(step.asks)
        for data in (*step.inputs, *step.outputs):
            yield from map(_need, _foreign((data.profile, data.value_set)))
    for value_set in context.topic.value_sets:
        for part in (*value_set.include, *value_set.exclude):
            yield from map(_need, _foreign(part.value_sets))


def _need(canonical: str, **more: str | None) -> Element:
    assert isinstance(canonical, Text)
    return element(canonical.span, type="depends-on", resource=canonical, **more)


def _foreign(names: Iterable[Text | None]) -> Iterator[Text]:
    """Those names that are URLs."""
    return (name for name in names if name is not None and is_uri(name))


def _titles(manifest: Element, kind: str) -> list[str]:
    listed = (artifact for artifact in manifest["relatedArtifact"] if artifact["type"] == kind)
    return [
        f"{artifact['display']} ({_target(artifact)})"
        if "display" in artifact
        else _target(artifact)
        for artifact in listed
    ]


def _target(artifact: Element) -> str:
    return str(artifact.get("resource") or artifact["resourceReference"]["reference"])
