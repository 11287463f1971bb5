"""Libraries: the manifest of a topic, and libraries of logic.

https://hl7.org/fhir/R5/library.html; the manifest as CRMI has it.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from fhir_kb.compile.build import coded, element
from fhir_kb.compile.metadata import identity, jurisdiction, people, review, rights, use_context
from fhir_kb.compile.narrative import block, bullets, inline, narrative, paragraph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhir_kb.compile.context import Context
    from fhir_kb.model import Element
    from fhir_kb.model.topic import Library

_TYPE: Final = "http://terminology.hl7.org/CodeSystem/library-type"
_MEDIA: Final = {".cql": "text/cql", ".fhirpath": "text/fhirpath", ".xml": "application/elm+xml"}


def manifest(context: Context, artifacts: Sequence[Element], needed: Sequence[str]) -> Element:
    """The manifest: what the topic is composed of and depends on, each in its version."""
    topic = context.topic
    title = f"Manifest of {topic.title}"
    base = identity(context, "Library", title=title)
    composed = [
        element(
            one.span,
            type="composed-of",
            display=one.get("title"),
            resource=f"{one['url']}|{one['version']}",
        )
        for one in artifacts
    ]
    depends = [element(topic.topic.span, type="depends-on", resource=name) for name in needed]
    listed = [inline(f"{one['resourceType']}: {one.get('title', one['id'])}") for one in artifacts]
    return element(
        topic.topic.span,
        **base,
        text=narrative(
            topic.topic.span,
            paragraph(title),
            bullets(listed),
            paragraph("It depends on:") if needed else "",
            bullets(inline(name) for name in needed),
        ),
        type=coded(_TYPE, "asset-collection", "Asset Collection"),
        description=f"Everything that belongs to “{topic.title}”, each in its version.",
        useContext=use_context(context),
        jurisdiction=jurisdiction(context),
        **rights(context),
        **review(context),
        **people(context),
        relatedArtifact=[*composed, *depends],
    )


def logic(context: Context, library: Library) -> Element | None:
    """A library of logic that the topic brings along; None for one that is published elsewhere."""
    if library.file is None:
        return None
    text = context.source.files.get(str(library.file), "")
    title = str(library.title or library.name or library.id)
    base = identity(context, "Library", str(library.id), title=title)
    if library.name is not None:
        base["name"] = library.name
    suffix = library.file[library.file.rfind(".") :]
    data = base64.b64encode(text.encode()).decode()
    return element(
        library.span,
        **base,
        text=narrative(library.span, paragraph(title), block(library.text)),
        type=coded(_TYPE, "logic-library", "Logic Library"),
        description=library.text or title,
        useContext=use_context(context),
        jurisdiction=jurisdiction(context),
        **rights(context),
        **review(context),
        **people(context),
        content=[
            element(library.file.span, contentType=_MEDIA.get(suffix, "text/plain"), data=data)
        ],
    )
