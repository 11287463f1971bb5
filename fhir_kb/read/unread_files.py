"""The files of a knowledge base that nothing reads: notes, images, FHIR files, other YAML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fhir_kb.read.definition_files import DefinitionFiles, find_definitions
from fhir_kb.read.folder_walk import CONCEPTS_FILE, KB_FILE, TOPIC_FILE, FolderWalk
from fhir_kb.read.topics import PAGE_FILE, REFERENCES_FILE, read_topic

if TYPE_CHECKING:
    from pathlib import Path

    from fhir_kb.read.definition_files import FileContent

_LOCK_FILE: Final = "fhir-packages.lock"
_OF_ALL: Final = frozenset({KB_FILE, CONCEPTS_FILE, _LOCK_FILE})
_OF_TOPICS: Final = frozenset({TOPIC_FILE, PAGE_FILE, REFERENCES_FILE})


class KnowledgeBaseFiles:
    """The files in the folder of a knowledge base, and which of them are read."""

    def __init__(self, root: Path) -> None:
        """The files below a folder with kb.yaml."""
        self._root = root
        self._sources, _ = find_definitions(root)
        self._topics = {folder.path: folder for folder in self._sources.folders}
        self._read: dict[str, set[str]] = {}

    @property
    def topics(self) -> int:
        """How many topics there are."""
        return len(self._topics)

    def unread(self) -> list[str]:
        """The files that are not read, below the root, by their names in the topics.

        No topic is parsed: a file that is only mentioned in a topic.yaml or a page counts as read.
        """
        unread: list[str] = []
        for path, files in FolderWalk(self._root, "").folders():
            if path in self._topics:
                texts = [name for name in files if name == TOPIC_FILE or name.endswith(".md")]
                content = b"\n".join(self._sources.read_bytes(f"{path}/{n}")[0] for n in texts)
                names = [name for name in files if name not in _OF_TOPICS]
                unread += [f"{path}/{name}" for name in names if name.encode() not in content]
            elif path == "":
                unread += [name for name in files if "/" not in name and name not in _OF_ALL]
            elif not any(path.startswith(f"{topic}/") for topic in self._topics):
                unread += [f"{path}/{name}" for name in files if "/" not in name]
        return sorted(unread)

    def is_read(self, path: str) -> bool:
        """Whether a file below the root is read, by parsing the topic in whose folder it is."""
        if path in (KB_FILE, CONCEPTS_FILE):
            return True
        folders = [folder for folder in self._topics if path.startswith(f"{folder}/")]
        return bool(folders) and path in self._read_by(max(folders, key=len))

    def _read_by(self, folder: str) -> set[str]:
        """The files that a topic reads, below the root."""
        read = self._read.get(folder)
        if read is None:
            sources = self._sources
            recording = _RecordingFiles(
                sources.root, sources.shown_root, sources.top, sources.folders
            )
            read_topic(recording, self._topics[folder])
            read = self._read[folder] = recording.read
        return read


@dataclass(frozen=True, slots=True)
class _RecordingFiles(DefinitionFiles):
    """Definitions that remember which of their files were read."""

    read: set[str] = field(default_factory=set)

    def read_bytes(self, path: str) -> FileContent:
        self.read.add(path)
        return DefinitionFiles.read_bytes(self, path)
