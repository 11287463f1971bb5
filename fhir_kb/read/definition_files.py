"""The files of a knowledge base as bytes: what belongs to it, and nothing from outside of it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final, TypeAlias

from fhir_kb.diagnostics import Diagnostic, Severity, Span, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_BYTES: Final = 4 * 1024 * 1024
KB_FILE: Final = "kb.yaml"
CONCEPTS_FILE: Final = "concepts.yaml"
TOPIC_FILE: Final = "topic.yaml"
_TOP_FILES: Final = (KB_FILE, CONCEPTS_FILE)
_SKIPPED: Final = frozenset({"node_modules", "__pycache__"})
#: Size in bytes, and modification time in ns.
FileStamp: TypeAlias = "tuple[int, int]"
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
        try:
            if not self._is_inside(target, real_folders):
                message = "this is outside the folder of the definitions"
                return b"", _error(
                    "KB140", message, self.shown_path(path), "keep a copy inside instead"
                )
            with open(target, "rb") as file:  # noqa: PTH123  a Path costs more than the reading
                data = file.read(MAX_BYTES + 1)
                if len(data) > MAX_BYTES:
                    size = os.fstat(file.fileno()).st_size / 1024 / 1024
                    limit = MAX_BYTES // 1024 // 1024
                    message = (
                        f"the file has {size:.1f} MB; a file of the definitions may have {limit}"
                    )
                    advice = "split it into smaller topics"
                    return b"", _error("KB103", message, self.shown_path(path), advice)
                return data, None
        except OSError as error:
            reason = error.strerror or str(error)
            return b"", _error(
                "KB101", f"the file cannot be read: {reason}", self.shown_path(path), None
            )

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
    """
    shown = _shown(root) if shown is None else shown
    top: dict[str, FileStamp] = {}
    folders = []
    findings: list[Diagnostic] = []
    if not root.is_dir():
        advice = f"make one with 'fhir-kb init {root.as_posix()}'"
        return DefinitionFiles(root, shown, {}, ()), (
            _error("KB141", "there is no such folder", shown or ".", advice),
        )
    for folder, files in _walk(str(root), os.path.realpath(root), frozenset()):
        if folder == "":
            top = {name: stamp for name, stamp in files.items() if "/" not in name}
            findings.extend(_misnamed(top, shown))
        elif TOPIC_FILE in files:
            folders.append(TopicFolder(folder, files))
        else:
            findings.extend(_without_topic(folder, files, shown))
    sources = DefinitionFiles(root, shown, top, tuple(sorted(folders, key=lambda f: f.path)))
    if KB_FILE not in top:
        advice = f"a knowledge base starts with 'fhir-kb init {root.as_posix()}'"
        findings.append(_error("KB141", f"there is no {KB_FILE} here", shown or ".", advice))
    elif not folders:
        advice = "a topic is a folder with a topic.yaml; 'fhir-kb init' makes an example"
        findings.append(_error("KB142", "there is no topic here", shown or ".", advice))
    return sources, tuple(findings)


def _walk(
    folder: str, real_root: str, followed: frozenset[str], below: str = ""
) -> Iterator[tuple[str, dict[str, FileStamp]]]:
    """Each folder with its own files; a topic's folder with those below it too.

    A link to a folder outside of the root is passed over.

    Args:
        folder: its path on the disk.
        real_root: the root without links.
        followed: the real paths of the links that lead to the folder, so that a circle of links
            ends.
        below: the folder's path below the root.
    """
    files: dict[str, FileStamp] = {}
    inner: list[tuple[str, frozenset[str]]] = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith(".") or entry.name in _SKIPPED:
                continue
            if not _is_folder(entry):
                files[entry.name] = _stamp(entry)
            elif not entry.is_symlink():
                inner.append((entry.name, followed))
            else:
                real = os.path.realpath(entry.path)
                if real not in followed and real.startswith(real_root + os.sep):
                    inner.append((entry.name, followed | {real}))
    for name, links in inner:
        path = f"{below}/{name}" if below else name
        for deeper, inner_files in _walk(f"{folder}/{name}", real_root, links, path):
            yield deeper, inner_files
            if TOPIC_FILE in files and TOPIC_FILE not in inner_files:
                prefix = deeper.removeprefix(f"{below}/") if below else deeper
                files.update({f"{prefix}/{file}": stamp for file, stamp in inner_files.items()})
    yield below, files


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir() and os.access(entry.path, os.R_OK | os.X_OK)
    except OSError:  # links in a circle
        return False


def _stamp(entry: os.DirEntry[str]) -> FileStamp:
    try:
        status = entry.stat()
    except OSError:  # a broken link: reading it will say so
        return 0, 0
    return status.st_size, status.st_mtime_ns


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
    near = [name for name in files if name.endswith((".yaml", ".yml"))]
    if near and "/" not in folder:
        where = f"{shown}/{folder}" if shown else folder
        message = f"this folder has {near[0]} but no {TOPIC_FILE}, so it is not read"
        yield _warning("KB143", message, where, f"name the file of a topic '{TOPIC_FILE}'")


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
