"""What belongs to the knowledge base as a whole: the manifest of all its topics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fhir_kb.compile import narrative as write
from fhir_kb.compile.concepts import hl7_concept
from fhir_kb.compile.elements import element, with_span_of
from fhir_kb.compile.hl7_codes import LIBRARY_TYPE
from fhir_kb.compile.ids import machine_name
from fhir_kb.compile.metadata import DEFAULT_STATUS, contact_detail

if TYPE_CHECKING:
    from fhir_kb.model import Element
    from fhir_kb.model.knowledge_base import KnowledgeBase, TopicEntry
    from fhir_kb.model.text import Text


def compile_knowledge_base_manifest(base: KnowledgeBase) -> Element:
    """The Library that is composed of the manifests of all topics, by id."""
    settings = base.settings
    root = str(settings.canonical).rstrip("/")
    topics = [entry for _, entry in sorted(base.directory.items())]
    resource_id = manifest_id(base)
    title = with_span_of(f"{settings.title}: contents", settings.title)
    blocks = [
        write.heading(2, settings.title),
        write.prose(settings.description),
        write.texts("Topics", [f"{entry.title}, version {entry.version}" for entry in topics]),
    ]
    return element(
        settings.span,
        resourceType="Library",
        id=resource_id,
        language=settings.language,
        text=write.narrative(settings.language, settings.span, blocks),
        url=f"{root}/Library/{resource_id}",
        version=settings.version,
        versionAlgorithmString="semver",
        name=machine_name(title, resource_id),
        title=title,
        status=settings.status or DEFAULT_STATUS,
        experimental=settings.experimental,
        type=hl7_concept(settings.span, LIBRARY_TYPE, "asset-collection"),
        date=settings.date,
        publisher=settings.publisher,
        contact=[contact_detail(contact) for contact in settings.contact],
        description=settings.description or settings.title,
        usage=settings.disclaimer,
        copyright=settings.copyright,
        relatedArtifact=[_part(root, entry) for entry in topics],
    )


def manifest_id(base: KnowledgeBase) -> str:
    """The id of the manifest of all: that of the knowledge base, if no topic has it."""
    own: Text = base.settings.id
    return f"{own}.0all" if str(own) in base.directory else str(own)


def _part(root: str, entry: TopicEntry) -> Element:
    return element(
        entry.span,
        type="composed-of",
        display=entry.title,
        resource=f"{root}/Library/{entry.id}|{entry.version}",
    )
