"""From a folder of definitions to made topics, doing only the work that is not done already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fhir_kb.diagnostics import Diagnostic, Span, in_order
from fhir_kb.lint import check_knowledge_base, check_shared
from fhir_kb.model.fhir_release import NAMES
from fhir_kb.model.knowledge_base import KnowledgeBase, TopicEntry
from fhir_kb.pipeline.cache import Cache, digest, findings_from, findings_json
from fhir_kb.pipeline.cached_topic import unpack
from fhir_kb.pipeline.executors import BuildContext, Executor, TopicJob
from fhir_kb.read.definition_files import CONCEPTS_FILE, KB_FILE, find_definitions, stamps
from fhir_kb.read.topics import read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from fhir_kb.model.settings import Settings
    from fhir_kb.pipeline.progress import Progress
    from fhir_kb.pipeline.topic import CompiledTopic

MODELS_UP_TO = 100
"""Of more changed topics than these, `fhir.resources` checks none unless it is asked to."""


@dataclass(slots=True)
class CompiledKnowledgeBase:
    """What became of a knowledge base.

    topics: what was made, by the topic's folder. shared: what belongs to all of them together; None
    where only some were wanted. directory: every topic that could be read. findings are in order,
    each once.
    """

    settings: Settings | None = None
    releases: tuple[str, ...] = ()
    topics: dict[str, CompiledTopic] = field(default_factory=dict)
    shared: CompiledTopic | None = None
    directory: dict[str, TopicEntry] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    findings: tuple[Diagnostic, ...] = ()
    losses: tuple[Diagnostic, ...] = ()
    without_models: int = 0

    def everything(self) -> Iterator[CompiledTopic]:
        """All that was made, what is shared first."""
        if self.shared is not None:
            yield self.shared
        yield from self.topics.values()


def collect(
    definitions: Path,
    wanted: tuple[str, ...] | None,
    *,
    work: Executor,
    cache: Cache,
    program: str,
    progress: Progress,
    only: Sequence[str] | None = None,
    models: bool | None = None,
) -> CompiledKnowledgeBase:
    """Read, check and make the topics below `definitions` for the wanted releases.

    wanted: release names; None: those of kb.yaml. only: names of topics; the topics whose plans
    they follow are made too. None: all. models: whether the models of `fhir.resources` check what
    is made; None: unless it is more than MODELS_UP_TO topics.
    """
    sources, found = find_definitions(definitions)
    settings, concepts, wrong = read_settings(sources)
    gathered = CompiledKnowledgeBase(settings=settings)
    findings = [*found, *wrong]
    if settings is None:
        gathered.findings = in_order(findings)
        return gathered
    gathered.releases = wanted or tuple(dict.fromkeys(map(str, settings.releases))) or NAMES
    task = BuildContext(sources, settings, gathered.releases, cache)
    reading = _Reading(task, cache, work, program, progress, models)
    entries = reading.entries(findings)
    findings.extend(check_shared(settings, concepts))
    findings.extend(check_knowledge_base(tuple(entry for _, entry in entries)))
    gathered.directory = {entry.id: entry for _, entry in entries}
    gathered.folders = {entry.id: folder for folder, entry in entries}
    folders = _needed(only, gathered) if only is not None else [folder for folder, _ in entries]
    base = KnowledgeBase(settings=settings, concepts=concepts, directory=gathered.directory)
    gathered.topics = reading.topics(base, folders)
    if only is None and folders:
        gathered.shared = reading.shared(base)
    gathered.without_models = reading.without_models
    work.rest()
    for made in gathered.everything():
        findings.extend(made.findings)
    gathered.findings = in_order(findings)
    gathered.losses = in_order(loss for made in gathered.everything() for loss in made.losses)
    return gathered


@dataclass(slots=True)
class _Reading:
    """One run of the two rounds, with what the cache knows."""

    task: BuildContext
    cache: Cache
    work: Executor
    program: str
    progress: Progress
    models: bool | None
    without_models: int = 0
    _hashes: dict[str, str] = field(default_factory=dict)
    _entries: dict[str, TopicEntry] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)

    def entries(self, findings: list[Diagnostic]) -> list[tuple[str, TopicEntry]]:
        """The first round: every topic's folder and entry; reads what changed since last time."""
        known = self.cache.note("read")
        settings = self._settings_hash()
        old: Mapping[str, Any] = known.get("topics", {}) if known.get("for") == settings else {}
        notes: dict[str, Any] = {}
        changed = []
        for folder in self.task.sources.folders:
            here = stamps(folder)
            note = old.get(folder.path)
            if note and note["stamps"] == here:
                notes[folder.path] = note
                findings.extend(findings_from(note["findings"]))
            else:
                changed.append(folder)
        self.progress.stage("reading", len(changed))
        for read in self.work.read(self.task, changed):
            self.progress.advance()
            findings.extend(read.findings)
            self._read.add(read.folder)
            if read.entry is not None:
                notes[read.folder] = {
                    "stamps": None,
                    "findings": findings_json(read.findings),
                    "entry": _entry_json(read.entry),
                    "hash": read.hash,
                }
        for folder in changed:
            if folder.path in notes:
                notes[folder.path]["stamps"] = stamps(folder)
        for path, note in notes.items():
            self._entries[path] = _entry_from(note["entry"])
            self._hashes[path] = note["hash"]
        self.cache.put_note("read", {"for": settings, "topics": notes})
        return sorted(self._entries.items())

    def topics(self, base: KnowledgeBase, folders: Sequence[str]) -> dict[str, CompiledTopic]:
        """The second round: every topic, made or taken from the cache, in the folders' order."""
        made: dict[str, CompiledTopic] = {}
        missing: list[TopicJob] = []
        for folder in folders:
            key = self._key(base, folder)
            kept = unpack(self.cache.get(folder), key)
            if kept is None:
                missing.append(TopicJob(folder, key))
            else:
                made[folder] = kept
        needed = {job.folder for job in missing} - self._read
        unread = [folder for folder in self.task.sources.folders if folder.path in needed]
        for _ in self.work.read(self.task, unread):
            pass
        self.progress.stage("compiling and checking", len(missing))
        models = len(missing) <= MODELS_UP_TO if self.models is None else self.models
        self.without_models = 0 if models else len(missing)
        for folder, topic in self.work.make(base, missing, models=models):
            self.progress.advance()
            made[folder] = topic
        return {folder: made[folder] for folder in folders if folder in made}

    def shared(self, base: KnowledgeBase) -> CompiledTopic:
        """What belongs to the knowledge base as a whole, made or taken from the cache."""
        entries = (word for entry in base.directory.values() for word in _entry_words(entry))
        key = digest(self.program, self._settings_hash(), *self._options(), "shared", *entries)
        kept = unpack(self.cache.get(""), key)
        if kept is not None:
            return kept
        models = self.models is not False and not self.without_models
        return self.work.shared(self.task, base, TopicJob("", key), models=models)

    def _options(self) -> tuple[str, ...]:
        return (str(self.models), *self.task.releases)

    def _key(self, base: KnowledgeBase, folder: str) -> str:
        """All that the making of a topic depends on."""
        entry = self._entries[folder]
        named = [base.directory[name] for name in entry.names if name in base.directory]
        others = [word for other in named for word in _entry_words(other)]
        words = (self.program, self._settings_hash(), *self._options(), folder)
        return digest(*words, self._hashes[folder], *others)

    def _settings_hash(self) -> str:
        if "" not in self._hashes:
            sources = self.task.sources
            names = [name for name in (KB_FILE, CONCEPTS_FILE) if name in sources.top]
            parts = [sources.bytes_of(name)[0].hex() for name in names]
            self._hashes[""] = digest(self.program, sources.shown, *names, *parts)
        return self._hashes[""]


def _needed(only: Sequence[str], gathered: CompiledKnowledgeBase) -> list[str]:
    """The folders of the named topics and of the topics whose plans they follow."""
    open_, seen = list(only), set()
    while open_:
        name = open_.pop()
        if name not in seen and name in gathered.directory:
            seen.add(name)
            open_.extend(gathered.directory[name].plans)
    return sorted(gathered.folders[name] for name in seen)


def _entry_words(entry: TopicEntry) -> Iterator[str]:
    return map(str, _entry_json(entry))


def _entry_json(entry: TopicEntry) -> list[Any]:
    """An entry of the directory as JSON."""
    return [*entry[:-1], list(entry.span)]


def _entry_from(record: list[Any]) -> TopicEntry:
    """The entry that `_entry_json` made `record` of."""
    name, title, version, status, has_plan, plans, names, span = record
    return TopicEntry(
        name, title, version, status, has_plan, tuple(plans), tuple(names), Span(*span)
    )
