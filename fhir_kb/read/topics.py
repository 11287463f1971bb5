"""Reading definitions: the settings and concepts that all topics share, one topic and its files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from fhir_kb.diagnostics import Diagnostic, Severity, Span, did_you_mean, has_errors
from fhir_kb.model.concept import Concept, Concepts
from fhir_kb.model.knowledge_base import TopicEntry, TopicSource
from fhir_kb.model.page import ImageFile, links
from fhir_kb.model.reference import References
from fhir_kb.model.settings import Settings
from fhir_kb.model.topic import Topic
from fhir_kb.model.walk import name_uses
from fhir_kb.read.decode import decode
from fhir_kb.read.folder_walk import CONCEPTS_FILE, KB_FILE, TOPIC_FILE
from fhir_kb.read.image_files import MAX_BYTES as MAX_IMAGE_BYTES
from fhir_kb.read.image_files import MAX_BYTES_OF_TOPIC, image_file
from fhir_kb.read.markdown import read_page
from fhir_kb.read.schema import ROOTS
from fhir_kb.read.schema_validation import schema_findings
from fhir_kb.read.unsafe_markup import is_safe_link
from fhir_kb.read.yaml import load, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhir_kb.model.page import Page, PageImage
    from fhir_kb.model.record import Record
    from fhir_kb.model.text import Text
    from fhir_kb.read.definition_files import DefinitionFiles, TopicFolder
    from fhir_kb.read.yaml import YamlNode

R = TypeVar("R", bound="Record")
REFERENCES_FILE = "references.yaml"
PAGE_FILE = "page.md"


@dataclass(frozen=True, slots=True)
class TopicReadResult:
    """What was read of a topic."""

    source: TopicSource | None
    """The topic with its files; None where a part of it could not be read."""

    findings: tuple[Diagnostic, ...]
    """What is wrong with the files."""


def read_settings(
    sources: DefinitionFiles,
) -> tuple[Settings | None, Mapping[str, Concept], tuple[Diagnostic, ...]]:
    """kb.yaml and concepts.yaml. The settings are None where they cannot be used."""
    if KB_FILE not in sources.top:
        return None, {}, ()
    settings, findings = _yaml(sources, KB_FILE, Settings)
    if CONCEPTS_FILE not in sources.top:
        return settings, {}, findings
    concepts, wrong = _yaml(sources, CONCEPTS_FILE, Concepts)
    by_name = {str(concept.name): concept for concept in concepts.concepts} if concepts else {}
    return settings, by_name, (*findings, *wrong)


def read_topic(sources: DefinitionFiles, folder: TopicFolder) -> TopicReadResult:
    """A topic's topic.yaml and all the files that it names."""
    topic, findings = _yaml(sources, _below(folder, TOPIC_FILE), Topic)
    files = _TopicFiles(sources, folder, [*findings, *sources.unreadable])
    page = files.page(topic.text if topic else None)
    images = files.images(page.images) if page else {}
    references = files.references(topic.references if topic else None)
    texts = files.texts(library.file for library in topic.libraries) if topic else {}
    findings = tuple(files.findings)
    if topic is None or references is None or has_errors(findings):
        return TopicReadResult(None, findings)
    source = TopicSource(
        topic=topic, page=page, references=references.references, files=texts, images=images
    )
    return TopicReadResult(source, findings)


def topic_entry(source: TopicSource, settings: Settings) -> TopicEntry:
    """What the other topics may know of this one."""
    topic = source.topic
    return TopicEntry(
        id=str(topic.topic),
        title=str(topic.title),
        version=str(topic.version or settings.version),
        status=str(topic.status or settings.status or "draft"),
        has_plan=topic.plan is not None,
        plans=tuple(sorted({str(step.plan) for step in source.steps if step.plan})),
        names=tuple(sorted(_names_of_topics(source) - {str(topic.topic)})),
        libraries=tuple(source.cql_names),
        span=topic.topic.span,
    )


def _names_of_topics(source: TopicSource) -> set[str]:
    """What may name another topic; a link of the page may name much else."""
    names = {str(use.name) for use in name_uses(source.topic) if use.kind == "topic"}
    if source.page is not None:
        names.update(link.target for link in links(source.page) if link.kind == "thing")
    return names


@dataclass(frozen=True, slots=True)
class _TopicFiles:
    """The files that a topic names, read from its folder."""

    sources: DefinitionFiles
    folder: TopicFolder
    findings: list[Diagnostic]

    def page(self, name: Text | None) -> Page | None:
        if name is None and PAGE_FILE not in self.folder.files:
            return None
        data = self._data(name, PAGE_FILE)
        if data is None:
            return None
        page, wrong = read_page(data, self._shown_path(name or PAGE_FILE))
        self.findings.extend(wrong)
        return page

    def references(self, name: Text | None) -> References | None:
        if name is None and REFERENCES_FILE not in self.folder.files:
            return References(span=Span(self._shown_path(REFERENCES_FILE)), references=())
        if name is not None and not name.endswith((".yaml", ".yml")):
            advice = "references are read from YAML files only; convert other formats to YAML"
            self._report("KB145", f"'{name}' is not a file of references", name.span, advice)
            return None
        if self._data(name, REFERENCES_FILE) is None:
            return None
        path = _below(self.folder, name or REFERENCES_FILE)
        references, wrong = _yaml(self.sources, path, References)
        self.findings.extend(wrong)
        return references

    def texts(self, names: Iterable[Text | None]) -> dict[str, str]:
        texts = {}
        for name in names:
            data = self._data(name, "") if name is not None else None
            if name is None or data is None:
                continue
            text, wrong = text_of(data, self._shown_path(name))
            if wrong:
                self.findings.append(wrong)
            texts[str(name)] = text or ""
        return texts

    def images(self, uses: Iterable[PageImage]) -> dict[str, ImageFile]:
        """The images of the page by their targets; those that cannot be shown are findings."""
        images: dict[str, ImageFile] = {}
        refused: set[str] = set()
        for use in uses:
            if use.target in images or use.target in refused:
                continue
            image = self._image(use)
            if image is None:
                refused.add(use.target)
            else:
                images[use.target] = image
        total = sum(
            len(image.data) for image in {one.name: one for one in images.values()}.values()
        )
        if total > MAX_BYTES_OF_TOPIC:
            message = (
                f"the images of this page have {_kilobytes(total)}; all together may have"
                f" {_kilobytes(MAX_BYTES_OF_TOPIC)}"
            )
            span = next(use.span for use in uses)
            self._report("KB139", message, span, "make them smaller, or leave some out")
        return images

    def _image(self, use: PageImage) -> ImageFile | None:
        """An image that lies beside the page."""
        name = use.target.removeprefix("./")
        if not is_safe_link(name):
            return None  # reported as a link
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", name):
            advice = (
                "save it in the topic's folder, where its licence allows that, and name the file"
            )
            self._report("KB137", "an image is not taken from the web", use.span, advice)
            return None
        if name not in self.folder.files:
            message = f"there is no image '{name}' in this folder"
            nearest = did_you_mean(name, self.folder.files)
            self._report("KB137", message, use.span, nearest or "save it beside the page")
            return None
        stamp = self.folder.files[name]
        if stamp[0] > MAX_IMAGE_BYTES:
            message = (
                f"'{name}' has {_kilobytes(stamp[0])}; an image may have"
                f" {_kilobytes(MAX_IMAGE_BYTES)}"
            )
            self._report("KB139", message, use.span, "make it smaller: 1,000 pixels wide is plenty")
            return None
        data, wrong = self.sources.read_bytes(_below(self.folder, name))
        if wrong:
            if wrong not in self.findings:
                self.findings.append(wrong)
            return None
        image = image_file(name, data)
        if isinstance(image, ImageFile):
            return image
        self._report("KB138", image.message, use.span, image.help)
        return None

    def _data(self, name: Text | None, usual: str) -> bytes | None:
        path = str(name or usual)
        if path not in self.folder.files and name is not None:
            advice = did_you_mean(path, self.folder.files)
            self._report("KB101", f"there is no file '{path}' in this folder", name.span, advice)
            return None
        data, wrong = self.sources.read_bytes(_below(self.folder, path))
        if wrong:
            if wrong not in self.findings:
                self.findings.append(wrong)
            return None
        return data

    def _shown_path(self, name: str) -> str:
        return self.sources.shown_path(_below(self.folder, name))

    def _report(self, code: str, message: str, span: Span, advice: str | None) -> None:
        self.findings.append(Diagnostic(code, Severity.ERROR, message, span, help=advice))


def _yaml(
    sources: DefinitionFiles, path: str, record: type[R]
) -> tuple[R | None, tuple[Diagnostic, ...]]:
    shown = sources.shown_path(path)
    data, wrong = sources.read_bytes(path)
    if wrong:
        return None, (wrong,)
    node, findings = load(data, shown)
    if node is None:
        return None, findings
    read, findings = decode(node, record, shown)
    return (read, findings) if findings else _schema_checked(node, read, record, shown)


def _schema_checked(
    node: YamlNode, read: R | None, record: type[R], shown: str
) -> tuple[R | None, tuple[Diagnostic, ...]]:
    """What was decoded without a finding; None, with findings, where the JSON Schema refuses it."""
    kind = next(name for name, root in ROOTS.items() if root is record)
    findings = schema_findings(node, kind, shown)
    return (None if findings else read), findings


def _kilobytes(size: int) -> str:
    return f"{-(-size // 1024):,} kB"


def _below(folder: TopicFolder, name: str) -> str:
    return f"{folder.path}/{name}"
