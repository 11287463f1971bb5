"""`bundle`: one bundle of some topics and all they need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from fhir_kb import publish
from fhir_kb import releases as fhir_releases
from fhir_kb.diagnostics import Diagnostic, Severity, Span, did_you_mean, has_errors, in_order
from fhir_kb.diagnostics.progress import NullProgress, Progress
from fhir_kb.pipeline.cache import Cache, program_fingerprint
from fhir_kb.pipeline.executors import SerialExecutor
from fhir_kb.pipeline.incremental import CompiledKnowledgeBase, collect

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fhir_kb.emit import EmittedResource

Kind = Literal["transaction", "batch", "collection", "document"]
KINDS: Final = ("transaction", "batch", "collection", "document")


@dataclass(frozen=True, slots=True)
class BundleResult:
    """A bundle, or the findings that are in its way."""

    data: bytes | None
    """The JSON; None where a finding is an error."""
    diagnostics: tuple[Diagnostic, ...]
    losses: tuple[Diagnostic, ...] = ()
    """What the release cannot express."""

    @property
    def exit_code(self) -> int:
        """0, or 1 where there is no bundle."""
        return int(self.data is None)


def bundle(
    definitions: Path,
    topics: Sequence[str] = (),
    *,
    release: str,
    kind: str = "transaction",
    progress: Progress | None = None,
    cache_folder: Path | None = None,
) -> BundleResult:
    """One bundle of the named topics and all they need; of every topic where none is named.

    Args:
        definitions: The folder with kb.yaml.
        topics: Names of topics.
        release: "r5", "r4b" or "r4".
        kind: One of KINDS; a document is of one topic.
        progress: Is told how far it is.
        cache_folder: Where compiled topics are kept; None: nowhere.

    Raises:
        ValueError: The release or the kind does not exist.
    """
    fhir_releases.get(release)
    if kind not in KINDS:
        msg = f"'{kind}' is no kind of bundle; {did_you_mean(kind, KINDS)}"
        raise ValueError(msg)
    compiled = collect(
        definitions,
        (release,),
        executor=SerialExecutor(),
        cache=Cache(cache_folder),
        program=program_fingerprint(),
        progress=progress or NullProgress(),
        only=topics or None,
    )
    findings = [*compiled.findings, *_unknown_topics(topics, compiled)]
    if has_errors(findings) or compiled.settings is None:
        return BundleResult(None, in_order(findings), compiled.losses)
    resources = tuple(
        resource
        for topic in compiled.topics.values()
        for resource in topic.emitted.get(release, ())
    )
    base = compiled.settings.canonical.rstrip("/")
    if kind == "document":
        data, document_findings = _document(compiled, topics, resources, release, base)
        findings.extend(document_findings)
    else:
        data = _bundle(kind, resources, release, base)
    return BundleResult(data, in_order(findings), compiled.losses)


def _bundle(kind: str, resources: Sequence[EmittedResource], release: str, base: str) -> bytes:
    if kind == "transaction":
        content = publish.transaction(resources, release)
    elif kind == "batch":
        content = publish.batch(resources, base)
    else:
        content = publish.collection(resources, base)
    return content.to_bytes()


def _document(
    compiled: CompiledKnowledgeBase,
    topics: Sequence[str],
    resources: Sequence[EmittedResource],
    release: str,
    base: str,
) -> tuple[bytes | None, list[Diagnostic]]:
    names = list(topics) or sorted(compiled.directory)
    if len(names) != 1:
        message = f"a document is of one topic, not of {len(names)}"
        advice = "name one of: " + ", ".join(sorted(compiled.directory))
        return None, [Diagnostic("KB224", Severity.ERROR, message, Span(""), help=advice)]
    own = compiled.topics[compiled.folders[names[0]]].emitted[release]
    page = next((resource for resource in own if resource.resource_type == "Composition"), None)
    if page is None:
        message = f"topic '{names[0]}' has no page, so it makes no document"
        span = compiled.directory[names[0]].span
        advice = "write a page.md beside its topic.yaml"
        return None, [Diagnostic("KB224", Severity.ERROR, message, span, help=advice)]
    by_name = {resource.name: resource for resource in resources}
    return publish.document(page, by_name, release, base).to_bytes(), []


def _unknown_topics(topics: Sequence[str], compiled: CompiledKnowledgeBase) -> list[Diagnostic]:
    if compiled.settings is None:
        return []
    return [
        Diagnostic(
            "KB225",
            Severity.ERROR,
            f"there is no topic '{name}'",
            Span(""),
            help=did_you_mean(name, compiled.directory),
        )
        for name in topics
        if name not in compiled.directory
    ]
