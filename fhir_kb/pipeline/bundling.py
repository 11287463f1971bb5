"""`bundle`: one bundle of some topics and all they need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from fhir_kb import publish
from fhir_kb import releases as fhir_releases
from fhir_kb.diagnostics import Diagnostic, Severity, Span, did_you_mean, has_errors, in_order
from fhir_kb.pipeline.cache import Cache, program
from fhir_kb.pipeline.executors import SerialExecutor
from fhir_kb.pipeline.incremental import CompiledKnowledgeBase, collect
from fhir_kb.pipeline.progress import NullProgress, Progress

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fhir_kb.emit import EmittedResource

Kind = Literal["transaction", "batch", "collection", "document"]
KINDS: Final = ("transaction", "batch", "collection", "document")


@dataclass(frozen=True, slots=True)
class BundleResult:
    """A bundle as bytes of JSON; None where a finding is an error."""

    data: bytes | None
    diagnostics: tuple[Diagnostic, ...]
    losses: tuple[Diagnostic, ...] = ()

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

    release: "r5", "r4b" or "r4". kind: one of KINDS; a document is of one topic. Raises ValueError
    for a release or kind that does not exist.
    """
    fhir_releases.get(release)
    if kind not in KINDS:
        msg = f"'{kind}' is no kind of bundle; {did_you_mean(kind, KINDS)}"
        raise ValueError(msg)
    gathered = collect(
        definitions,
        (release,),
        work=SerialExecutor(),
        cache=Cache(cache_folder),
        program=program(),
        progress=progress or NullProgress(),
        only=topics or None,
    )
    findings = [*gathered.findings, *_unknown(topics, gathered)]
    resources = tuple(
        one for made in gathered.topics.values() for one in made.emitted.get(release, ())
    )
    if has_errors(findings) or gathered.settings is None:
        return BundleResult(None, in_order(findings), gathered.losses)
    if kind == "document":
        data, wrong = _document(gathered, topics, resources, release)
        findings.extend(wrong)
    else:
        data = _whole(kind, resources, release, gathered)
    return BundleResult(data, in_order(findings), gathered.losses)


def _whole(
    kind: str, resources: Sequence[EmittedResource], release: str, gathered: CompiledKnowledgeBase
) -> bytes:
    assert gathered.settings is not None
    base = gathered.settings.canonical.rstrip("/")
    if kind == "transaction":
        return publish.transaction(resources, release).to_bytes()
    make = publish.batch if kind == "batch" else publish.collection
    return make(resources, base).to_bytes()


def _document(
    gathered: CompiledKnowledgeBase,
    topics: Sequence[str],
    resources: Sequence[EmittedResource],
    release: str,
) -> tuple[bytes | None, list[Diagnostic]]:
    assert gathered.settings is not None
    names = list(topics) or sorted(gathered.directory)
    if len(names) != 1:
        message = f"a document is of one topic, not of {len(names)}"
        advice = "name one of: " + ", ".join(sorted(gathered.directory))
        return None, [Diagnostic("KB224", Severity.ERROR, message, Span(""), help=advice)]
    by_name = {one.name: one for one in resources}
    folder = gathered.folders[names[0]]
    own = gathered.topics[folder].emitted[release]
    page = next((one for one in own if one.resource_type == "Composition"), None)
    if page is None:
        message = f"topic '{names[0]}' has no page, so it makes no document"
        span = gathered.directory[names[0]].span
        advice = "write a page.md beside its topic.yaml"
        return None, [Diagnostic("KB224", Severity.ERROR, message, span, help=advice)]
    base = gathered.settings.canonical.rstrip("/")
    return publish.document(page, by_name, release, base).to_bytes(), []


def _unknown(topics: Sequence[str], gathered: CompiledKnowledgeBase) -> list[Diagnostic]:
    found = []
    for name in topics:
        if name not in gathered.directory and gathered.settings is not None:
            message = f"there is no topic '{name}'"
            advice = did_you_mean(name, gathered.directory)
            found.append(Diagnostic("KB225", Severity.ERROR, message, Span(""), help=advice))
    return found
