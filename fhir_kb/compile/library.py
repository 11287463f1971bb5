"""Libraries: logic in files, and the manifest of all that a topic consists of and needs."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from fhir_kb.compile import narrative as write
from fhir_kb.compile.compile_context import is_uri
from fhir_kb.compile.concepts import hl7_concept
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.hl7_codes import LIBRARY_TYPE
from fhir_kb.compile.metadata import artifact, topics
from fhir_kb.compile.related import reference
from fhir_kb.model import Text
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


def logic_libraries(bench: CompileContext) -> Iterator[Element]:
    """The libraries that are files of the topic."""
    for one in bench.topic.libraries:
        if one.canonical is None:
            yield _logic_library(bench, one)


def _logic_library(bench: CompileContext, one: Library) -> Element:
    title = (
        one.title or one.name or with_span_of(str(one.id).replace("-", " ").capitalize(), one.id)
    )
    made = artifact(
        bench,
        "Library",
        bench.part_id(one.id),
        one.span,
        title=title,
        description=one.text or title,
        type=hl7_concept(one.span, LIBRARY_TYPE, "logic-library"),
        content=[_content(bench, one)],
    )
    if one.name is not None:
        made["name"] = str(one.name)
        made.spans["name"] = one.name.span
    text = bench.source.files.get(str(one.file)) if one.file is not None else None
    blocks = [
        write.heading(2, title),
        write.prose(one.text),
        write.code(text) if text else "",
    ]
    made["text"] = write.narrative(bench.language, one.span, blocks)
    return made


def _content(bench: CompileContext, one: Library) -> Element | None:
    if one.file is None:
        bench.say("KB354", f"the library '{one.id}' has neither a file nor a canonical", one.span)
        return None
    text = bench.source.files.get(str(one.file))
    if text is None:
        bench.missing("file", one.file, bench.source.files)
        return None
    suffix = one.file.rpartition(".")[2].casefold()
    return element(
        one.file.span,
        contentType=_CONTENT_TYPES.get(suffix, "text/plain"),
        title=one.file,
        data=base64.b64encode(text.encode()).decode(),
    )


def manifest(bench: CompileContext, resources: Iterable[Element]) -> Element:
    """The manifest: what the topic is composed of, and what it depends on, versions pinned."""
    topic = bench.topic
    parts = [_part(bench, one) for one in resources]
    made = artifact(
        bench,
        "Library",
        bench.id,
        topic.span,
        title=with_span_of(f"{topic.title}: contents", topic.title),
        description=with_span_of(
            f"All that belongs to “{topic.title}”, and what it needs.", topic.title
        ),
        type=hl7_concept(topic.span, LIBRARY_TYPE, "asset-collection"),
        topic=topics(bench),
        relatedArtifact=[*parts, *_needs(bench)],
    )
    made["name"] += "Manifest"
    blocks = [
        write.heading(2, made["title"]),
        write.prose(made["description"]),
        write.texts("Is composed of", _titles(made, "composed-of")),
        write.texts("Depends on", _titles(made, "depends-on")),
    ]
    made["text"] = write.narrative(bench.language, topic.span, blocks)
    return made


def _part(bench: CompileContext, one: Element) -> Element:
    kind, resource_id, title = one["resourceType"], one["id"], one.get("title")
    span = one.span or bench.topic.span
    if not BY_TYPE[kind].is_canonical:
        link = reference(kind, resource_id, title or kind, span)
        return element(span, type="composed-of", display=title, resourceReference=link)
    canonical = bench.canonical(kind, resource_id)
    return element(span, type="composed-of", display=title, resource=canonical)


def _needs(bench: CompileContext) -> Iterator[Element]:
    """What others publish and the topic needs, each once."""
    seen: set[str] = set()
    for need in _all_needs(bench):
        if need["resource"] not in seen:
            seen.add(need["resource"])
            yield need


def _all_needs(bench: CompileContext) -> Iterator[Element]:
    for one in bench.topic.libraries:
        if one.canonical is not None:
            yield _need(one.canonical, label=one.name, display=one.title, citation=one.text)
    for name in bench.topic.uses:
        yield _need(name)
    for step in bench.source.steps:
        if step.plan is not None and (plan := bench.plan(step.plan)) is not None:
            entry = bench.base.directory.get(str(step.plan))
            yield _need(with_span_of(plan, step.plan), display=entry.title if entry else None)
        if step.asks is not None:
            yield _need(step.asks)
        for data in (*step.inputs, *step.outputs):
            yield from map(_need, _foreign((data.profile, data.value_set)))
    for value_set in bench.topic.value_sets:
        for part in (*value_set.include, *value_set.exclude):
            yield from map(_need, _foreign(part.value_sets))


def _need(canonical: str, **more: str | None) -> Element:
    assert isinstance(canonical, Text)
    return element(canonical.span, type="depends-on", resource=canonical, **more)


def _foreign(names: Iterable[Text | None]) -> Iterator[Text]:
    """Those names that are URLs."""
    return (name for name in names if name is not None and is_uri(name))


def _titles(made: Element, kind: str) -> list[str]:
    listed = (one for one in made["relatedArtifact"] if one["type"] == kind)
    return [
        f"{one['display']} ({_target(one)})" if "display" in one else _target(one) for one in listed
    ]


def _target(one: Element) -> str:
    return str(one.get("resource") or one["resourceReference"]["reference"])
