"""The files of a knowledge base as bytes: what belongs to it, and nothing from outside of it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, TypeAlias

from fhir_kb.diagnostics import Diagnostic, Severity, Span, nearest
from fhir_kb.files import IrregularFileError, read_regular
from fhir_kb.read.folder_walk import (
    CONCEPTS_FILE,
    KB_FILE,
    TOPIC_FILE,
    FileStamp,
    FolderWalk,
    irregular_file,
    link_leading_out,
    unreadable_file,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_BYTES: Final = 4 * 1024 * 1024
_TOP_FILES: Final = (KB_FILE, CONCEPTS_FILE)
_OF_TOPICS: Final = frozenset(("page.md", "references.yaml", "references.yml"))
"""What lies beside a topic.yaml, in small letters."""
#: The bytes of a file; with a finding where it cannot be read.
FileContent: TypeAlias = "tuple[bytes, Diagnostic | None]"


@dataclass(frozen=True, slots=True)
class TopicFolder:
    """The folder of a topic.yaml."""

    path: str
    """The path below the root."""

    files: dict[str, FileStamp]
    """The path of each file below the topic's folder, with its stamp."""


@dataclass(frozen=True, slots=True)
class DefinitionFiles:
    """Where a knowledge base lies and what it consists of; nothing is read yet."""

    root: Path
    """The folder of kb.yaml."""

    shown_root: str
    """How paths below the root begin in messages; empty where the root is the current folder."""

    top: dict[str, FileStamp]
    """The files in the root itself, with their stamps."""

    folders: tuple[TopicFolder, ...]
    """The topics' folders, by path."""

    cached: Mapping[str, FileContent] = field(default_factory=dict)
    """Files that are in memory already, by path."""

    def shown_path(self, path: str) -> str:
        """A path below the root as messages show it."""
        return f"{self.shown_root}/{path}" if self.shown_root else path

    def read_bytes(self, path: str) -> FileContent:
        """The bytes of a file below the root; no more than a definition may have, plus one.

        A link that leads out of the root is refused.
        """
        content = self.cached.get(path)
        return self._read(path, {}) if content is None else content

    def with_cached(self, folder: TopicFolder) -> DefinitionFiles:
        """The same, with the files of a topic in memory, so that each is read only once."""
        real_folders: dict[str, str] = {}
        names = (f"{folder.path}/{name}" for name in sorted(folder.files))
        return replace(self, cached={name: self._read(name, real_folders) for name in names})

    @property
    def unreadable(self) -> tuple[Diagnostic, ...]:
        """Of the files that are in memory: those that could not be read."""
        found = (finding for _, finding in self.cached.values() if finding is not None)
        return tuple(finding for finding in found if finding.code != "KB103")

    @property
    def cached_hash(self) -> str:
        """The SHA-256 of the files that are in memory, and of their names."""
        digest = hashlib.sha256()
        for name, (content, _) in self.cached.items():
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    def _read(self, path: str, real_folders: dict[str, str]) -> FileContent:
        """Read a file.

        Args:
            path: below the root.
            real_folders: the real paths of folders, as far as they were looked up; added to.
        """
        target = f"{self.root}{os.sep}{path}"
        shown = self.shown_path(path)
        try:
            if not self._is_inside(target, real_folders):
                return b"", link_leading_out(shown)
            data = read_regular(target, MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                return b"", _too_large(shown, os.stat(target).st_size)  # noqa: PTH116  as below
        except IrregularFileError as error:
            return b"", irregular_file(shown, error.kind)
        except OSError as error:
            return b"", unreadable_file(shown, error)
        return data, None

    def _is_inside(self, target: str, real_folders: dict[str, str]) -> bool:
        folder = os.path.dirname(target)  # noqa: PTH120  strings, for the same reason
        real = real_folders.get(folder)
        if real is None:
            real = real_folders[folder] = os.path.realpath(folder) + os.sep
        if os.path.islink(target):  # noqa: PTH114
            real = os.path.realpath(target)
        return real.startswith(_real(self.root.absolute()) + os.sep)


@cache
def _real(root: Path) -> str:
    return os.path.realpath(root)


def find_definitions(
    root: Path, *, shown: str | None = None
) -> tuple[DefinitionFiles, tuple[Diagnostic, ...]]:
    """What lies in the folder of a knowledge base.

    A topic is any folder that has a topic.yaml; names that start with a dot are passed over.
    Whatever else cannot be read is an error: a topic that is overlooked counts as removed.
    """
    shown = _shown(root) if shown is None else shown
    if not root.is_dir():
        advice = f"make one with 'fhir-kb init {root.as_posix()}'"
        return DefinitionFiles(root, shown, {}, ()), (
            _error("KB141", "there is no such folder", shown or ".", advice),
        )
    walk = FolderWalk(root, shown)
    found = dict(walk.folders())
    findings = walk.findings
    top = {name: stamp for name, stamp in found.pop("", {}).items() if "/" not in name}
    topics = {path for path, files in found.items() if TOPIC_FILE in files}
    folders = [TopicFolder(path, found[path]) for path in sorted(topics)]
    findings.extend(_misnamed(top, shown))
    beside = {"", *(topic.rpartition("/")[0] for topic in topics)}
    for folder, files in found.items():
        if folder not in topics and topics.isdisjoint(_parents(folder)):
            findings.extend(_without_topic(folder, files, shown))
            if folder in walk.empty and folder.rpartition("/")[0] in beside:
                findings.append(_empty(folder, shown))
    sources = DefinitionFiles(root, shown, top, tuple(folders))
    if KB_FILE not in top and walk.has_read_root:
        advice = f"a knowledge base starts with 'fhir-kb init {root.as_posix()}'"
        findings.append(_error("KB141", f"there is no {KB_FILE} here", shown or ".", advice))
    elif not folders and walk.has_read_root:
        advice = "a topic is a folder with a topic.yaml; 'fhir-kb init' makes an example"
        findings.append(_error("KB142", "there is no topic here", shown or ".", advice))
    return sources, tuple(findings)


def _misnamed(top: dict[str, FileStamp], shown: str) -> Iterator[Diagnostic]:
    for name in top:
        path = PurePosixPath(name)
        if path.suffix not in (".yaml", ".yml") or name in _TOP_FILES:
            continue
        meant = nearest(path.with_suffix(".yaml").name, _TOP_FILES)
        advice = (
            f"did you mean '{meant}'?" if meant else f"expected one of: {', '.join(_TOP_FILES)}"
        )
        where = f"{shown}/{name}" if shown else name
        yield _warning("KB143", f"'{name}' is not read", where, advice)


def _without_topic(folder: str, files: dict[str, FileStamp], shown: str) -> Iterator[Diagnostic]:
    """What a folder that is not part of a topic should be asked about."""
    where = f"{shown}/{folder}" if shown else folder
    own = [name for name in files if "/" not in name]
    near = [name for name in own if name.endswith((".yaml", ".yml"))]
    meant = [name for name in own if _is_of_topic(name)]
    if meant:
        message = f"this folder has '{meant[0]}' but no {TOPIC_FILE}"
        advice = f"a topic needs its {TOPIC_FILE}; to remove the topic, remove the whole folder"
        yield _error("KB109", message, where, advice)
    elif near and "/" not in folder:
        message = f"this folder has {near[0]} but no {TOPIC_FILE}, so it is not read"
        yield _warning("KB143", message, where, f"name the file of a topic '{TOPIC_FILE}'")


def _is_of_topic(name: str) -> bool:
    path = PurePosixPath(name.casefold())
    if path.name in _OF_TOPICS:
        return True
    is_yaml = path.suffix in (".yaml", ".yml", ".json", "")
    return is_yaml and nearest(path.stem, (PurePosixPath(TOPIC_FILE).stem,)) is not None


def _empty(folder: str, shown: str) -> Diagnostic:
    message = f"this folder is empty: it has no {TOPIC_FILE}"
    advice = "restore its files (is it a share that is not mounted?), or remove the folder"
    return _error("KB109", message, f"{shown}/{folder}" if shown else folder, advice)


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _too_large(shown: str, size: int) -> Diagnostic:
    limit = MAX_BYTES // 1024 // 1024
    message = (
        f"the file has {size / 1024 / 1024:.1f} MB; a file of the definitions may have {limit}"
    )
    return _error("KB103", message, shown, "split it into smaller topics")


def _shown(root: Path) -> str:
    absolute = root.absolute()
    current = Path.cwd()
    path = absolute.relative_to(current) if absolute.is_relative_to(current) else root
    return "" if path == Path() else path.as_posix()


def _error(code: str, message: str, file: str, advice: str | None) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, message, Span(file), help=advice)


def _warning(code: str, message: str, file: str, advice: str) -> Diagnostic:
    return Diagnostic(code, Severity.WARNING, message, Span(file), help=advice)


def folder_stamps(folder: TopicFolder) -> list[list[str | int]]:
    """What lies in a topic's folder, by name, size and time."""
    return [[name, *stamp] for name, stamp in sorted(folder.files.items())]


def definitions_stamp(files: DefinitionFiles) -> str:
    """Everything that lies in a folder of definitions, by name, size and time."""
    topics = [(folder.path, folder_stamps(folder)) for folder in files.folders]
    return repr([files.shown_root, sorted(files.top.items()), topics])
