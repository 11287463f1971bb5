"""The work on topics, in two rounds: read them all, then make each, knowing the others' names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from fhir_kb import releases
from fhir_kb.pipeline.topic import TopicMade, make_topic
from fhir_kb.read.files import entry_of, read_topic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fhir_kb.diagnostics import Diagnostic
    from fhir_kb.model.kb import Settings
    from fhir_kb.model.knowledge import Base, Entry, Source
    from fhir_kb.read.sources import Folder, Sources


class TopicRead(NamedTuple):
    """What reading a topic gave: its entry in the directory where it could be read."""

    folder: str
    entry: Entry | None
    findings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """What all of the work needs to know; it can be sent to another process."""

    sources: Sources
    settings: Settings
    releases: tuple[str, ...]


class Work(Protocol):
    """Somebody who does the work: this process, or several."""

    def read(self, task: Task, folders: Sequence[Folder]) -> Iterator[TopicRead]:
        """Read topics; the results may come in any order."""

    def make(
        self, base: Base, folders: Sequence[str], *, models: bool
    ) -> Iterator[tuple[str, TopicMade]]:
        """Make topics that were read before; the results may come in any order.

        models: whether the models of `fhir.resources` are asked too.
        """


class Alone:
    """The work done in this process, one topic after the other."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}
        self._task: Task | None = None

    def read(self, task: Task, folders: Sequence[Folder]) -> Iterator[TopicRead]:
        """Read topics in the given order."""
        self._task = task
        for folder in folders:
            found = read_topic(task.sources, folder)
            entry = None
            if found.source is not None:
                self._sources[folder.path] = found.source
                entry = entry_of(found.source, task.settings)
            yield TopicRead(folder.path, entry, found.findings)

    def make(
        self, base: Base, folders: Sequence[str], *, models: bool
    ) -> Iterator[tuple[str, TopicMade]]:
        """Make topics in the given order."""
        if not folders:
            return
        assert self._task is not None  # what is made has been read
        targets = tuple(
            releases.get(name, **release_options(self._task.settings))
            for name in self._task.releases
        )
        for folder in folders:
            yield folder, make_topic(self._sources[folder], base, targets, models=models)


def release_options(settings: Settings) -> dict[str, str]:
    """What the settings say to the releases."""
    return {"citations": str(settings.r4_citations or "text")}
