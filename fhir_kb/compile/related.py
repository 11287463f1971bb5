"""RelatedArtifact: what an artifact rests on and stands beside.

https://hl7.org/fhir/R5/metadatatypes.html#RelatedArtifact. The citation is always there in words,
because R4 has no Citation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fhir_kb.compile.build import element
from fhir_kb.compile.wording import reference_in_words, reference_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fhir_kb.compile.context import Context
    from fhir_kb.model import Element, Text
    from fhir_kb.model.activity import Related


def to_references(
    context: Context, kind: str, names: Iterable[Text], *, label: str | None = None
) -> list[Element]:
    """RelatedArtifacts of a kind for references, each once."""
    found = (to_reference(context, kind, name, label) for name in dict.fromkeys(names))
    return [one for one in found if one is not None]


def to_reference(
    context: Context, kind: str, name: Text, label: str | None = None, text: Text | None = None
) -> Element | None:
    """A RelatedArtifact for a reference: its words, its address, its Citation."""
    reference = context.references.get(str(name))
    if reference is None:
        context.missing("reference", name)
        return None
    url = reference_url(reference)
    return element(
        name.span,
        type=kind,
        label=label,
        display=text or reference.title,
        citation=reference_in_words(reference),
        document=element(name.span, url=url, title=reference.title) if url else None,
        resourceReference=literal(context, "Citation", str(name), display=str(reference.title)),
    )


def related(context: Context, given: Related) -> Element | None:
    """A RelatedArtifact as the author gave it."""
    if given.from_ is not None:
        return to_reference(context, str(given.type), given.from_, text=given.title or given.text)
    properties: dict[str, Any] = {"type": given.type, "display": given.title or given.text}
    if given.title and given.text:
        properties["citation"] = given.text
    if given.topic is not None:
        entry = context.base.directory.get(str(given.topic))
        properties["resource"] = context.topic_canonical(given.topic)
        properties.setdefault("display", None)
        properties["display"] = properties["display"] or (entry.title if entry else None)
    elif given.canonical is not None:
        properties["resource"] = given.canonical
    elif given.url is not None:
        properties["document"] = element(given.url.span, url=given.url, title=given.title)
    return element(given.span, **properties)


def literal(context: Context, kind: str, *parts: str, display: str | None = None) -> Element:
    """A Reference to something in the topic."""
    return element(None, reference=f"{kind}/{context.name(*parts)}", display=display)
