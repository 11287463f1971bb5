"""Running the work on topics, in two rounds: read them all, then compile each.

The second round knows the names of all topics, which references between them need.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from fhir_kb import releases
from fhir_kb.compile import compile_shared
from fhir_kb.pipeline.cached_topic import serialize
from fhir_kb.pipeline.model_checks import SerialModelChecker
from fhir_kb.pipeline.topic import CompiledTopic, TopicBuild, build_releases, build_topic
from fhir_kb.read.topics import read_topic, topic_entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fhir_kb.diagnostics import Diagnostic
    from fhir_kb.model.knowledge_base import KnowledgeBase, TopicEntry, TopicSource
    from fhir_kb.model.settings import Settings
    from fhir_kb.pipeline.cache import Cache
    from fhir_kb.pipeline.model_checks import ModelChecker
    from fhir_kb.read.definition_files import DefinitionFiles, TopicFolder
    from fhir_kb.releases import Release


class ParsedTopic(NamedTuple):
    """The result of reading a topic."""

    folder: str
    entry: TopicEntry | None
    """Its entry in the directory of topics; None where it could not be read."""
    findings: tuple[Diagnostic, ...]
    hash: str
    """Of the content of all files in its folder."""


class TopicJob(NamedTuple):
    """A topic to be compiled: its folder, and its key in the cache."""

    folder: str
    key: str


@dataclass(frozen=True, slots=True)
class BuildContext:
    """What the work on every topic needs; can be sent to another process."""

    sources: DefinitionFiles
    settings: Settings
    releases: tuple[str, ...]
    cache: Cache


class Executor(Protocol):
    """Runs the work on topics: in this process, or in several."""

    def read(self, context: BuildContext, folders: Sequence[TopicFolder]) -> Iterator[ParsedTopic]:
        """Read topics; the results may come in any order."""

    def compile(
        self, base: KnowledgeBase, jobs: Sequence[TopicJob], *, models: bool
    ) -> Iterator[tuple[str, CompiledTopic]]:
        """Compile topics that were read before, and cache them; in any order.

        models: whether the models of `fhir.resources` check them too.
        """

    def compile_shared(
        self, context: BuildContext, base: KnowledgeBase, job: TopicJob, *, models: bool
    ) -> CompiledTopic:
        """Compile what belongs to all topics together, and cache it."""

    def shutdown(self) -> None:
        """There is no more work: free what was started for it."""


_AHEAD: Final = 32
"""So many topics are compiled while the model checks of the first are waited for."""


class SerialExecutor:
    """Runs the work in this process, one topic after the other."""

    def __init__(self, models: ModelChecker | None = None) -> None:
        self._models = models or SerialModelChecker()
        self._sources: dict[str, TopicSource] = {}
        self._context: BuildContext | None = None

    def read(self, context: BuildContext, folders: Sequence[TopicFolder]) -> Iterator[ParsedTopic]:
        """Read topics in the given order."""
        self._context = context
        for folder in folders:
            sources = context.sources.with_cached(folder)
            topic = read_topic(sources, folder)
            entry = None
            if topic.source is not None:
                self._sources[folder.path] = topic.source
                entry = topic_entry(topic.source, context.settings)
            yield ParsedTopic(folder.path, entry, topic.findings, sources.cached_hash)

    def compile(
        self, base: KnowledgeBase, jobs: Sequence[TopicJob], *, models: bool
    ) -> Iterator[tuple[str, CompiledTopic]]:
        """Compile topics in the given order."""
        if not jobs:
            return
        context = self._context
        assert context is not None  # what is compiled has been read
        targets = _releases(context)
        checker = self._models if models else None
        unfinished: deque[tuple[TopicJob, TopicBuild]] = deque()
        for job in jobs:
            source = self._sources[job.folder]
            unfinished.append((job, build_topic(source, base, targets, checker)))
            if len(unfinished) > _AHEAD:
                yield _finished(*unfinished.popleft(), context.cache)
        for job, build in unfinished:
            yield _finished(job, build, context.cache)

    def compile_shared(
        self, context: BuildContext, base: KnowledgeBase, job: TopicJob, *, models: bool
    ) -> CompiledTopic:
        """See Executor.compile_shared."""
        compiled = compile_shared(base)
        build = TopicBuild(list(compiled.diagnostics))
        checker = self._models if models else None
        build_releases(compiled.resources, _releases(context), checker, build)
        return _finished(job, build, context.cache)[1]

    def shutdown(self) -> None:
        """Nothing was started."""


def _releases(context: BuildContext) -> tuple[Release, ...]:
    options = release_options(context.settings)
    return tuple(releases.get(name, **options) for name in context.releases)


def _finished(job: TopicJob, build: TopicBuild, cache: Cache) -> tuple[str, CompiledTopic]:
    topic = build.finish()
    if cache.is_enabled:
        cache.write_topic(job.folder, serialize(topic, job.key))
    return job.folder, topic


def release_options(settings: Settings) -> dict[str, str]:
    """What the settings say to the releases."""
    return {"citations": str(settings.r4_citations or "text")}
