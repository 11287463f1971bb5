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


@dataclass(frozen=True, slots=True)
class UnreadFiles:
    """What lies in the folder of a knowledge base beside its definitions."""

    topics: tuple[str, ...]
    """The folders of the topics, below the root."""
    files: tuple[str, ...]
    """The files that neither the knowledge base nor a topic reads, below the root."""


def unread_files(root: Path) -> UnreadFiles:
    """The files that are not read, by their names in the topics; no topic is parsed.

    A file that is only mentioned in a topic.yaml counts as read: see `is_read`.
    """
    sources, _ = find_definitions(root)
    topics = {folder.path: folder for folder in sources.folders}
    unread: list[str] = []
    for path, files in FolderWalk(root, "").folders():
        if path in topics:
            content, _ = sources.read_bytes(f"{path}/{TOPIC_FILE}")
            names = [name for name in files if name not in _OF_TOPICS]
            unread += [f"{path}/{name}" for name in names if name.encode() not in content]
        elif path == "":
            unread += [name for name in files if "/" not in name and name not in _OF_ALL]
        elif not any(path.startswith(f"{topic}/") for topic in topics):
            unread += [f"{path}/{name}" for name in files if "/" not in name]
    return UnreadFiles(tuple(topics), tuple(sorted(unread)))


def is_read(root: Path, path: str) -> bool:
    """Whether a file is read, by parsing the topic in whose folder it is.

    Args:
        root: The folder of kb.yaml.
        path: The file, below the root.
    """
    if path in (KB_FILE, CONCEPTS_FILE):
        return True
    sources, _ = find_definitions(root)
    folders = [folder for folder in sources.folders if path.startswith(f"{folder.path}/")]
    if not folders:
        return False
    folder = max(folders, key=lambda folder: len(folder.path))
    recording = _RecordingFiles(sources.root, sources.shown_root, sources.top, sources.folders)
    read_topic(recording, folder)
    return path in recording.read


@dataclass(frozen=True, slots=True)
class _RecordingFiles(DefinitionFiles):
    """Definitions that remember which of their files were read."""

    read: set[str] = field(default_factory=set)

    def read_bytes(self, path: str) -> FileContent:
        self.read.add(path)
        return DefinitionFiles.read_bytes(self, path)
