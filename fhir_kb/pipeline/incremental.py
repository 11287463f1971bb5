"""From a folder of definitions to compiled topics, doing only the work that is stale."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Diagnostic, Severity, Span, in_order
from fhir_kb.lint import check_knowledge_base, check_shared
from fhir_kb.lint.cross_references.unknown_concept import RULE as UNKNOWN_CONCEPT
from fhir_kb.lint.cross_references.unknown_topic import RULE as UNKNOWN_TOPIC
from fhir_kb.model.fhir_release import NAMES
from fhir_kb.model.knowledge_base import KnowledgeBase, TopicEntry
from fhir_kb.pipeline.cache import Cache, findings_from, findings_json, fingerprint
from fhir_kb.pipeline.cached_topic import deserialize
from fhir_kb.pipeline.executors import BuildContext, Executor, TopicJob
from fhir_kb.read.definition_files import find_definitions, folder_stamps
from fhir_kb.read.folder_walk import CONCEPTS_FILE, KB_FILE
from fhir_kb.read.topics import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from fhir_kb.diagnostics.progress import Progress
    from fhir_kb.model.settings import Settings
    from fhir_kb.pipeline.executors import ParsedTopic
    from fhir_kb.pipeline.topic import CompiledTopic
    from fhir_kb.read.definition_files import DefinitionFiles, TopicFolder

MODELS_UP_TO = 100
"""Of more changed topics than these, `fhir.resources` checks none unless that is requested."""


@dataclass(slots=True)
class CompiledKnowledgeBase:
    """All topics of a knowledge base, compiled."""

    settings: Settings | None = None
    """None where kb.yaml cannot be used; then nothing else is there."""
    releases: tuple[str, ...] = ()
    topics: dict[str, CompiledTopic] = field(default_factory=dict)
    """By the topic's folder."""
    shared: CompiledTopic | None = None
    """What belongs to all topics together; None where only some were compiled."""
    directory: dict[str, TopicEntry] = field(default_factory=dict)
    """Every topic that could be read, by its name."""
    folders: dict[str, str] = field(default_factory=dict)
    """The folder of every topic in the directory."""
    findings: tuple[Diagnostic, ...] = ()
    """In order, each once."""
    losses: tuple[Diagnostic, ...] = ()
    """What a release cannot express; in order, each once."""
    without_models: int = 0
    """How many topics the models of `fhir.resources` have not checked."""

    def everything(self) -> Iterator[CompiledTopic]:
        """All that was compiled, what is shared first."""
        if self.shared is not None:
            yield self.shared
        yield from self.topics.values()


def collect(
    definitions: Path | tuple[DefinitionFiles, tuple[Diagnostic, ...]],
    releases: tuple[str, ...] | None,
    *,
    executor: Executor,
    cache: Cache,
    program: str,
    progress: Progress,
    only: Sequence[str] | None = None,
    models: bool | None = None,
) -> CompiledKnowledgeBase:
    """Read, check and compile the topics below a folder.

    Args:
        definitions: The folder with kb.yaml, or what `find_definitions` gave for it.
        releases: Names of FHIR releases; None: those of kb.yaml.
        executor: Runs the work on the topics.
        cache: Has what earlier builds compiled.
        program: The fingerprint of this program.
        progress: Is told how far it is.
        only: Names of topics; those whose plans they follow are compiled too. None: all.
        models: Whether the models of `fhir.resources` check the result; None: unless more than
            MODELS_UP_TO topics have changed.
    """
    found = definitions if isinstance(definitions, tuple) else find_definitions(definitions)
    sources, source_findings = found
    settings, concepts, settings_findings = read_settings(sources)
    findings = [*source_findings, *settings_findings]
    if settings is None:
        return CompiledKnowledgeBase(findings=in_order(findings))
    names = releases or tuple(dict.fromkeys(map(str, settings.releases))) or NAMES
    compiled = CompiledKnowledgeBase(settings, names)
    context = BuildContext(sources, settings, names, cache)
    run = _IncrementalRun(context, cache, executor, program, progress, models)
    entries = run.read_entries(findings)
    findings.extend(check_shared(settings, concepts))
    findings.extend(check_knowledge_base(tuple(entry for _, entry in entries)))
    compiled.directory = {entry.id: entry for _, entry in entries}
    compiled.folders = {entry.id: folder for folder, entry in entries}
    all_folders = [folder for folder, _ in entries]
    folders = all_folders if only is None else _with_predecessors(only, compiled)
    base = KnowledgeBase(settings=settings, concepts=concepts, directory=compiled.directory)
    compiled.topics = run.compile_topics(base, folders)
    if only is None and folders:
        compiled.shared = run.compile_shared(base)
    compiled.without_models = run.without_models
    executor.shutdown()
    topics = [*compiled.everything()]
    findings.extend(finding for topic in topics for finding in topic.findings)
    unread = len(entries) < len(sources.folders)
    compiled.findings = in_order(_without_consequences(findings, sources, unread=unread))
    compiled.losses = in_order(loss for topic in topics for loss in topic.losses)
    return compiled


@dataclass(slots=True)
class _IncrementalRun:
    """One run of the two rounds, with what the cache has."""

    context: BuildContext
    cache: Cache
    executor: Executor
    program: str
    progress: Progress
    models: bool | None
    without_models: int = 0
    _hashes: dict[str, str] = field(default_factory=dict)
    _entries: dict[str, TopicEntry] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)
    _settings_hash: str = ""

    def __post_init__(self) -> None:
        sources = self.context.sources
        names = [name for name in (KB_FILE, CONCEPTS_FILE) if name in sources.top]
        contents = [sources.read_bytes(name)[0].hex() for name in names]
        self._settings_hash = fingerprint(self.program, sources.shown_root, *names, *contents)

    def read_entries(self, findings: list[Diagnostic]) -> list[tuple[str, TopicEntry]]:
        """The first round: every topic's folder and entry; reads what changed since last time.

        Args:
            findings: Those of the topics are added.
        """
        records, changed = self._unchanged_records(findings)
        self.progress.stage("reading", len(changed))
        for topic in self.executor.read(self.context, changed):
            self.progress.advance()
            findings.extend(topic.findings)
            self._read.add(topic.folder)
            if topic.entry is not None:
                records[topic.folder] = _record(topic, topic.entry)
        for folder in changed:
            if folder.path in records:
                records[folder.path]["stamps"] = folder_stamps(folder)
        for path, record in records.items():
            self._entries[path] = _entry_from(record["entry"])
            self._hashes[path] = record["hash"]
        self.cache.write_json("read", {"settings": self._settings_hash, "topics": records})
        return sorted(self._entries.items())

    def _unchanged_records(
        self, findings: list[Diagnostic]
    ) -> tuple[dict[str, dict[str, Any]], list[TopicFolder]]:
        """The records of folders that are as they were, and the other folders."""
        cached = self.cache.read_json("read")
        is_current = cached.get("settings") == self._settings_hash
        old = cached.get("topics") if is_current else None
        records: dict[str, dict[str, Any]] = {}
        changed: list[TopicFolder] = []
        for folder in self.context.sources.folders:
            record: Any = old.get(folder.path) if isinstance(old, dict) else None
            topic_findings = _cached_findings(record, folder)
            if topic_findings is None:
                changed.append(folder)
            else:
                records[folder.path] = record
                findings.extend(topic_findings)
        return records, changed

    def compile_topics(
        self, base: KnowledgeBase, folders: Sequence[str]
    ) -> dict[str, CompiledTopic]:
        """The second round: every topic, compiled or from the cache, in the folders' order."""
        topics: dict[str, CompiledTopic] = {}
        stale: list[TopicJob] = []
        for folder in folders:
            key = self._key(base, folder)
            cached = deserialize(self.cache.read_topic(folder), key)
            if cached is None:
                stale.append(TopicJob(folder, key))
            else:
                topics[folder] = cached
        unread = {job.folder for job in stale} - self._read
        sources = [folder for folder in self.context.sources.folders if folder.path in unread]
        for _ in self.executor.read(self.context, sources):
            pass
        self.progress.stage("compiling and checking", len(stale))
        models = len(stale) <= MODELS_UP_TO if self.models is None else self.models
        self.without_models = 0 if models else len(stale)
        for folder, topic in self.executor.compile(base, stale, models=models):
            self.progress.advance()
            topics[folder] = topic
        return {folder: topics[folder] for folder in folders if folder in topics}

    def compile_shared(self, base: KnowledgeBase) -> CompiledTopic:
        """What belongs to the knowledge base as a whole, compiled or from the cache."""
        entries = (word for entry in base.directory.values() for word in _entry_words(entry))
        options = self._options()
        key = fingerprint(self.program, self._settings_hash, *options, "shared", *entries)
        cached = deserialize(self.cache.read_topic(""), key)
        if cached is not None:
            return cached
        models = self.models is not False and not self.without_models
        return self.executor.compile_shared(self.context, base, TopicJob("", key), models=models)

    def _options(self) -> tuple[str, ...]:
        return (str(self.models), *self.context.releases)

    def _key(self, base: KnowledgeBase, folder: str) -> str:
        """A fingerprint of all that the compiled topic depends on."""
        entry = self._entries[folder]
        named = [base.directory[name] for name in entry.names if name in base.directory]
        others = [word for other in named for word in _entry_words(other)]
        own = (self.program, self._settings_hash, *self._options(), folder, self._hashes[folder])
        return fingerprint(*own, *others)


def _without_consequences(
    findings: Sequence[Diagnostic], sources: DefinitionFiles, *, unread: bool
) -> Iterator[Diagnostic]:
    """The findings without those that only follow from a file that could not be read.

    Where concepts.yaml has an error, no name of a concept is known; where a topic has one, its
    name is not. The error itself stays: nothing is published until it is mended.
    """
    concepts = sources.shown_path(CONCEPTS_FILE)
    consequences = set()
    if any(one.severity is Severity.ERROR and one.span.file == concepts for one in findings):
        consequences.add(UNKNOWN_CONCEPT.id)
    if unread:
        consequences.add(UNKNOWN_TOPIC.id)
    yield from (finding for finding in findings if finding.code not in consequences)


def _with_predecessors(only: Sequence[str], compiled: CompiledKnowledgeBase) -> list[str]:
    """The folders of the named topics and of the topics whose plans they follow."""
    pending, names = list(only), set()
    while pending:
        name = pending.pop()
        if name not in names and name in compiled.directory:
            names.add(name)
            pending.extend(compiled.directory[name].plans)
    return sorted(compiled.folders[name] for name in names)


def _record(topic: ParsedTopic, entry: TopicEntry) -> dict[str, Any]:
    """What is cached of a topic that was read; its stamps follow."""
    return {
        "stamps": None,
        "findings": findings_json(topic.findings),
        "entry": _entry_json(entry),
        "hash": topic.hash,
    }


def _cached_findings(record: Any, folder: TopicFolder) -> tuple[Diagnostic, ...] | None:
    """The findings of a cached record; None where it is missing, stale or damaged."""
    try:
        if record["stamps"] != folder_stamps(folder) or not isinstance(record["hash"], str):
            return None
        _entry_from(record["entry"])
        return findings_from(record["findings"])
    except (KeyError, TypeError, ValueError):
        return None


def _entry_words(entry: TopicEntry) -> Iterator[str]:
    return map(str, _entry_json(entry))


def _entry_json(entry: TopicEntry) -> list[Any]:
    """An entry of the directory as JSON."""
    return [*entry[:-1], list(entry.span)]


def _entry_from(record: list[Any]) -> TopicEntry:
    """The entry that `_entry_json` made `record` of."""
    name, title, version, status, has_plan, plans, names, libraries, span = record
    return TopicEntry(
        name,
        title,
        version,
        status,
        has_plan,
        tuple(plans),
        tuple(names),
        tuple(libraries),
        Span(*span),
    )
