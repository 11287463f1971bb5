"""The work on topics, in two rounds: read them all, then make each, knowing the others' names."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from fhir_kb import releases
from fhir_kb.compile import compile_shared
from fhir_kb.pipeline.cached_topic import pack
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
    """What reading a topic gave: its entry in the directory where it could be read.

    hash: of the content of all files in its folder.
    """

    folder: str
    entry: TopicEntry | None
    findings: tuple[Diagnostic, ...]
    hash: str


class TopicJob(NamedTuple):
    """A topic to be made: its folder, and the key to keep it under."""

    folder: str
    key: str


@dataclass(frozen=True, slots=True)
class BuildContext:
    """What all of the work needs to know; it can be sent to another process."""

    sources: DefinitionFiles
    settings: Settings
    releases: tuple[str, ...]
    cache: Cache


class Executor(Protocol):
    """Somebody who does the work: this process, or several."""

    def read(self, task: BuildContext, folders: Sequence[TopicFolder]) -> Iterator[ParsedTopic]:
        """Read topics; the results may come in any order."""

    def make(
        self, base: KnowledgeBase, jobs: Sequence[TopicJob], *, models: bool
    ) -> Iterator[tuple[str, CompiledTopic]]:
        """Make topics that were read before, and keep them; the results may come in any order.

        models: whether the models of `fhir.resources` are asked too.
        """

    def shared(
        self, task: BuildContext, base: KnowledgeBase, job: TopicJob, *, models: bool
    ) -> CompiledTopic:
        """Make what belongs to all topics together, and keep it."""

    def rest(self) -> None:
        """There is no more work: end what was started for it."""


_AHEAD: Final = 32
"""So many topics are made while the models' answers to the first are waited for."""


class SerialExecutor:
    """The work done in this process, one topic after the other."""

    def __init__(self, models: ModelChecker | None = None) -> None:
        self._models = models or SerialModelChecker()
        self._sources: dict[str, TopicSource] = {}
        self._task: BuildContext | None = None

    def read(self, task: BuildContext, folders: Sequence[TopicFolder]) -> Iterator[ParsedTopic]:
        """Read topics in the given order."""
        self._task = task
        for folder in folders:
            held = task.sources.holding(folder)
            found = read_topic(held, folder)
            entry = None
            if found.source is not None:
                self._sources[folder.path] = found.source
                entry = topic_entry(found.source, task.settings)
            yield ParsedTopic(folder.path, entry, found.findings, held.hash)

    def make(
        self, base: KnowledgeBase, jobs: Sequence[TopicJob], *, models: bool
    ) -> Iterator[tuple[str, CompiledTopic]]:
        """Make topics in the given order."""
        if not jobs:
            return
        task = self._task
        assert task is not None  # what is made has been read
        targets = _targets(task)
        open_: deque[tuple[TopicJob, TopicBuild]] = deque()
        for job in jobs:
            source = self._sources[job.folder]
            open_.append(
                (job, build_topic(source, base, targets, self._models if models else None))
            )
            if len(open_) > _AHEAD:
                yield _finished(*open_.popleft(), task.cache)
        for one in open_:
            yield _finished(*one, task.cache)

    def shared(
        self, task: BuildContext, base: KnowledgeBase, job: TopicJob, *, models: bool
    ) -> CompiledTopic:
        """See Executor.shared."""
        compiled = compile_shared(base)
        topic = TopicBuild(list(compiled.diagnostics))
        asked = self._models if models else None
        build_releases(compiled.resources, _targets(task), asked, topic)
        return _finished(job, topic, task.cache)[1]

    def rest(self) -> None:
        """Nothing was started."""


def _targets(task: BuildContext) -> tuple[Release, ...]:
    options = release_options(task.settings)
    return tuple(releases.get(name, **options) for name in task.releases)


def _finished(job: TopicJob, topic: TopicBuild, cache: Cache) -> tuple[str, CompiledTopic]:
    made = topic.finish()
    if cache.keeps:
        cache.put(job.folder, pack(made, job.key))
    return job.folder, made


def release_options(settings: Settings) -> dict[str, str]:
    """What the settings say to the releases."""
    return {"citations": str(settings.r4_citations or "text")}
