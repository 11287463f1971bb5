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
#: The bytes of a file; with a finding where they cannot be had.
FileContent: TypeAlias = "tuple[bytes, Diagnostic | None]"


@dataclass(frozen=True, slots=True)
class TopicFolder:
    """A topic's folder: the path of its topic.yaml's folder below the root, and its files' stamps.

    files: path below the topic's folder → (size, modification time in ns).
    """

    path: str
    files: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class DefinitionFiles:
    """Where a knowledge base lies and what it consists of; nothing is read yet.

    root: the folder of kb.yaml. shown: how paths below it begin when people see them.
    held: files that are in memory already.
    """

    root: Path
    shown: str
    top: dict[str, tuple[int, int]]
    folders: tuple[TopicFolder, ...]
    held: Mapping[str, FileContent] = field(default_factory=dict)

    def name(self, path: str) -> str:
        """How a path below the root is shown."""
        return f"{self.shown}/{path}" if self.shown else path

    def bytes_of(self, path: str) -> FileContent:
        """The bytes of a file below the root; no more than a definition may have, plus one.

        A link that leads out of the root is refused.
        """
        found = self.held.get(path)
        return self._read(path, {}) if found is None else found

    def holding(self, folder: TopicFolder) -> DefinitionFiles:
        """The same, with the files of a topic in memory, so that each is read only once."""
        folders: dict[str, str] = {}
        names = (f"{folder.path}/{name}" for name in sorted(folder.files))
        return replace(self, held={name: self._read(name, folders) for name in names})

    @property
    def hash(self) -> str:
        """A fingerprint of the files that are held in memory."""
        whole = hashlib.sha256()
        for name, (content, _) in self.held.items():
            whole.update(f"{name}\0{len(content)}\0".encode())
            whole.update(content)
        return whole.hexdigest()

    def _read(self, path: str, folders: dict[str, str]) -> FileContent:
        """A file, read. folders: the real places of folders, as far as they were looked up."""
        target = f"{self.root}{os.sep}{path}"
        try:
            if not self._is_inside(target, folders):
                message = "this leads out of the definitions"
                return b"", _error("KB140", message, self.name(path), "keep a copy inside instead")
            with open(target, "rb") as file:  # noqa: PTH123  a Path costs more than the reading
                data = file.read(MAX_BYTES + 1)
                if len(data) > MAX_BYTES:
                    size = os.fstat(file.fileno()).st_size / 1024 / 1024
                    limit = MAX_BYTES // 1024 // 1024
                    message = (
                        f"the file has {size:.1f} MB; a file of the definitions may have {limit}"
                    )
                    advice = "split it into smaller topics"
                    return b"", _error("KB103", message, self.name(path), advice)
                return data, None
        except OSError as error:
            reason = error.strerror or str(error)
            return b"", _error("KB101", f"the file cannot be read: {reason}", self.name(path), None)

    def _is_inside(self, target: str, folders: dict[str, str]) -> bool:
        folder = os.path.dirname(target)  # noqa: PTH120  strings, for the same reason
        real = folders.get(folder)
        if real is None:
            real = folders[folder] = os.path.realpath(folder) + os.sep
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
    top: dict[str, tuple[int, int]] = {}
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
    folder: str, real_root: str, seen: frozenset[str], below: str = ""
) -> Iterator[tuple[str, dict[str, tuple[int, int]]]]:
    """Each folder with its own files; a topic's folder with those below it too.

    seen: the real places of the links that lead here, so that a circle of links ends. A link to a
    folder outside of the root is passed over.
    """
    files: dict[str, tuple[int, int]] = {}
    inner: list[tuple[str, frozenset[str]]] = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith(".") or entry.name in _SKIPPED:
                continue
            if not _is_folder(entry):
                files[entry.name] = _stamp(entry)
            elif not entry.is_symlink():
                inner.append((entry.name, seen))
            else:
                real = os.path.realpath(entry.path)
                if real not in seen and real.startswith(real_root + os.sep):
                    inner.append((entry.name, seen | {real}))
    for name, followed in inner:
        path = f"{below}/{name}" if below else name
        for deeper, found in _walk(f"{folder}/{name}", real_root, followed, path):
            yield deeper, found
            if TOPIC_FILE in files and TOPIC_FILE not in found:
                prefix = deeper.removeprefix(f"{below}/") if below else deeper
                files.update({f"{prefix}/{file}": stamp for file, stamp in found.items()})
    yield below, files


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir() and os.access(entry.path, os.R_OK | os.X_OK)
    except OSError:  # links in a circle
        return False


def _stamp(entry: os.DirEntry[str]) -> tuple[int, int]:
    try:
        status = entry.stat()
    except OSError:  # a link that leads nowhere: reading it will say so
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _misnamed(top: dict[str, tuple[int, int]], shown: str) -> Iterator[Diagnostic]:
    for name in top:
        path = PurePosixPath(name)
        if path.suffix not in (".yaml", ".yml") or name in _TOP_FILES:
            continue
        meant = nearest(path.with_suffix(".yaml").name, _TOP_FILES)
        advice = f"did you mean '{meant}'?" if meant else f"known here: {', '.join(_TOP_FILES)}"
        where = f"{shown}/{name}" if shown else name
        yield _warning("KB143", f"'{name}' is not read", where, advice)


def _without_topic(
    folder: str, files: dict[str, tuple[int, int]], shown: str
) -> Iterator[Diagnostic]:
    near = [name for name in files if name.endswith((".yaml", ".yml"))]
    if near and "/" not in folder:
        where = f"{shown}/{folder}" if shown else folder
        message = f"this folder has {near[0]} but no {TOPIC_FILE}, so it is not read"
        yield _warning("KB143", message, where, f"name the file of a topic '{TOPIC_FILE}'")


def _shown(root: Path) -> str:
    absolute = root.absolute()
    here = Path.cwd()
    path = absolute.relative_to(here) if absolute.is_relative_to(here) else root
    return "" if path == Path() else path.as_posix()


def _error(code: str, message: str, file: str, advice: str | None) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, message, Span(file), help=advice)


def _warning(code: str, message: str, file: str, advice: str) -> Diagnostic:
    return Diagnostic(code, Severity.WARNING, message, Span(file), help=advice)


def stamps(folder: TopicFolder) -> list[list[str | int]]:
    """What lies in a topic's folder, by name, size and time."""
    return [[name, *stamp] for name, stamp in sorted(folder.files.items())]


def stamp(sources: DefinitionFiles) -> str:
    """Everything that lies in a folder of definitions, by name, size and time."""
    tops = sorted(sources.top.items())
    return repr([sources.shown, tops, [(one.path, stamps(one)) for one in sources.folders]])
